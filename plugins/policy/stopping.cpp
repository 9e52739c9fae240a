// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "stopping.hpp"

#include "numbers.hpp"

namespace tenon::policy {

std::string_view name_of(StopReason reason) {
  switch (reason) {
    case StopReason::patience:
      return "patience";
    case StopReason::stopping_threshold:
      return "stopping_threshold";
    case StopReason::divergence_threshold:
      return "divergence_threshold";
    case StopReason::not_finite:
      return "not_finite";
    case StopReason::none:
      break;
  }
  return {};
}

/// Over nothing any number is an improvement; what is not finite never is one.
bool Stopping::improves_on(double value, std::optional<double> reference) const noexcept {
  if (!std::isfinite(value)) return false;
  if (!reference) return true;
  const bool share = options_.relative && std::isfinite(*reference);
  return improves(options_.goal, value, *reference, options_.min_delta * (share ? std::abs(*reference) : 1.0));
}

Judgement Stopping::check(double value) {
  ++state_.checks;
  const Goal goal = options_.goal;
  if (options_.check_finite && !std::isfinite(value)) return {StopReason::not_finite, false};
  if (options_.stopping_threshold && std::isfinite(value) && improves(goal, value, *options_.stopping_threshold))
    return {StopReason::stopping_threshold, !state_.best || improves(goal, value, *state_.best)};
  if (options_.divergence_threshold && improves(goal, *options_.divergence_threshold, value))
    return {StopReason::divergence_threshold, false};

  ++state_.waited;
  if (improves_on(value, state_.best)) {
    state_.best = value;
    if (!options_.baseline || improves_on(value, options_.baseline)) state_.waited = 0;
    return {StopReason::none, true};
  }
  return {state_.waited >= options_.patience ? StopReason::patience : StopReason::none, false};
}

std::string Stopping::describe(StopReason reason, double value) const {
  const std::string now = options_.metric + " " + readable(value);
  switch (reason) {
    case StopReason::not_finite:
      return now + " is not finite";
    case StopReason::stopping_threshold:
      return now + " is better than the stopping_threshold " + readable(*options_.stopping_threshold);
    case StopReason::divergence_threshold:
      return now + " is worse than the divergence_threshold " + readable(*options_.divergence_threshold);
    case StopReason::patience:
      break;
    case StopReason::none:
      return now + " is no reason to end";
  }
  const bool below = options_.baseline && (!state_.best || !improves_on(*state_.best, options_.baseline));
  return options_.metric + " did not " +
         (below ? "beat the baseline " + readable(*options_.baseline) : std::string("improve")) + " for " +
         std::to_string(state_.waited) + (state_.waited == 1 ? " check" : " checks") + ": best " +
         (state_.best ? readable(*state_.best) : "none") + ", now " + readable(value);
}

}  // namespace tenon::policy
