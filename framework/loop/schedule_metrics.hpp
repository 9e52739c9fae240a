// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_LOOP_SCHEDULE_METRICS_HPP
#define TENON_LOOP_SCHEDULE_METRICS_HPP

#include <tenon/hooks.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "loop/engine.hpp"
#include "loop/metric_store.hpp"

namespace tenon::loop {

/// The metrics as the engine's schedules read them.
class ScheduleMetrics final : public MetricReader {
 public:
  /// All three outlive it; `validates`: whether this run has validations.
  ScheduleMetrics(const MetricStore& metrics, const tenon_progress& progress, const bool& validates)
      : metrics_(metrics), progress_(progress), validates_(validates) {}

  std::optional<MetricReading> find(std::string_view name) const override;
  std::vector<std::string> names() const override;
  bool awaits_validation() const override { return validates_ && progress_.validations == 0; }
  void warn(const std::string& text) const override;

 private:
  const MetricStore& metrics_;
  const tenon_progress& progress_;
  const bool& validates_;
  mutable std::set<std::string> said_;
};

}  // namespace tenon::loop

#endif
