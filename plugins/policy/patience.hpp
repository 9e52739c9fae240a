// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// How long a metric has not improved.
#ifndef TENON_PLUGINS_POLICY_PATIENCE_HPP
#define TENON_PLUGINS_POLICY_PATIENCE_HPP

#include <cstdint>
#include <optional>

#include "goal.hpp"

namespace tenon::policy {

class Patience {
 public:
  /// `checks` without an improvement of more than `min_delta` are too many; 0 is the same as 1.
  Patience(Goal goal, std::uint64_t checks, double min_delta) noexcept
      : goal_(goal), checks_(checks ? checks : 1), min_delta_(min_delta), best_(worst(goal)) {}

  /// Takes one value in; true when it is an improvement. NaN never is.
  bool check(double value) noexcept {
    if (!improves(goal_, value, best_, min_delta_)) {
      ++waited_;
      return false;
    }
    best_ = value;
    waited_ = 0;
    return true;
  }

  bool exhausted() const noexcept { return waited_ >= checks_; }
  std::uint64_t waited() const noexcept { return waited_; }
  /// Nothing before the first improvement.
  std::optional<double> best() const noexcept {
    return best_ == worst(goal_) ? std::nullopt : std::optional<double>(best_);
  }
  void restore(std::optional<double> best, std::uint64_t waited) noexcept {
    best_ = best.value_or(worst(goal_));
    waited_ = waited;
  }

 private:
  Goal goal_;
  std::uint64_t checks_;
  double min_delta_;
  double best_;
  std::uint64_t waited_ = 0;
};

}  // namespace tenon::policy

#endif
