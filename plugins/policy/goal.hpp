// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Which way a metric is better, and by how much it must be.
#ifndef TENON_PLUGINS_POLICY_GOAL_HPP
#define TENON_PLUGINS_POLICY_GOAL_HPP

#include <cmath>
#include <cstdint>
#include <limits>

namespace tenon::policy {

enum class Goal : std::uint8_t { minimize = 1, maximize = 2 };

/// The worst score there is.
inline double worst(Goal goal) {
  return goal == Goal::maximize ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
}

/// True when `value` beats `best` by more than `delta`; a NaN never does, a tie never does. Rounded as PyTorch
/// Lightning rounds: value + delta < best, value - delta > best.
inline bool improves(Goal goal, double value, double best, double delta = 0.0) {
  return goal == Goal::maximize ? value - delta > best : value + delta < best;
}

/// What a value counts for where checkpoints compete: one that is not finite counts as the worst.
inline double score_of(Goal goal, double value) { return std::isfinite(value) ? value : worst(goal); }

}  // namespace tenon::policy

#endif
