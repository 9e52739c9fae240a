// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What the host costs: a training with the quickstart's chain against a hand-written loop, and the bare loop's
// overhead.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>

#include "digits_run.hpp"
#include "loop_overhead.hpp"
#include "process.hpp"
#include "report.hpp"

namespace tb = tenon::benchmarks;

namespace {

constexpr std::uint64_t seed = 7;
// An epoch of 36 000 steps, some five seconds: then comes a validation, and checkpoints are written.
constexpr std::uint64_t repeat = 1600;
constexpr int rounds = 5;

void measure_training(tb::Report& report) {
  const tb::DigitsRun digits("loop", {{"max_epochs", 1}, {"seed", seed}, {"threads", 1}},
                             {{"hidden", 64}, {"lr", 0.003}, {"batch_size", 64}, {"repeat", repeat}},
                             {{"library", TENON_BINARY_DIR "/benchmarks/raw_loop.so"},
                              {"csv", TENON_BINARY_DIR "/tasks/digits.csv"},
                              {"seed", seed},
                              {"repeat", repeat}});
  std::vector<double> raw_rates, rates, ratios, epoch_ends;
  for (int round = 0; round < rounds; ++round) {
    const tb::DigitsRun::Times times = digits.run();
    raw_rates.push_back(static_cast<double>(times.raw_steps) / times.raw_seconds);
    rates.push_back(static_cast<double>(times.steps) / times.seconds);
    ratios.push_back(rates.back() / raw_rates.back());
    epoch_ends.push_back(times.epoch_end_seconds);
  }
  report.add("raw_steps_per_s", tb::median(raw_rates), "the hand-written loop, raw_loop.cpp");
  report.add("tenon_steps_per_s", tb::median(rates), "tenon train, its validation and checkpoints counted");
  report.add("ratio", tb::median(ratios), "median over the rounds; at least 0.95, goal 0.98");
  report.add("epoch_end_ms", 1000 * tb::median(epoch_ends),
             "of that, the validation and the checkpoints of the one epoch");
}

/// The best of some runs: the overhead itself, without what else the machine did.
double overhead_us(int callbacks, std::uint64_t steps) {
  double best = tb::run_loop(steps, callbacks).seconds;
  for (int round = 0; round < 8; ++round) best = std::min(best, tb::run_loop(steps, callbacks).seconds);
  return 1e6 * best / static_cast<double>(steps);
}

void measure_overhead(tb::Report& report) {
  constexpr std::uint64_t steps = 200'000;
  report.add("overhead_us_none", overhead_us(0, steps), "a step of the loop on an engine that does nothing; goal 0.5");
  report.add("overhead_us_five", overhead_us(5, steps),
             "with five callbacks that listen to each hook of a step; goal 1");
  // What a run allocates once cancels out.
  const std::uint64_t once = tb::run_loop(steps, 5).allocations;
  const std::uint64_t twice = tb::run_loop(2 * steps, 5).allocations;
  report.add("allocations_per_step", static_cast<double>(twice - once) / static_cast<double>(steps), "goal 0");
}

int measure(bool as_json) {
  tb::Report report;
  measure_training(report);
  measure_overhead(report);
  report.print(as_json);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return measure(count > 1 && std::strcmp(arguments[1], "--json") == 0);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_loop: %s\n", error.what());
    return 1;
  }
}
