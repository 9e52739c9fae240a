// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What training through Tenon costs beside loops written by hand, for several models and ways to train, and how the
// loop's own cost grows.
#include <boost/json/parse.hpp>
#include <cstdio>
#include <cstring>
#include <exception>

#include "loop_overhead.hpp"
#include "process.hpp"
#include "report.hpp"
#include "trainer_turns.hpp"

namespace tb = tenon::benchmarks;

namespace {

void measure_ratios(tb::Report& report) {
  const std::vector<tb::TrainedModel> models = tb::trained_models(TENON_BINARY_DIR "/tasks/digits.csv");
  for (const tb::TrainedModel& model : models) {
    const std::uint64_t steps = model.name == "mlp" ? 400 : 40;
    const tb::Turns turns = tb::take_turns(model, {}, steps, 25);
    const std::string suffix = model.name == "mlp" ? "" : "_" + model.name;
    report.add("ratio" + suffix, turns.ratio, "of a hand-written loop's steps per second; at least 0.95, goal 0.98");
    report.add("tenon_steps_per_s" + suffix, turns.tenon_steps_per_s, model.name);
  }
  const tb::TrainedModel& mlp = models.front();
  tenon::TrainerOptions options;
  options.accumulate_grad_batches = 4;
  report.add("ratio_accumulation", tb::take_turns(mlp, options, 100, 25).ratio, "mlp, four batches for a step");
  options = {};
  options.gradient_clip_val = 0.5;
  report.add("ratio_clipping", tb::take_turns(mlp, options, 400, 25).ratio, "mlp, gradients clipped by norm");
  options = {};
  options.precision = tenon::Precision::bf16_mixed;
  report.add("ratio_bf16", tb::take_turns(mlp, options, 200, 25).ratio, "mlp, autocast to bfloat16");
  report.add("us_per_validation_batch", tb::us_per_validation_batch(mlp), "mlp, beyond a hand-written loop's");
}

void measure_prefetching(tb::Report& report) {
  const boost::json::value measured =
      boost::json::parse(tb::run_quietly({TENON_BINARY_DIR "/benchmarks/prefetch_share", "0.8", "1", "compute"}));
  report.add("prefetch_hidden_share", measured.at("prefetch_hidden_share").to_number<double>(),
             "of a loader's time that a worker hides; at least 0.9, goal 0.94");
}

void measure_growth(tb::Report& report) {
  constexpr std::uint64_t steps = 20'000;
  for (const int metrics : {10, 100, 1000})
    report.add("us_per_step_" + std::to_string(metrics) + "_metrics",
               1e6 * tb::run_loop(steps / static_cast<std::uint64_t>(metrics) * 10, 0, metrics).seconds /
                   static_cast<double>(steps / static_cast<std::uint64_t>(metrics) * 10),
               "the loop's own step with so many metrics logged in it");
  for (const int callbacks : {1, 10, 100})
    report.add("us_per_step_" + std::to_string(callbacks) + "_callbacks",
               1e6 * tb::run_loop(steps, callbacks).seconds / static_cast<double>(steps),
               "the loop's own step with so many callbacks that listen to all of it");
}

int measure(bool as_json) {
  tb::Report report;
  measure_ratios(report);
  measure_prefetching(report);
  measure_growth(report);
  report.print(as_json);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return measure(count > 1 && std::strcmp(arguments[1], "--json") == 0);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_trainer: %s\n", error.what());
    return 1;
  }
}
