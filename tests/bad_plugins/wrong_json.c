// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
/* An identity whose text was not escaped. */
#include "kind.h"

static const tenon_descriptor kind = NOTHING_KIND("org.example.wrong_json", "wrong_json", "1.0.0");
static const tenon_descriptor* const kinds[] = {&kind, NULL};

TENON_IDENTITY(TENON_IDENTITY_JSON("org.example.wrong_json", "wrong_json", "1.0.0", "says \"hello\"", "Apache-2.0",
                                   NOTHING_SCHEMA));
TENON_ENTRY(kinds);
