// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
/* Lists itself as another version than it is. */
#include "kind.h"

static const tenon_descriptor kind = NOTHING_KIND("org.example.wrong_identity", "wrong_identity", "1.0.1");
static const tenon_descriptor* const kinds[] = {&kind, NULL};

TENON_IDENTITY(NOTHING_IDENTITY("org.example.wrong_identity", "wrong_identity", "1.0.0"));
TENON_ENTRY(kinds);
