// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "triggers.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "numbers.hpp"

namespace tenon::policy {

namespace {

std::string count_of(std::uint64_t n, const char* what) {
  return "every " + (n == 1 ? std::string(what) : std::to_string(n) + " " + what + "s");
}

}  // namespace

Triggers::Triggers(std::optional<std::uint64_t> every_n_epochs, std::optional<std::uint64_t> every_n_train_steps,
                   std::optional<double> train_time_interval)
    : epochs_(every_n_epochs.value_or(every_n_train_steps || train_time_interval ? 0 : 1)),
      steps_(every_n_train_steps.value_or(0)),
      interval_(train_time_interval) {
  std::vector<std::string> on;
  if (epochs_) on.push_back("every_n_epochs is " + std::to_string(epochs_));
  if (steps_) on.push_back("every_n_train_steps is " + std::to_string(steps_));
  if (interval_) on.push_back("train_time_interval is " + readable(*interval_));
  if (on.size() < 2) return;
  std::string both = on.front();
  for (std::size_t i = 1; i < on.size(); ++i) both += (i + 1 < on.size() ? ", " : " and ") + on[i];
  throw std::invalid_argument(both + ": only one trigger may be above 0; use a second callback for the other" +
                              (interval_ == 0.0 ? " (a train_time_interval of 0 fires at every batch)" : ""));
}

bool Triggers::fires_at_batch(std::uint64_t step, double seconds) noexcept {
  if (step == seen_) return false;
  const bool reached = steps_ && step / steps_ > seen_ / steps_;
  seen_ = step;
  // Times that were written down and read back may be off by their last digit.
  if (!interval_ || seconds - fired_ < *interval_ * (1.0 - 1e-9)) return reached;
  fired_ = seconds;
  return true;
}

std::string Triggers::describe() const {
  if (epochs_) return count_of(epochs_, "epoch");
  if (steps_) return count_of(steps_, "step");
  if (!interval_) return "never";
  return *interval_ > 0 ? "every " + readable(*interval_) + " s" : "every batch";
}

std::optional<std::string> Triggers::never_fires(std::uint64_t max_epochs, std::uint64_t max_steps,
                                                 double max_seconds) const {
  const auto ends_after = [&](const std::string& limit) {
    return describe() + " never comes: the run ends after " + limit;
  };
  if (epochs_ > max_epochs) return ends_after(std::to_string(max_epochs) + " epochs");
  if (steps_ > max_steps) return ends_after(std::to_string(max_steps) + " steps");
  if (interval_ && *interval_ > max_seconds) return ends_after(readable(max_seconds) + " s");
  return std::nullopt;
}

std::optional<std::string> Triggers::never_meets_validation(std::uint64_t max_epochs,
                                                            std::uint64_t validates_every) const {
  if (!epochs_ || !validates_every || epochs_ > max_epochs) return std::nullopt;
  const std::uint64_t both = epochs_ / std::gcd(epochs_, validates_every);
  if (both <= max_epochs / validates_every) return std::nullopt;
  return describe() + ", at the end of a validation, never comes: validation runs every " +
         std::to_string(validates_every) + " epochs, and the run ends after " + std::to_string(max_epochs) + " epochs";
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
