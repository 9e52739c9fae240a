// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
/* One library, two kinds of callback; the first takes a name that another test plugin has too. */
#include "kind.h"

static const tenon_descriptor first = NOTHING_KIND("org.example.other_misbehaving", "misbehaving", "3.0.0");
static const tenon_descriptor second = NOTHING_KIND("org.example.second", "second", "3.0.0");
static const tenon_descriptor* const kinds[] = {&first, &second, NULL};

TENON_IDENTITY(NOTHING_IDENTITY("org.example.other_misbehaving", "misbehaving",
                                "3.0.0") "," NOTHING_IDENTITY("org.example.second", "second", "3.0.0"));
TENON_ENTRY(kinds);
