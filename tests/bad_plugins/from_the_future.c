// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
/* Built with a later ABI whose tables are longer, but content with 1.0: must load and work on this host. */
#include <tenon/services/board.h>

#include "kind.h"

static const tenon_host* given;

static tenon_status count_batch(tenon_callback* callback, const tenon_batch_args* args, tenon_error* error) {
  const tenon_board* board = (const tenon_board*)given->service(given, TENON_SERVICE_BOARD);
  const tenon_text topic = {"batches", 7}, json = {"1", 1};
  (void)callback, (void)args;
  return board->publish(given, topic, json, error);
}
static tenon_status never(tenon_callback* callback, const void* args, tenon_error* error) {
  (void)callback, (void)args, (void)error;
  return TENON_E_FAILED;
}
static tenon_status create(const tenon_host* host, tenon_callback** out, tenon_error* error) {
  (void)error;
  given = host;
  *out = NULL;
  return TENON_OK;
}

static const struct {
  tenon_hooks known;
  tenon_status (*on_tomorrow)(tenon_callback*, const void*, tenon_error*);
} hooks = {{.struct_size = sizeof hooks, .on_train_batch_end = count_batch}, never};

static const struct {
  tenon_descriptor known;
  const char* homepage;
} kind = {{.struct_size = sizeof kind,
           .id = "org.example.from_the_future",
           .name = "from_the_future",
           .version = "9.0.0",
           .description = "Does nothing",
           .license = "Apache-2.0",
           .options_schema = NOTHING_SCHEMA,
           .hooks = &hooks.known,
           .create = create,
           .destroy = nothing_destroy},
          "https://example.org"};
static const tenon_descriptor* const kinds[] = {&kind.known, NULL};

TENON_IDENTITY(NOTHING_IDENTITY("org.example.from_the_future", "from_the_future", "9.0.0"));

extern TENON_EXPORT const tenon_entry tenon_entry_v1;
const tenon_entry tenon_entry_v1 = {
    sizeof(tenon_entry), TENON_ENTRY_MAGIC, TENON_ABI_MAKE(1, 900), TENON_ABI_MAKE(1, 0), "", kinds};
