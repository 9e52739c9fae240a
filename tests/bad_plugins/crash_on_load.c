// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
/* Dies before anything of it is called. */
#include <signal.h>

#include "kind.h"

__attribute__((constructor)) static void start(void) { raise(SIGSEGV); }

static const tenon_descriptor kind = NOTHING_KIND("org.example.crash_on_load", "crash_on_load", "1.0.0");
static const tenon_descriptor* const kinds[] = {&kind, NULL};

TENON_IDENTITY(NOTHING_IDENTITY("org.example.crash_on_load", "crash_on_load", "1.0.0"));
TENON_ENTRY(kinds);
