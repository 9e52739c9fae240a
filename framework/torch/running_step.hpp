// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_RUNNING_STEP_HPP
#define TENON_TORCH_RUNNING_STEP_HPP

#include <tenon/task.hpp>

#include "loop/engine.hpp"
#include "torch/uncounted_steps.hpp"

namespace tenon::torch_engine {

class Optimizers;

/// What a task reaches through its protected functions while one of its steps runs.
struct RunningStep {
  loop::MetricSink* metrics = nullptr;  ///< NULL: what is logged is dropped
  loop::StepListener* listener = nullptr;
  Optimizers* optimizers = nullptr;  ///< of a training step under manual optimization, else NULL
  UncountedSteps* uncounted = nullptr;
};

}  // namespace tenon::torch_engine

namespace tenon {

/// Opens a task's protected functions for as long as it lives.
class TaskStep {
 public:
  TaskStep(Task& task, torch_engine::RunningStep& step) noexcept : task_(task) { task_.step_ = &step; }
  TaskStep(const TaskStep&) = delete;
  TaskStep& operator=(const TaskStep&) = delete;
  ~TaskStep() { task_.step_ = nullptr; }

 private:
  Task& task_;
};

}  // namespace tenon

#endif
