// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/schedule_metrics.hpp"

#include <tenon/services/metrics.h>

#include "chain/log.hpp"

namespace tenon::loop {

std::optional<MetricReading> ScheduleMetrics::find(std::string_view name) const {
  const Metric* metric = metrics_.find(name);
  if (!metric || !metric->present) return std::nullopt;
  return MetricReading{metric->value, metric->step >= progress_.step, metric->origin == TENON_ORIGIN_VALIDATION,
                       metric->goal != Goal::none ? metric->goal : well_known_goal(name)};
}

std::vector<std::string> ScheduleMetrics::names() const {
  std::vector<std::string> names;
  for (tenon_metric i = 0; i < metrics_.count(); ++i)
    if (metrics_.at(i).present) names.push_back(metrics_.at(i).name);
  return names;
}

void ScheduleMetrics::warn(const std::string& text) const {
  if (said_.insert(text).second) chain::log(TENON_LOG_WARN, "", text);
}

}  // namespace tenon::loop
