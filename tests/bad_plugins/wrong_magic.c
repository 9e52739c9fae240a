// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
/* An entry that is not one. */
#include "kind.h"

static const tenon_descriptor kind = NOTHING_KIND("org.example.wrong_magic", "wrong_magic", "1.0.0");
static const tenon_descriptor* const kinds[] = {&kind, NULL};

TENON_IDENTITY(NOTHING_IDENTITY("org.example.wrong_magic", "wrong_magic", "1.0.0"));
extern TENON_EXPORT const tenon_entry tenon_entry_v1;
const tenon_entry tenon_entry_v1 = {sizeof(tenon_entry), 0x12345678u, TENON_ABI_VERSION, TENON_ABI_REQUIRED, "", kinds};
