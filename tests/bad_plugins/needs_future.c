// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
/* Cannot live without a service that no host has. */
#include "kind.h"

static const char* const services[] = {"tenon.board/1", "tenon.clairvoyance/1", NULL};
static const tenon_descriptor kind = {.struct_size = sizeof(tenon_descriptor),
                                      .id = "org.example.needs_future",
                                      .name = "needs_future",
                                      .version = "1.0.0",
                                      .description = "Does nothing",
                                      .license = "Apache-2.0",
                                      .options_schema = NOTHING_SCHEMA,
                                      .needs = services,
                                      .hooks = &nothing_hooks,
                                      .create = nothing_create,
                                      .destroy = nothing_destroy};
static const tenon_descriptor* const kinds[] = {&kind, NULL};

TENON_IDENTITY(NOTHING_IDENTITY("org.example.needs_future", "needs_future", "1.0.0"));
TENON_ENTRY(kinds);
