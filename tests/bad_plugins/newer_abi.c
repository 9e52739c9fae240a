// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
/* Asks for an ABI that no host has yet; its code must not even be started. */
#define TENON_ABI_REQUIRED_MINOR 900
#include <signal.h>

#include "kind.h"

__attribute__((constructor)) static void start(void) { raise(SIGSEGV); }

static const tenon_descriptor kind = NOTHING_KIND("org.example.newer_abi", "newer_abi", "2.0.0");
static const tenon_descriptor* const kinds[] = {&kind, NULL};

TENON_IDENTITY(NOTHING_IDENTITY("org.example.newer_abi", "newer_abi", "2.0.0"));
TENON_ENTRY(kinds);
