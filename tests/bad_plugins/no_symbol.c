// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
/* An identity without the entry that it promises. */
#include "kind.h"

TENON_IDENTITY(NOTHING_IDENTITY("org.example.no_symbol", "no_symbol", "1.0.0"));

extern TENON_EXPORT const tenon_descriptor not_an_entry;
const tenon_descriptor not_an_entry = NOTHING_KIND("org.example.no_symbol", "no_symbol", "1.0.0");
