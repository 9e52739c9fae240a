// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
/* tenon/draft/drafts.h - services that are not promised yet and may still change; no host answers to their ids in this
 * version. A draft keeps its id when it is promised: its header then moves to services/. */
#ifndef TENON_DRAFT_DRAFTS_H
#define TENON_DRAFT_DRAFTS_H

#include "records.h"
#include "timing.h"

#endif
