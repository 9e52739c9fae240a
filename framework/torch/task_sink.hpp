// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_TASK_SINK_HPP
#define TENON_TORCH_TASK_SINK_HPP

#include <tenon/task.hpp>

#include "loop/engine.hpp"

namespace tenon {

/// Lets what a task logs through while one of its steps runs.
class TaskSink {
 public:
  TaskSink(Task& task, loop::MetricSink* sink) noexcept : task_(task) { task_.sink_ = sink; }
  TaskSink(const TaskSink&) = delete;
  TaskSink& operator=(const TaskSink&) = delete;
  ~TaskSink() { task_.sink_ = nullptr; }

 private:
  Task& task_;
};

}  // namespace tenon

#endif
