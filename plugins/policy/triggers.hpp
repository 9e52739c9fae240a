// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// When a saver acts: at the end of every n-th epoch, or every n training steps.
#ifndef TENON_PLUGINS_POLICY_TRIGGERS_HPP
#define TENON_PLUGINS_POLICY_TRIGGERS_HPP

#include <cstdint>
#include <optional>
#include <string>

namespace tenon::policy {

class Triggers {
 public:
  /// Nothing: the option was not given. Naming one trigger turns the default, every epoch, off; 0 is off.
  /// Throws std::invalid_argument when both are above 0.
  Triggers(std::optional<std::uint64_t> every_n_epochs, std::optional<std::uint64_t> every_n_train_steps);

  bool by_epochs() const noexcept { return epochs_ > 0; }
  bool by_steps() const noexcept { return steps_ > 0; }
  bool any() const noexcept { return by_epochs() || by_steps(); }

  /// `epoch` counts from 0; the n-th, 2n-th, ... epoch fires.
  bool fires_at_epoch(std::uint64_t epoch) const noexcept { return epochs_ > 0 && (epoch + 1) % epochs_ == 0; }

  /// Whether a multiple of n was reached since the step that was seen last, however far the count has moved. Never at
  /// step 0 and never twice for one step.
  bool fires_at_step(std::uint64_t step) noexcept;
  /// Where the count stands when a run starts or is resumed.
  void start_at_step(std::uint64_t step) noexcept { seen_ = step; }

  /// "every epoch", "every 3 epochs", "every 100 steps", "never".
  std::string describe() const;

  /// Why it can never fire within so many epochs and steps or nothing.
  std::optional<std::string> never_fires(std::uint64_t max_epochs, std::uint64_t max_steps) const;

 private:
  std::uint64_t epochs_;
  std::uint64_t steps_;
  std::uint64_t seen_ = 0;
};

/// How far a run can come where an epoch has `steps_per_epoch` steps: counted are epochs begun and steps taken.
/// UINT64_MAX: no limit, or not known.
std::uint64_t reachable_steps(std::uint64_t max_epochs, std::uint64_t max_steps, std::uint64_t steps_per_epoch);
std::uint64_t reachable_epochs(std::uint64_t max_epochs, std::uint64_t max_steps, std::uint64_t steps_per_epoch);

}  // namespace tenon::policy

#endif
