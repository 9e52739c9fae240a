// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop_overhead.hpp"

#include <tenon/plugin.h>

#include <filesystem>
#include <stdexcept>

#include "loop/fit.hpp"
#include "process.hpp"
#include "test_engine.hpp"

namespace tenon::benchmarks {
namespace {

std::uint64_t calls;

template <class Args>
tenon_status TENON_CALL listen(tenon_callback*, const Args*, tenon_error*) {
  ++calls;
  return TENON_OK;
}

tenon_status TENON_CALL create(const tenon_host*, tenon_callback** out, tenon_error*) {
  *out = nullptr;
  return TENON_OK;
}

void TENON_CALL destroy(tenon_callback*) {}

/// Listens to each hook of a step and to what is logged.
const tenon_hooks hooks = [] {
  tenon_hooks h{};
  h.struct_size = sizeof h;
  h.on_train_batch_start = &listen<tenon_batch_args>;
  h.on_before_backward = &listen<tenon_step_args>;
  h.on_after_backward = &listen<tenon_step_args>;
  h.on_before_optimizer_step = &listen<tenon_step_args>;
  h.on_optimizer_step = &listen<tenon_step_args>;
  h.on_before_zero_grad = &listen<tenon_step_args>;
  h.on_train_batch_end = &listen<tenon_batch_args>;
  h.on_metrics = &listen<tenon_metrics_args>;
  return h;
}();

const tenon_descriptor descriptor = [] {
  tenon_descriptor d{};
  d.struct_size = sizeof d;
  d.id = "org.tenon.benchmarks.listener";
  d.name = "listener";
  d.version = "1.0.0";
  d.description = "Listens to each hook of a step";
  d.license = "Apache-2.0";
  d.options_schema = "{\"type\":\"object\"}";
  d.hooks = &hooks;
  d.create = &create;
  d.destroy = &destroy;
  return d;
}();

}  // namespace

LoopRun run_loop(std::uint64_t steps, int callbacks, int metrics) {
  tests::TestEngine engine(steps);
  std::vector<std::string> names{"train_loss"};
  while (static_cast<int>(names.size()) < metrics) names.push_back("metric_" + std::to_string(names.size()));
  engine.on_training_step = [&](loop::MetricSink& sink) {
    for (const std::string& name : names) sink.log(name, 0.5, {});
  };
  loop::RunFacts facts;
  facts.run_id = "benchmark";
  facts.run_folder = std::filesystem::path(TENON_BINARY_DIR) / "benchmarks";
  facts.task_name = "test";
  facts.manifest_json = "{}";
  facts.options.max_epochs = 1;
  loop::Fit fit(engine, facts, facts.run_folder);
  for (int i = 0; i < callbacks; ++i)
    fit.chain().add({"listener", "listener" + std::to_string(i), {}, {}, "benchmark"}, descriptor, {});

  calls = 0;
  LoopRun run;
  const std::uint64_t allocated = allocations();
  const double start = seconds();
  const loop::FitResult result = fit.run();
  run.seconds = seconds() - start;
  run.allocations = allocations() - allocated;
  if (result.exit != ExitCode::ok || result.steps != steps || calls < 7 * steps * static_cast<std::uint64_t>(callbacks))
    throw std::runtime_error("the benchmark's loop did not run as meant: " + result.detail);
  return run;
}

}  // namespace tenon::benchmarks
