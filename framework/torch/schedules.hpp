// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_SCHEDULES_HPP
#define TENON_TORCH_SCHEDULES_HPP

#include <boost/json/array.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <tenon/scheduler.hpp>
#include <vector>

#include "loop/engine.hpp"
#include "torch/optimizers.hpp"

namespace tenon::torch_engine {

class Restoration;

/// The schedules of the task's optimizers, stepped when they are due.
class Schedules {
 public:
  /// Attaches each, which sets the first learning rates. Throws std::invalid_argument, naming the optimizer, for one
  /// that does not fit it. `optimizers` must outlive this.
  explicit Schedules(Optimizers& optimizers);

  /// Throws std::runtime_error for a monitored metric that nobody logs, where the schedule is strict.
  void step(loop::ScheduleMoment moment, const loop::MetricReader& metrics);

  /// Of an optimizer, "" where it has none: "CosineAnnealingLR". A constant.
  const char* name(std::uint32_t optimizer) const;

  /// [{"optimizer","interval","frequency","monitor","count","goal_known","state"}]; `count` is how often its moment has
  /// come.
  /// "begun_with", left out where it is the same, is the state that the run was begun with.
  boost::json::array describe() const;

  /// Compares with what describe() gave, and gathers what is to be changed. Learning rates belong to the optimizers.
  void restore(const boost::json::array& described, Restoration& restoration);

 private:
  struct Entry {
    std::uint32_t optimizer;
    Schedule schedule;
    std::shared_ptr<ScheduledOptimizer> view;
    std::uint64_t count = 0;
    bool goal_known = false;
    boost::json::object begun_with{};  // its state right after attach()
  };
  static const char* interval_name(const Entry& entry);
  void step_on_metric(Entry& entry, loop::ScheduleMoment moment, const loop::MetricReader& metrics);
  bool due(Entry& entry) const;

  Optimizers& optimizers_;
  std::vector<Entry> entries_;
};

}  // namespace tenon::torch_engine

#endif
