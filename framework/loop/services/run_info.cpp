// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/abi.hpp"
#include "loop/services/services.hpp"

namespace tenon::loop {

namespace {

using chain::guard;
using chain::to_text;

std::uint64_t validation_batches(const EngineFacts& facts, const TrainerOptions& options) {
  std::uint64_t sum = 0;
  for (const std::uint64_t batches : facts.validation_batches) {
    const std::uint64_t n = limited(batches, options.limit_val_batches);
    if (n == TENON_UNKNOWN) return TENON_UNKNOWN;
    sum += n;
  }
  return sum;
}

tenon_status TENON_CALL facts(const tenon_host* host, tenon_run_facts* out, tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    const RunFacts& run = *c.services.facts;
    const EngineFacts& engine = c.services.engine->facts();
    tenon_run_facts f{};
    f.struct_size = sizeof f;
    f.flags = (has_validation(engine, run.options) ? TENON_RUN_HAS_VALIDATION : 0u) |
              (run.is_replay ? TENON_RUN_IS_REPLAY : 0u) | (run.on_terminal ? TENON_RUN_ON_TERMINAL : 0u) |
              (run.stdout_taken ? TENON_RUN_STDOUT_TAKEN : 0u);
    f.run_id = to_text(run.run_id);
    f.manifest_json = to_text(run.manifest_json);
    f.hparams_json = to_text(run.hparams_json);
    f.task_name = to_text(run.task_name);
    f.seed = run.options.seed;
    const bool known = c.services.fit_started;
    f.train_batches = known ? limited(engine.train_batches, run.options.limit_train_batches) : TENON_UNKNOWN;
    f.validation_batches = known ? validation_batches(engine, run.options) : TENON_UNKNOWN;
    f.min_epochs = run.options.min_epochs;
    f.max_epochs = run.options.max_epochs;
    f.min_steps = run.options.min_steps;
    f.max_steps = run.options.max_steps;
    f.started_unix_ns = run.started_unix_ns;
    f.attempt = static_cast<std::uint32_t>(run.attempt);
    f.world = 1;
    f.log_every_n_steps = static_cast<std::uint32_t>(run.options.log_every_n_steps);
    chain::fill_sized(out, f);
  });
}

double TENON_CALL seconds(const tenon_host* host) {
  try {
    return on_any_thread(host).services.clock->seconds();
  } catch (...) {
    return 0.0;
  }
}

}  // namespace

const tenon_run_info run_info_service{sizeof(tenon_run_info), 0, &facts, &seconds};

}  // namespace tenon::loop
