// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// When a metric says that training should end: the rules of early_stopping, check by check.
#ifndef TENON_PLUGINS_POLICY_STOPPING_HPP
#define TENON_PLUGINS_POLICY_STOPPING_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "goal.hpp"

namespace tenon::policy {

enum class StopReason : std::uint8_t {
  none = 0,
  patience = 1,
  stopping_threshold = 2,
  divergence_threshold = 3,
  not_finite = 4
};

/// "patience", ...; empty for none.
std::string_view name_of(StopReason reason);

struct StoppingOptions {
  std::string metric;
  Goal goal = Goal::minimize;
  std::uint64_t patience = 3;
  double min_delta = 0.0;
  bool relative = false;  ///< min_delta is a share of the best score's size
  bool check_finite = true;
  std::optional<double> stopping_threshold, divergence_threshold, baseline;
  std::uint64_t start_from_epoch = 0;
};

struct Judgement {
  StopReason reason = StopReason::none;
  bool best_weights = false;  ///< no value that became the best score was better
};

/// What is saved of it.
struct StoppingState {
  std::optional<double> best;
  std::uint64_t waited = 0;
  std::uint64_t checks = 0;
};

class Stopping {
 public:
  explicit Stopping(StoppingOptions options) : options_(std::move(options)) {}

  /// Before that epoch, counted from 0, nothing is checked.
  bool is_watching(std::uint64_t epoch) const noexcept { return epoch >= options_.start_from_epoch; }

  /// One check. The first rule that applies decides:
  /// a value that is not finite ends the training, where check_finite asks for that;
  /// one that is better than stopping_threshold ends it, before it becomes the best score;
  /// one that is worse than divergence_threshold ends it;
  /// one that is better than the best by more than min_delta is the new best, and the count of checks without an
  /// improvement begins anew, where there is a baseline only if that is beaten, too (the rule of Keras);
  /// any other, and each that is not finite, is counted, and the `patience`-th of them in a row ends the training.
  Judgement check(double value);

  /// Why the training should end, where the last check said so: "val_loss 10 is worse than the divergence_threshold 8".
  std::string describe(StopReason reason, double value) const;

  const StoppingState& state() const noexcept { return state_; }
  void restore(const StoppingState& state) noexcept { state_ = state; }
  const std::string& metric() const noexcept { return options_.metric; }
  Goal goal() const noexcept { return options_.goal; }

 private:
  bool improves_on(double value, std::optional<double> reference) const noexcept;

  StoppingOptions options_;
  StoppingState state_;
};

}  // namespace tenon::policy

#endif
