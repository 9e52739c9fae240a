// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// When a saver acts: at the end of every n-th epoch, every n training steps, or after so many seconds.
#ifndef TENON_PLUGINS_POLICY_TRIGGERS_HPP
#define TENON_PLUGINS_POLICY_TRIGGERS_HPP

#include <cstdint>
#include <optional>
#include <string>

namespace tenon::policy {

class Triggers {
 public:
  /// Nothing: the option was not given. Naming one trigger turns the default, every epoch, off; an `every_n` of 0 is
  /// off, an interval of 0 fires at every batch. Throws std::invalid_argument when two are on.
  Triggers(std::optional<std::uint64_t> every_n_epochs, std::optional<std::uint64_t> every_n_train_steps,
           std::optional<double> train_time_interval = std::nullopt);

  bool by_epochs() const noexcept { return epochs_ > 0; }
  bool by_steps() const noexcept { return steps_ > 0; }
  bool by_time() const noexcept { return interval_.has_value(); }
  bool any() const noexcept { return by_epochs() || by_steps() || by_time(); }
  std::uint64_t every_n_epochs() const noexcept { return epochs_; }
  std::optional<double> train_time_interval() const noexcept { return interval_; }

  /// `epoch` counts from 0; the n-th, 2n-th, ... epoch fires.
  bool fires_at_epoch(std::uint64_t epoch) const noexcept { return epochs_ > 0 && (epoch + 1) % epochs_ == 0; }

  /// At the end of a batch. Steps: whether a multiple of n was reached since the step that was seen last, however far
  /// the count has moved. Time: whether the interval has passed since it fired last. Never at step 0 and never twice
  /// for one step.
  bool fires_at_batch(std::uint64_t step, double seconds) noexcept;
  /// Where the counts stand when a run starts or is resumed.
  void start_at_step(std::uint64_t step) noexcept { seen_ = step; }
  void start_at_time(double seconds) noexcept { fired_ = seconds; }
  double fired_at() const noexcept { return fired_; }

  /// "every epoch", "every 3 epochs", "every 100 steps", "every 60 s", "never".
  std::string describe() const;

  /// Why it can never fire within so many epochs, steps and seconds, or nothing.
  std::optional<std::string> never_fires(std::uint64_t max_epochs, std::uint64_t max_steps, double max_seconds) const;
  /// The same where it acts at validations, which come every so many epochs.
  std::optional<std::string> never_meets_validation(std::uint64_t max_epochs, std::uint64_t validates_every) const;

 private:
  std::uint64_t epochs_;
  std::uint64_t steps_;
  std::optional<double> interval_;
  std::uint64_t seen_ = 0;
  double fired_ = 0.0;
};

/// How far a run can come where an epoch has `steps_per_epoch` steps: counted are epochs begun and steps taken.
/// UINT64_MAX: no limit, or not known.
std::uint64_t reachable_steps(std::uint64_t max_epochs, std::uint64_t max_steps, std::uint64_t steps_per_epoch);
std::uint64_t reachable_epochs(std::uint64_t max_epochs, std::uint64_t max_steps, std::uint64_t steps_per_epoch);

}  // namespace tenon::policy

#endif
