// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TESTS_LOOP_LIGHTNING_RUN_HPP
#define TENON_TESTS_LOOP_LIGHTNING_RUN_HPP

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "lightning_recording.hpp"
#include "loop_fixture.hpp"

namespace tenon::tests {

/// Our loop under a case's options, data and script, on the engine that counts. It logs what the recorded module
/// logged.
class LightningRun {
 public:
  explicit LightningRun(const LightningCase& which);

  /// Throws Failure where the manifest refuses the options.
  void run();

  /// Of a schedule, where one is tested: the loop says when it may step, batches are trained with its rate.
  std::function<void(loop::ScheduleMoment, const loop::MetricReader&)> step_schedule;
  std::function<double()> learning_rate;

  loop::FitResult result;
  std::vector<std::string> events;
  std::uint64_t training_steps = 0, evaluation_steps = 0, sanity_batches = 0, zero_grads = 0;
  std::vector<double> rates;                                 ///< of each batch
  std::map<std::string, std::vector<std::uint64_t>> logged;  ///< metric -> the steps at which a logger gets it
  const TestEngine& engine() const { return engine_; }

 private:
  void fail_if_scripted(std::string_view name, std::uint64_t epoch, std::uint64_t batch) const;
  void training_step(loop::MetricSink& sink);
  void step_by_hand();
  void evaluation_step(loop::MetricSink& sink);
  std::uint64_t counted(const tenon_progress& progress) const;
  void note_logged(const tenon_metrics_args& args);
  void note(Probe& probe, std::uint32_t hook, const void* args);

  const LightningCase& which_;
  TestEngine engine_;
  LoopFixture run_;
  bool in_sanity_ = false;
};

}  // namespace tenon::tests

#endif
