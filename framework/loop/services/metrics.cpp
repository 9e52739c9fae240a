// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "chain/abi.hpp"
#include "loop/services/services.hpp"

namespace tenon::loop {

namespace {

using chain::AbiError;
using chain::from_text;
using chain::guard;

void require_known(const MetricStore& store, tenon_metric metric) {
  if (metric >= store.count())
    throw AbiError(TENON_E_INVALID_ARGUMENT, "no metric has the number " + std::to_string(metric));
}

tenon_metric_info info_of(Caller& c, tenon_metric metric) {
  const Metric& m = c.services.metrics->at(metric);
  tenon_metric_info info{};
  info.struct_size = sizeof info;
  info.metric = metric;
  info.goal = static_cast<std::int32_t>(m.goal);
  info.origin = m.origin;
  info.name = chain::to_text(m.name);
  info.flags = m.flags;
  info.declared = m.declared;
  return info;
}

tenon_status TENON_CALL find(const tenon_host* host, tenon_text name, tenon_metric* out, tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    if (name.size == 0) throw AbiError(TENON_E_INVALID_ARGUMENT, "a metric's name is empty");
    *out = c.services.metrics->id(from_text(name));
  });
}

tenon_status decide_by(const tenon_host* host, tenon_text name, tenon_text mode, bool required, tenon_metric_info* out,
                       tenon_error* error) {
  return guard(error, [&] {
    Caller c = on_loop_thread(host);
    if (c.services.start_is_over)
      throw AbiError(TENON_E_WRONG_STATE, "a metric can be monitored until on_fit_start returns, not later");
    tenon_metric metric = TENON_NO_METRIC;
    const Goal goal = c.services.metrics->monitor(from_text(name), from_text(mode), &metric,
                                                  required ? c.callback.where() + ": " + c.callback.label() : "");
    tenon_metric_info info = info_of(c, metric);
    info.goal = static_cast<std::int32_t>(goal);
    chain::fill_sized(out, info);
  });
}

tenon_status TENON_CALL monitor(const tenon_host* host, tenon_text name, tenon_text mode, tenon_metric_info* out,
                                tenon_error* error) {
  return decide_by(host, name, mode, true, out, error);
}

tenon_status TENON_CALL monitor_optional(const tenon_host* host, tenon_text name, tenon_text mode,
                                         tenon_metric_info* out, tenon_error* error) {
  return decide_by(host, name, mode, false, out, error);
}

tenon_status TENON_CALL read(const tenon_host* host, const tenon_metric* metrics, std::uint64_t count,
                             tenon_metric_value* out, std::uint64_t out_stride, tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    const MetricStore& store = *c.services.metrics;
    constexpr std::size_t least = offsetof(tenon_metric_value, reserved) + sizeof(std::uint32_t);
    if (count) chain::require_stride(out_stride, least, "out_stride", "tenon_metric_value");
    for (std::uint64_t i = 0; i < count; ++i) require_known(store, metrics[i]);
    for (std::uint64_t i = 0; i < count; ++i) {
      const Metric& m = store.at(metrics[i]);
      const bool counter = metrics[i] <= MetricStore::step_metric && !m.overrides;
      tenon_metric_value v{};
      v.value = m.value;
      v.step = counter ? c.services.progress->step : m.step;
      v.epoch = counter ? c.services.progress->epoch : m.epoch;
      v.flags = (m.present ? TENON_VALUE_PRESENT : 0u) | (store.fresh(metrics[i]) ? TENON_VALUE_FRESH : 0u);
      std::memcpy(reinterpret_cast<char*>(out) + i * out_stride, &v, std::min<std::size_t>(sizeof v, out_stride));
    }
  });
}

std::uint64_t TENON_CALL count(const tenon_host* host) {
  try {
    return on_loop_thread(host).services.metrics->count();
  } catch (...) {
    return 0;
  }
}

tenon_status TENON_CALL info(const tenon_host* host, tenon_metric metric, tenon_metric_info* out, tenon_error* error) {
  return guard(error, [&] {
    Caller c = on_loop_thread(host);
    if (metric >= c.services.metrics->count())
      throw AbiError(TENON_E_NOT_FOUND, "no metric has the number " + std::to_string(metric));
    chain::fill_sized(out, info_of(c, metric));
  });
}

tenon_status TENON_CALL declare(const tenon_host* host, tenon_text name, const tenon_metric_options* options,
                                tenon_metric* out, tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    if (name.size == 0) throw AbiError(TENON_E_INVALID_ARGUMENT, "a metric's name is empty");
    const tenon_metric_options theirs = chain::read_sized(options);
    if (theirs.goal < TENON_GOAL_NONE || theirs.goal > TENON_GOAL_MAXIMIZE || theirs.reduce < TENON_REDUCE_MEAN ||
        theirs.reduce > TENON_REDUCE_LAST)
      throw AbiError(TENON_E_INVALID_ARGUMENT, "a metric's goal or reduction is none that this host knows");
    LogOptions log;
    log.goal = static_cast<Goal>(theirs.goal);
    log.reduce = static_cast<Reduce>(theirs.reduce);
    log.on_step = (theirs.flags & TENON_METRIC_ON_STEP) != 0;
    log.on_epoch = (theirs.flags & TENON_METRIC_ON_EPOCH) != 0;
    log.prog_bar = (theirs.flags & TENON_METRIC_PROG_BAR) != 0;
    log.logger = (theirs.flags & TENON_METRIC_LOGGER) != 0;
    *out = c.services.metrics->declare(from_text(name), log, c.callback.id());
  });
}

tenon_status TENON_CALL record(const tenon_host* host, const tenon_metric* metrics, const double* values,
                               std::uint64_t count, std::uint64_t batch_size, tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    MetricStore& store = *c.services.metrics;
    for (std::uint64_t i = 0; i < count; ++i) {
      require_known(store, metrics[i]);
      if (store.at(metrics[i]).declared_by != c.callback.id())
        throw AbiError(TENON_E_WRONG_STATE, "callback '" + c.callback.id() + "' has not declared the metric '" +
                                                store.at(metrics[i]).name + "' that it records");
    }
    for (std::uint64_t i = 0; i < count; ++i) store.record(metrics[i], values[i], batch_size);
  });
}

}  // namespace

const tenon_metrics metrics_service{sizeof(tenon_metrics), 0, &find, &monitor, &read, &count, &info, &declare, &record,
                                    &monitor_optional};

}  // namespace tenon::loop
