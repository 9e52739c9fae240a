// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The store across processes: what a checkpoint keeps of it, and how it comes back.
#include <boost/json/object.hpp>

#include "loop/metric_store.hpp"
#include "loop/saved_json.hpp"

namespace tenon::loop {

namespace json = boost::json;

namespace {

json::object to_json(const Reduction& r) { return {{"value", r.value}, {"weight", r.weight}}; }

}  // namespace

json::object MetricStore::saved() const {
  json::array all;
  for (const Metric& m : metrics_) {
    json::object entry{{"name", m.name},
                       {"origin", m.origin},
                       {"flags", m.flags},
                       {"how", static_cast<std::int32_t>(m.reduction.how)},
                       {"evaluated_how", static_cast<std::int32_t>(m.evaluation.how)},
                       {"goal", static_cast<std::int32_t>(m.goal)},
                       {"loader_suffix", m.loader_suffix}};
    if (m.present) {
      entry["value"] = m.value;
      entry["step"] = m.step;
      entry["epoch"] = m.epoch;
      entry["overrides"] = m.overrides;
      if (m.outdated) entry["outdated"] = true;
    }
    if (m.epoch_twin != TENON_NO_METRIC) entry["epoch_twin"] = metrics_[m.epoch_twin].name;
    if (m.loader != UINT32_MAX) entry["loader"] = m.loader;
    if (m.reduction.any) entry["reduction"] = to_json(m.reduction);
    all.push_back(std::move(entry));
  }
  json::array reducing;
  for (const tenon_metric metric : reducing_) reducing.emplace_back(metrics_[metric].name);
  return {{"all", std::move(all)}, {"reducing", std::move(reducing)}};
}

void MetricStore::restore(const json::object& saved) {
  for (const json::value& each : saved.at("all").as_array()) {
    const json::object& entry = each.as_object();
    Metric& m = metrics_[id(entry.at("name").as_string())];
    m.origin = entry.at("origin").to_number<std::int32_t>();
    m.flags |= entry.at("flags").to_number<std::uint32_t>() & ~TENON_METRIC_MONITORED;
    m.reduction.how = static_cast<Reduce>(entry.at("how").to_number<std::int32_t>());
    m.evaluation.how = static_cast<Reduce>(entry.at("evaluated_how").to_number<std::int32_t>());
    if (m.goal == Goal::none) m.goal = static_cast<Goal>(entry.at("goal").to_number<std::int32_t>());
    m.loader_suffix = entry.at("loader_suffix").to_number<std::uint32_t>();
    if (const json::value* value = entry.if_contains("value")) {
      m.value = saved_number(*value);
      m.step = entry.at("step").to_number<std::uint64_t>();
      m.epoch = entry.at("epoch").to_number<std::uint64_t>();
      m.overrides = entry.at("overrides").as_bool();
      m.outdated = entry.contains("outdated");
      m.present = true;
    }
    if (const json::value* loader = entry.if_contains("loader")) m.loader = loader->to_number<std::uint32_t>();
    if (const json::value* reduction = entry.if_contains("reduction")) {
      m.reduction.value = saved_number(reduction->at("value"));
      m.reduction.weight = saved_number(reduction->at("weight"));
      m.reduction.any = true;
    }
  }
  for (const json::value& each : saved.at("all").as_array())  // every name has its number by now
    if (const json::value* twin = each.as_object().if_contains("epoch_twin"))
      metrics_[id(each.at("name").as_string())].epoch_twin = id(twin->as_string());
  reducing_.clear();
  for (const json::value& name : saved.at("reducing").as_array()) reducing_.push_back(id(name.as_string()));
}

}  // namespace tenon::loop
