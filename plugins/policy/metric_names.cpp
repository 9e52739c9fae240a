// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "metric_names.hpp"

#include <tenon/did_you_mean.hpp>

#include <algorithm>
#include <initializer_list>

namespace tenon::policy {

namespace {

/// What others call `NAME_epoch` and `NAME_step`.
std::string without_suffix(const std::string& name, std::initializer_list<std::string_view> suffixes) {
  for (const std::string_view suffix : suffixes)
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

std::optional<MetricNames::Known> MetricNames::look_up(tenon_metric metric) const {
  const Known known{metrics_.info(metric), metrics_.read(metric)};
  if (!known.info.declared && !(known.latest.flags & TENON_VALUE_PRESENT)) return std::nullopt;
  return known;
}

std::optional<double> MetricNames::value(const std::string& name, const tenon_progress& progress, bool may_come) const {
  const std::optional<Known> found = find(name);
  if (found && (found->latest.flags & TENON_VALUE_FRESH)) return found->latest.value;
  if (const auto count = counted(name, progress)) return count;
  if (!found && !known(name, may_come)) return std::nullopt;
  return std::numeric_limits<double>::quiet_NaN();
}

std::optional<double> MetricNames::fresh(const Monitor& monitor, const tenon_progress& progress) const {
  if (const auto value = metrics_.fresh(monitor)) return value;
  return counted(monitor.name, progress);
}

bool MetricNames::is_missing(const Monitor& monitor) const { return !look_up(monitor.metric); }

void MetricNames::refuse_missing(const Monitor& monitor, const char* to_wait) const {
  std::string why = "monitor \"" + monitor.name + "\" was never logged" + instead_of(monitor.name);
  if (to_wait)
    why +=
        "; what is measured over a whole training epoch is there at its end: set " + std::string(to_wait) + " to true";
  throw Error(TENON_E_NOT_FOUND, why);
}

bool MetricNames::known(const std::string& name, bool may_come) const {
  if (name == "epoch" || name == "step" || find(name)) return true;
  const std::string stem = without_suffix(name, {"_epoch"});
  return may_come && stem != name && find(stem);
}

bool MetricNames::is_of_validation(const Monitor& monitor) const {
  const std::optional<Known> known = look_up(monitor.metric);
  return known && known->info.origin == TENON_ORIGIN_VALIDATION;
}

bool MetricNames::task_declares() const {
  const std::uint64_t count = metrics_.count();
  for (std::uint64_t i = 0; i < count; ++i) {
    const tenon_metric_info info = metrics_.info(static_cast<tenon_metric>(i));
    if (info.declared && (info.origin == TENON_ORIGIN_TRAIN || info.origin == TENON_ORIGIN_VALIDATION)) return true;
  }
  return false;
}

std::vector<std::string> MetricNames::all() const {
  std::vector<std::string> names;
  const std::uint64_t count = metrics_.count();
  for (std::uint64_t i = 0; i < count; ++i)
    if (const auto known = look_up(static_cast<tenon_metric>(i))) names.emplace_back(view(known->info.name));
  const auto is_counter = [](const std::string& name) { return name == "epoch" || name == "step"; };
  names.erase(std::remove_if(names.begin(), names.end(), is_counter), names.end());
  std::sort(names.begin(), names.end());
  names.insert(names.begin(), {"epoch", "step"});
  return names;
}

std::string MetricNames::instead_of(const std::string& wrong) const {
  const std::vector<std::string> names = all();
  const std::string stem = without_suffix(wrong, {"_epoch", "_step"});
  const auto same = std::find(names.begin(), names.end(), stem);
  const std::string* close = same == names.end() ? closest(wrong, names) : &*same;
  std::string out = close ? "; did you mean '" + *close + "'? Known are " : "; known are ";
  for (const std::string& name : names) out += (&name == &names.front() ? "" : ", ") + name;
  return out;
}

}  // namespace tenon::policy
