// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
/* my_callback - a whole plugin in C11: asks the run to stop when a metric has reached a target. Rename it and make it
 * yours. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tenon/plugin.h>
#include <tenon/services.h>

#define ID "org.example.my_callback" /* unique in the world; never changes */
#define NAME "my_callback"           /* what a manifest calls it */
#define VERSION "0.1.0"
#define DESCRIPTION "Stops when a metric reaches a target"
#define LICENSE "Apache-2.0"
#define SCHEMA                                                                                                         \
  "{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"monitor\",\"target\"],\"properties\":{"         \
  "\"monitor\":{\"type\":\"string\",\"description\":\"Name of the metric\"},"                                          \
  "\"mode\":{\"enum\":[\"min\",\"max\",\"auto\"],\"default\":\"auto\",\"description\":\"Which direction is better\"}," \
  "\"target\":{\"type\":\"number\",\"description\":\"The run stops when the metric is this good\"}}}"

struct tenon_callback {
  const tenon_host* host;
  const tenon_options* options;
  const tenon_metrics* metrics;
  const tenon_run* run;
  tenon_metric_info monitor;
  double target;
  double best; /* NaN before the first value */
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

/* A failure of the host is passed on as it is: its text is in *error already. */
#define TRY(call)                            \
  do {                                       \
    const tenon_status status_ = (call);     \
    if (status_ != TENON_OK) return status_; \
  } while (0)

static int better(const tenon_callback* self, double a, double b) {
  if (isnan(a) || isnan(b)) return !isnan(a);
  return self->monitor.goal == TENON_GOAL_MAXIMIZE ? a > b : a < b;
}

/* Hooks: <tenon/hooks.h> lists them all. What stands in the table below is called, the rest costs nothing. */
static tenon_status TENON_CALL on_metrics(tenon_callback* self, const tenon_metrics_args* args, tenon_error* error) {
  for (uint64_t i = 0; i < args->metric_count; ++i) {
    const tenon_logged_metric* logged = TENON_AT(tenon_logged_metric, args->metrics, args->metric_stride, i);
    if (logged->metric != self->monitor.metric) continue;
    if (better(self, logged->value, self->best)) self->best = logged->value;
    if (isnan(self->best) || better(self, self->target, self->best) || self->stop) continue;
    char reason[128];
    snprintf(reason, sizeof reason, "%.*s %g has reached the target", (int)self->monitor.name.size,
             self->monitor.name.data, self->best);
    TRY(self->run->request_stop(self->host, text(reason), &self->stop, error));
  }
  return TENON_OK;
}

/* The end of the request: done at the next commit point that min_epochs and min_steps allow, or denied. */
static tenon_status TENON_CALL on_ticket(tenon_callback* self, const tenon_ticket_args* args, tenon_error* error) {
  (void)error;
  if (args->ticket != self->stop || args->outcome == TENON_TICKET_DONE) return TENON_OK;
  self->host->log(self->host, TENON_LOG_WARN, text(""), 0, text("the stop was not made"));
  self->stop = 0; /* asked for again when the metric is next logged */
  return TENON_OK;
}

/* Kept in every checkpoint, so that a resumed run decides as if it had never been interrupted. */
struct state {
  double best;
  tenon_ticket stop;
};

static tenon_status TENON_CALL save(tenon_callback* self, const tenon_writer* to, tenon_error* error) {
  const struct state state = {self->best, self->stop};
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
  self->best = state.best;
  self->stop = state.stop;
  return TENON_OK;
}

static tenon_status start(tenon_callback* self, tenon_error* error) {
  tenon_text monitor, mode;
  TRY(self->options->text(self->host, NULL, text("/monitor"), &monitor, error));
  TRY(self->options->text(self->host, NULL, text("/mode"), &mode, error));
  TRY(self->options->number(self->host, NULL, text("/target"), &self->target, error));
  self->monitor.struct_size = sizeof self->monitor;
  return self->metrics->monitor(self->host, monitor, mode, &self->monitor, error);
}

/* The options have passed the schema. A failure here refuses the run with its text. */
static tenon_status TENON_CALL create(const tenon_host* host, tenon_callback** out, tenon_error* error) {
  tenon_callback* self = calloc(1, sizeof *self);
  if (!self) return fail(error, TENON_E_OUT_OF_MEMORY, "out of memory");
  self->host = host;
  self->options = host->service(host, TENON_SERVICE_OPTIONS); /* never NULL: `needs` says so */
  self->metrics = host->service(host, TENON_SERVICE_METRICS);
  self->run = host->service(host, TENON_SERVICE_RUN);
  self->best = NAN;
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
    .on_metrics = on_metrics,
    .on_ticket = on_ticket,
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
