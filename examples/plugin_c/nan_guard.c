// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
/* nan_guard - asks the run to stop when a metric is no longer a finite number, and denies checkpoints meanwhile: one
 * that holds NaN is worth nothing and would push a good one out. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/plugin.h>
#include <tenon/services.h>

#define ID "org.example.nan_guard"
#define NAME "nan_guard"
#define VERSION "1.0.0"
#define DESCRIPTION "Stops when a metric is NaN or infinite"
#define LICENSE "Apache-2.0"
#define SCHEMA                                                                                            \
  "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"                                  \
  "\"metric\":{\"type\":\"string\",\"default\":\"train_loss\",\"description\":\"Name of the metric\"},"   \
  "\"patience\":{\"type\":\"integer\",\"minimum\":1,\"default\":1,\"description\":\"Batches in a row\"}," \
  "\"deny_checkpoints\":{\"type\":\"boolean\",\"default\":true,\"description\":\"While it is not finite\"}}}"

struct tenon_callback {
  const tenon_host* host;
  const tenon_options* options;
  const tenon_metrics* metrics;
  const tenon_run* run;
  tenon_text name; /* of the metric; the options live until destroy() */
  tenon_metric metric;
  int32_t deny;
  uint64_t patience;
  uint64_t bad; /* batches in a row */
  tenon_ticket stop;
};

static tenon_text text(const char* s) { return (tenon_text){s, strlen(s)}; }

static tenon_status fail(tenon_error* error, tenon_status code, const char* what) {
  if (TENON_HAS(tenon_error, error, text)) {
    error->code = code;
    error->text_size = (uint64_t)snprintf(error->text, sizeof error->text, "%s", what);
  }
  return code;
}

#define TRY(call)                            \
  do {                                       \
    const tenon_status status_ = (call);     \
    if (status_ != TENON_OK) return status_; \
  } while (0)

static tenon_status recovered(tenon_callback* self, tenon_error* error) {
  self->bad = 0;
  if (!self->stop) return TENON_OK;
  const tenon_status status = self->run->withdraw(self->host, self->stop, text("the metric is finite again"), error);
  return status == TENON_E_NOT_FOUND ? TENON_OK : status; /* it has ended already; on_ticket says how */
}

static tenon_status TENON_CALL on_train_batch_end(tenon_callback* self, const tenon_batch_args* args,
                                                  tenon_error* error) {
  tenon_metric_value now;
  TRY(self->metrics->read(self->host, &self->metric, 1, &now, sizeof now, error));
  if (!(now.flags & TENON_VALUE_FRESH)) return TENON_OK;
  if (isfinite(now.value)) return recovered(self, error);
  if (++self->bad < self->patience || self->stop) return TENON_OK;

  char reason[256];
  snprintf(reason, sizeof reason, "%.*s is %s since %llu batches, at epoch %llu, batch %llu", (int)self->name.size,
           self->name.data, isnan(now.value) ? "NaN" : "infinite", (unsigned long long)self->bad,
           (unsigned long long)args->progress->epoch, (unsigned long long)args->progress->batch);
  return self->run->request_stop(self->host, text(reason), &self->stop, error);
}

static tenon_status TENON_CALL on_ticket(tenon_callback* self, const tenon_ticket_args* args, tenon_error* error) {
  (void)error;
  if (args->ticket == self->stop && args->outcome != TENON_TICKET_DONE) self->stop = 0;
  return TENON_OK;
}

static tenon_status TENON_CALL decide_checkpoint(tenon_callback* self, const tenon_request_args* args,
                                                 tenon_error* error) {
  (void)args;
  if (!self->deny || self->bad == 0) return TENON_OK;
  char reason[128];
  snprintf(reason, sizeof reason, "%.*s is not finite", (int)self->name.size, self->name.data);
  return fail(error, TENON_DENY, reason);
}

struct state {
  uint64_t bad;
  tenon_ticket stop;
};

static tenon_status TENON_CALL save(tenon_callback* self, const tenon_writer* to, tenon_error* error) {
  const struct state state = {self->bad, self->stop};
  return to->write(to, &state, sizeof state, error);
}

static tenon_status TENON_CALL load(tenon_callback* self, uint32_t version, const tenon_reader* from,
                                    tenon_error* error) {
  struct state state;
  if (version != 1) return fail(error, TENON_E_STATE_VERSION, "only state of version 1 can be read");
  for (uint64_t done = 0, got; done < sizeof state; done += got) {
    TRY(from->read(from, (char*)&state + done, sizeof state - done, &got, error));
    if (got == 0) return fail(error, TENON_E_INVALID_ARGUMENT, "saved state is too short");
  }
  self->bad = state.bad;
  self->stop = state.stop;
  return TENON_OK;
}

static tenon_status start(tenon_callback* self, tenon_error* error) {
  int64_t patience;
  TRY(self->options->text(self->host, NULL, text("/metric"), &self->name, error));
  TRY(self->options->integer(self->host, NULL, text("/patience"), &patience, error));
  TRY(self->options->boolean(self->host, NULL, text("/deny_checkpoints"), &self->deny, error));
  self->patience = (uint64_t)patience;
  return self->metrics->find(self->host, self->name, &self->metric, error);
}

static tenon_status TENON_CALL create(const tenon_host* host, tenon_callback** out, tenon_error* error) {
  tenon_callback* self = calloc(1, sizeof *self);
  if (!self) return fail(error, TENON_E_OUT_OF_MEMORY, "out of memory");
  self->host = host;
  self->options = host->service(host, TENON_SERVICE_OPTIONS);
  self->metrics = host->service(host, TENON_SERVICE_METRICS);
  self->run = host->service(host, TENON_SERVICE_RUN);
  const tenon_status status = start(self, error);
  if (status == TENON_OK)
    *out = self;
  else
    free(self);
  return status;
}

static void TENON_CALL destroy(tenon_callback* self) { free(self); }

static const char* const needs[] = {TENON_SERVICE_OPTIONS, TENON_SERVICE_METRICS, TENON_SERVICE_RUN, NULL};

static const tenon_hooks hooks = {
    .struct_size = sizeof hooks,
    .on_train_batch_end = on_train_batch_end,
    .on_ticket = on_ticket,
    .decide_checkpoint = decide_checkpoint,
};

static const tenon_descriptor descriptor = {
    .struct_size = sizeof descriptor,
    .state_version = 1,
    .ranks = TENON_RANKS_ZERO,
    .id = ID,
    .name = NAME,
    .version = VERSION,
    .description = DESCRIPTION,
    .license = LICENSE,
    .options_schema = SCHEMA,
    .needs = needs,
    .hooks = &hooks,
    .create = create,
    .destroy = destroy,
    .save = save,
    .load = load,
};

static const tenon_descriptor* const descriptors[] = {&descriptor, NULL};
TENON_IDENTITY(TENON_IDENTITY_JSON(ID, NAME, VERSION, DESCRIPTION, LICENSE, SCHEMA));
TENON_ENTRY(descriptors);
