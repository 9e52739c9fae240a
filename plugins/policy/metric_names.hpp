// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Metrics by name, without making new ones: what file names are written from, and what an error can offer instead.
#ifndef TENON_PLUGINS_POLICY_METRIC_NAMES_HPP
#define TENON_PLUGINS_POLICY_METRIC_NAMES_HPP

#include <tenon/plugin.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::policy {

/// `epoch` and `step`, which always have a value; nothing for any other name.
std::optional<double> counted(std::string_view name, const tenon_progress& progress);

class MetricNames {
 public:
  explicit MetricNames(Metrics metrics) : metrics_(metrics) {}

  /// The number that stands for `name` in a file's name: NaN when it has no fresh value, since an older one belongs to
  /// other weights. Nothing when no such metric is known.
  std::optional<double> value(const std::string& name, const tenon_progress& progress, bool may_come) const;

  /// What a decision at this step may use: the fresh value, or nothing.
  std::optional<double> fresh(const Monitor& monitor, const tenon_progress& progress) const;
  /// Whether it was neither logged nor declared so far.
  bool is_missing(const Monitor& monitor) const;
  /// Throws Error for one that had its chance (a validation; without one, an epoch), with the names known.
  /// `to_wait`: the option that would have the decision wait for the end of the training epoch, where it does not.
  [[noreturn]] void refuse_missing(const Monitor& monitor, const char* to_wait = nullptr) const;

  /// Whether it was declared or logged. `may_come`: so counts the `_epoch` form of one that was, which is first logged
  /// when an epoch has ended.
  bool known(const std::string& name, bool may_come) const;
  /// Whether it is declared to be, or was, logged in validation.
  bool is_of_validation(const Monitor& monitor) const;
  /// Whether the task says beforehand what it logs.
  bool task_declares() const;
  /// "; did you mean 'val_loss'? Known are epoch, step, train_loss, val_loss"; the question where a name is close.
  std::string instead_of(const std::string& wrong) const;

 private:
  struct Known {
    tenon_metric_info info;
    tenon_metric_value latest;
  };
  /// Nothing for one that somebody merely asked for.
  std::optional<Known> look_up(tenon_metric metric) const;
  std::vector<std::string> all() const;
  std::optional<Known> find(const std::string& name) const { return look_up(metrics_.find(name)); }

  Metrics metrics_;
};

}  // namespace tenon::policy

#endif
