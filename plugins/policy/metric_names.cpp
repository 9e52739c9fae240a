// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "metric_names.hpp"

#include <algorithm>

namespace tenon::policy {

namespace {

std::string without_suffix(const std::string& name) {
  for (const std::string_view suffix : {"_epoch", "_step"})
    if (name.size() > suffix.size() && name.compare(name.size() - suffix.size(), suffix.size(), suffix) == 0)
      return name.substr(0, name.size() - suffix.size());
  return name;
}

}  // namespace

std::optional<double> counted(std::string_view name, const tenon_progress& progress) {
  if (name == "epoch") return static_cast<double>(progress.epoch);
  if (name == "step") return static_cast<double>(progress.step);
  return std::nullopt;
}

std::vector<MetricNames::Known> MetricNames::all() const {
  std::vector<Known> out;
  const std::uint64_t count = metrics_.count();
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto metric = static_cast<tenon_metric>(i);
    const tenon_metric_info info = metrics_.info(metric);
    const tenon_metric_value latest = metrics_.read(metric);
    if (!info.declared && !(latest.flags & TENON_VALUE_PRESENT)) continue;  // somebody merely asked for it
    const bool by_task = info.declared && (info.origin == TENON_ORIGIN_TRAIN || info.origin == TENON_ORIGIN_VALIDATION);
    out.push_back({std::string(view(info.name)), info.declared != 0, by_task, latest});
  }
  return out;
}

std::optional<MetricNames::Known> MetricNames::find(const std::string& name) const {
  std::vector<Known> known = all();
  const auto found = std::find_if(known.begin(), known.end(), [&](const Known& k) { return k.name == name; });
  if (found == known.end()) return std::nullopt;
  return std::move(*found);
}

std::optional<double> MetricNames::value(const std::string& name, const tenon_progress& progress) const {
  const std::optional<Known> found = find(name);
  if (found && (found->latest.flags & TENON_VALUE_FRESH)) return found->latest.value;
  if (const auto count = counted(name, progress)) return count;
  if (!found && !known(name)) return std::nullopt;
  return std::numeric_limits<double>::quiet_NaN();
}

std::optional<double> MetricNames::monitored(const Monitor& monitor, const tenon_progress& progress,
                                             bool had_its_chance) const {
  const tenon_metric_value value = metrics_.read(monitor.metric);
  if (value.flags & TENON_VALUE_FRESH) return value.value;
  if (const auto count = counted(monitor.name, progress)) return count;
  if (!(value.flags & TENON_VALUE_PRESENT) && had_its_chance && !declared(monitor.name))
    throw Error(TENON_E_NOT_FOUND, "monitor \"" + monitor.name + "\" was never logged; known are " + list());
  return std::nullopt;
}

bool MetricNames::known(const std::string& name) const {
  if (name == "epoch" || name == "step" || find(name)) return true;
  const std::string stem = without_suffix(name);
  return stem != name && find(stem);
}

bool MetricNames::declared(const std::string& name) const {
  const auto found = find(name);
  return found && found->declared;
}

bool MetricNames::task_declares() const {
  const std::vector<Known> known = all();
  return std::any_of(known.begin(), known.end(), [](const Known& k) { return k.by_task; });
}

std::string MetricNames::list() const {
  std::vector<std::string> names{"epoch", "step"};
  for (const Known& k : all())
    if (k.name != "epoch" && k.name != "step") names.push_back(k.name);
  std::sort(names.begin() + 2, names.end());
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace tenon::policy
