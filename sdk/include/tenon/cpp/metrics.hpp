// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/cpp/metrics.hpp - decide by metrics, read them, add to them.
#ifndef TENON_CPP_METRICS_HPP
#define TENON_CPP_METRICS_HPP

#include <cmath>
#include <limits>
#include <vector>

#include "../hooks.h"
#include "host.hpp"

namespace tenon {

/// An array that travels with its stride, for a range-based for.
template <class T>
class Strided {
 public:
  class Iterator {
   public:
    Iterator(const T* at, std::uint64_t stride) noexcept : at_(at), stride_(stride) {}
    const T& operator*() const noexcept { return *at_; }
    Iterator& operator++() noexcept {
      at_ = TENON_AT(T, at_, stride_, 1);
      return *this;
    }
    bool operator!=(const Iterator& other) const noexcept { return at_ != other.at_; }

   private:
    const T* at_;
    std::uint64_t stride_;
  };

  Strided(const T* data, std::uint64_t size, std::uint64_t stride) noexcept
      : data_(data), size_(size), stride_(stride) {}
  Iterator begin() const noexcept { return {data_, stride_}; }
  Iterator end() const noexcept { return {size_ ? TENON_AT(T, data_, stride_, size_) : data_, stride_}; }
  std::uint64_t size() const noexcept { return size_; }

 private:
  const T* data_;
  std::uint64_t size_;
  std::uint64_t stride_;
};

/// What on_metrics brings.
inline Strided<tenon_logged_metric> logged(const tenon_metrics_args& args) noexcept {
  return {args.metrics, args.metric_count, args.metric_stride};
}

/// A metric that decisions are made by, with its direction settled.
struct Monitor {
  tenon_metric metric = TENON_NO_METRIC;
  std::int32_t goal = TENON_GOAL_NONE;
  std::string name;
  std::int32_t origin = TENON_ORIGIN_UNKNOWN;
  bool declared = false;  ///< by the task or a callback

  bool maximize() const noexcept { return goal == TENON_GOAL_MAXIMIZE; }
  std::string_view mode() const noexcept { return maximize() ? "max" : "min"; }
  /// What every number is better than.
  double worst() const noexcept {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return maximize() ? -infinity : infinity;
  }
  /// True when `a` is better than `b` by more than `delta`, rounded as PyTorch Lightning rounds; never for a NaN `a`,
  /// always against a NaN `b`.
  bool better(double a, double b, double delta = 0.0) const noexcept {
    if (std::isnan(a) || std::isnan(b)) return !std::isnan(a);
    return maximize() ? a - delta > b : a + delta < b;
  }
  /// Anything but a NaN is better than nothing.
  bool better(double a, const std::optional<double>& b, double delta = 0.0) const noexcept {
    return b ? better(a, *b, delta) : !std::isnan(a);
  }
};

class Metrics {
 public:
  explicit Metrics(Host host) : service_(host) {}

  /// Says that this callback decides by `name`. `mode`: "min", "max", or "auto" or nothing to find out. Error when mode
  /// contradicts the metric's goal or cannot be known. From the constructor until on_fit_start returns.
  Monitor monitor(std::string_view name, std::string_view mode = {}) const {
    auto info = sized<tenon_metric_info>();
    service_.call(&tenon_metrics::monitor, text(name), text(mode), &info);
    return {info.metric, info.goal, std::string(name), info.origin, info.declared != 0};
  }
  /// The same for a metric that may never come: that nobody declares it is no reason to refuse the run.
  Monitor monitor_optional(std::string_view name, std::string_view mode = {}) const {
    auto info = sized<tenon_metric_info>();
    service_.call(&tenon_metrics::monitor_optional, text(name), text(mode), &info);
    return {info.metric, info.goal, std::string(name), info.origin, info.declared != 0};
  }
  /// The number of a name, made when it is new.
  tenon_metric find(std::string_view name) const {
    tenon_metric out = TENON_NO_METRIC;
    service_.call(&tenon_metrics::find, text(name), &out);
    return out;
  }
  /// The latest value with its stamps and TENON_VALUE_* flags.
  tenon_metric_value read(tenon_metric metric) const {
    tenon_metric_value out{};
    service_.call(&tenon_metrics::read, &metric, std::uint64_t{1}, &out, std::uint64_t{sizeof out});
    return out;
  }
  /// Many at once, with one transfer from the device.
  void read(const std::vector<tenon_metric>& metrics, std::vector<tenon_metric_value>& out) const {
    out.resize(metrics.size());
    service_.call(&tenon_metrics::read, metrics.data(), std::uint64_t{metrics.size()}, out.data(),
                  std::uint64_t{sizeof(tenon_metric_value)});
  }
  /// The value while no later step has finished.
  std::optional<double> fresh(tenon_metric metric) const {
    const tenon_metric_value v = read(metric);
    if (!(v.flags & TENON_VALUE_FRESH)) return std::nullopt;
    return v.value;
  }
  std::optional<double> fresh(const Monitor& monitor) const { return fresh(monitor.metric); }

  /// Metrics known so far are 0 .. count()-1.
  std::uint64_t count() const { return service_.ask(&tenon_metrics::count); }
  tenon_metric_info info(tenon_metric metric) const {
    auto out = sized<tenon_metric_info>();
    service_.call(&tenon_metrics::info, metric, &out);
    return out;
  }

  /// Names a metric that this callback will record; `flags` are TENON_METRIC_*.
  tenon_metric declare(std::string_view name, std::uint32_t flags, std::int32_t goal = TENON_GOAL_NONE,
                       std::int32_t reduce = TENON_REDUCE_LAST) const {
    auto options = sized<tenon_metric_options>();
    options.goal = goal;
    options.reduce = reduce;
    options.flags = flags;
    tenon_metric out = TENON_NO_METRIC;
    service_.call(&tenon_metrics::declare, text(name), &options, &out);
    return out;
  }
  /// Logs a value of a declared metric as of the event whose hook is running.
  void record(tenon_metric metric, double value, std::uint64_t batch_size = 1) const {
    service_.call(&tenon_metrics::record, &metric, &value, std::uint64_t{1}, batch_size);
  }

 private:
  Service<tenon_metrics> service_;
};

}  // namespace tenon

#endif
