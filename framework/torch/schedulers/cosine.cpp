// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The formulas of torch.optim.lr_scheduler 2.15, term by term, so that the values are the same.
#include <cmath>
#include <numbers>

#include "torch/schedulers/parameters.hpp"

namespace tenon {

using std::numbers::pi;

CosineAnnealingLR::CosineAnnealingLR(Options options) : options_(options) {
  require(options_.T_max >= 1, name(), "T_max", static_cast<double>(options_.T_max),
          "it must be 1 or more: the epochs from the highest learning rate to eta_min");
}

double CosineAnnealingLR::next_lr(std::size_t group) {
  const double lr = optimizer().lr(group);
  if (initial()) return lr;
  const auto t_max = static_cast<double>(options_.T_max), now = static_cast<double>(last_epoch());
  // One step past the lowest point the quotient below would be 0 / 0.
  if ((last_epoch() - 1 - options_.T_max) % (2 * options_.T_max) == 0)
    return lr + (base_lr(group) - options_.eta_min) * (1 - std::cos(pi / t_max)) / 2;
  return (1 + std::cos(pi * now / t_max)) / (1 + std::cos(pi * (now - 1) / t_max)) * (lr - options_.eta_min) +
         options_.eta_min;
}

double CosineAnnealingLR::restart_lr(std::size_t group) {
  return options_.eta_min + (base_lr(group) - options_.eta_min) * (1 + std::cos(0.0)) / 2;
}

void CosineAnnealingLR::fields(SchedulerFields& fields) {
  Scheduler::fields(fields);
  fields.field("T_max", options_.T_max);
  fields.field("eta_min", options_.eta_min);
}

CosineAnnealingWarmRestarts::CosineAnnealingWarmRestarts(Options options) : options_(options), t_i_(options.T_0) {
  require(options_.T_0 >= 1, name(), "T_0", static_cast<double>(options_.T_0),
          "it must be 1 or more: the epochs until the first restart");
  require(options_.T_mult >= 1, name(), "T_mult", static_cast<double>(options_.T_mult), "it must be 1 or more");
}

void CosineAnnealingWarmRestarts::step() {
  if (last_epoch() < 0) {
    t_i_ = options_.T_0;
    t_cur_ = 0;
    last_epoch_ = 0;
  } else {
    ++last_epoch_;
    if (++t_cur_ >= t_i_) {
      t_cur_ %= t_i_;
      t_i_ *= options_.T_mult;
    }
  }
  apply(false);
}

double CosineAnnealingWarmRestarts::next_lr(std::size_t group) {
  return options_.eta_min + (base_lr(group) - options_.eta_min) *
                                (1 + std::cos(pi * static_cast<double>(t_cur_) / static_cast<double>(t_i_))) / 2;
}

void CosineAnnealingWarmRestarts::fields(SchedulerFields& fields) {
  Scheduler::fields(fields);
  fields.field("T_0", options_.T_0);
  fields.field("T_i", t_i_);
  fields.field("T_mult", options_.T_mult);
  fields.field("eta_min", options_.eta_min);
  fields.field("T_cur", t_cur_);
}

}  // namespace tenon
