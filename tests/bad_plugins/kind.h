// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
/* A callback that does nothing, for plugins that are wrong in another way. */
#ifndef TENON_TESTS_BAD_PLUGINS_KIND_H
#define TENON_TESTS_BAD_PLUGINS_KIND_H

#include <tenon/plugin.h>

#define NOTHING_SCHEMA "{\"type\":\"object\",\"properties\":{}}"

__attribute__((unused)) static tenon_status nothing_create(const tenon_host* host, tenon_callback** out,
                                                           tenon_error* error) {
  (void)host, (void)error;
  *out = NULL;
  return TENON_OK;
}
static void nothing_destroy(tenon_callback* callback) { (void)callback; }
static const tenon_hooks nothing_hooks = {.struct_size = sizeof(tenon_hooks)};

#define NOTHING_KIND(kind_id, kind_name, kind_version)                                                                 \
  {                                                                                                                    \
    .struct_size = sizeof(tenon_descriptor), .id = kind_id, .name = kind_name, .version = kind_version,                \
    .description = "Does nothing", .license = "Apache-2.0", .options_schema = NOTHING_SCHEMA, .hooks = &nothing_hooks, \
    .create = nothing_create, .destroy = nothing_destroy                                                               \
  }
#define NOTHING_IDENTITY(id, name, version) \
  TENON_IDENTITY_JSON(id, name, version, "Does nothing", "Apache-2.0", NOTHING_SCHEMA)

#endif
