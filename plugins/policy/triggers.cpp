// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "triggers.hpp"

#include <algorithm>
#include <stdexcept>

namespace tenon::policy {

namespace {

std::string count_of(std::uint64_t n, const char* what) {
  return "every " + (n == 1 ? std::string(what) : std::to_string(n) + " " + what + "s");
}

}  // namespace

Triggers::Triggers(std::optional<std::uint64_t> every_n_epochs, std::optional<std::uint64_t> every_n_train_steps)
    : epochs_(every_n_epochs.value_or(every_n_train_steps ? 0 : 1)), steps_(every_n_train_steps.value_or(0)) {
  if (epochs_ && steps_)
    throw std::invalid_argument("every_n_epochs is " + std::to_string(epochs_) + " and every_n_train_steps is " +
                                std::to_string(steps_) +
                                ": only one trigger may be above 0; use a second callback for the other");
}

bool Triggers::fires_at_step(std::uint64_t step) noexcept {
  if (!steps_) return false;
  const bool reached = step / steps_ > seen_ / steps_;
  seen_ = step;
  return reached;
}

std::string Triggers::describe() const {
  if (epochs_) return count_of(epochs_, "epoch");
  return steps_ ? count_of(steps_, "step") : "never";
}

std::optional<std::string> Triggers::never_fires(std::uint64_t max_epochs, std::uint64_t max_steps) const {
  if (epochs_ > max_epochs)
    return describe() + " never comes: the run ends after " + std::to_string(max_epochs) + " epochs";
  if (steps_ > max_steps)
    return describe() + " never comes: the run ends after " + std::to_string(max_steps) + " steps";
  return std::nullopt;
}

std::uint64_t reachable_steps(std::uint64_t max_epochs, std::uint64_t max_steps, std::uint64_t steps_per_epoch) {
  if (max_epochs == UINT64_MAX || steps_per_epoch == UINT64_MAX) return max_steps;
  if (max_epochs && steps_per_epoch > UINT64_MAX / max_epochs) return max_steps;
  return std::min(max_steps, max_epochs * steps_per_epoch);
}

std::uint64_t reachable_epochs(std::uint64_t max_epochs, std::uint64_t max_steps, std::uint64_t steps_per_epoch) {
  if (max_steps == UINT64_MAX || steps_per_epoch == UINT64_MAX || steps_per_epoch == 0) return max_epochs;
  return std::min(max_epochs, max_steps / steps_per_epoch + (max_steps % steps_per_epoch != 0));
}

}  // namespace tenon::policy
