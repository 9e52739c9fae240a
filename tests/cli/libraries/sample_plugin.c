// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
/* A plugin with options of every sort, whose code must not run. */
#include <stdlib.h>
#include <tenon/plugin.h>

#define SCHEMA                                                                                            \
  "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"                                  \
  "\"monitor\":{\"type\":[\"string\",\"null\"],\"default\":null,\"description\":\"Name of the metric\"}," \
  "\"mode\":{\"enum\":[\"min\",\"max\"],\"description\":\"Which direction is better\"},"                  \
  "\"top\":{\"type\":\"integer\",\"minimum\":-1,\"default\":1,\"description\":\"How many to keep\"},"     \
  "\"share\":{\"type\":\"number\",\"default\":0.5,\"description\":\"A share\"},"                          \
  "\"file\":{\"type\":\"object\",\"default\":{},\"description\":\"Where to write\",\"properties\":{"      \
  "\"name\":{\"type\":\"string\",\"default\":\"log\",\"description\":\"Without its extension\"}}}}}"

__attribute__((constructor)) static void must_not_run(void) { abort(); }

static tenon_status TENON_CALL create(const tenon_host* host, tenon_callback** out, tenon_error* error) {
  (void)host, (void)out, (void)error;
  return TENON_E_FAILED;
}
static void TENON_CALL destroy(tenon_callback* callback) { (void)callback; }

static const tenon_hooks hooks = {.struct_size = sizeof(tenon_hooks)};
static const tenon_descriptor sample = {.struct_size = sizeof(tenon_descriptor),
                                        .id = "org.tenon.test.sample",
                                        .name = "sample",
                                        .version = "1.2.3",
                                        .description = "Shows options of every sort",
                                        .license = "Apache-2.0",
                                        .options_schema = SCHEMA,
                                        .hooks = &hooks,
                                        .create = create,
                                        .destroy = destroy};
static const tenon_descriptor* const kinds[] = {&sample, NULL};

TENON_IDENTITY(TENON_IDENTITY_JSON("org.tenon.test.sample", "sample", "1.2.3", "Shows options of every sort",
                                   "Apache-2.0", SCHEMA));
TENON_ENTRY(kinds);
