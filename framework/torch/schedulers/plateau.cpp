// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <stdexcept>
#include <string>

#include "torch/schedulers/parameters.hpp"

namespace tenon {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

}  // namespace

ReduceLROnPlateau::ReduceLROnPlateau(Options options) : options_(std::move(options)) {
  require(options_.factor > 0 && options_.factor < 1, name(), "factor", options_.factor,
          "it must be above 0 and below 1");
  require(options_.patience >= 0, name(), "patience", static_cast<double>(options_.patience), "it must be 0 or more");
  require(options_.cooldown >= 0, name(), "cooldown", static_cast<double>(options_.cooldown), "it must be 0 or more");
  if (options_.mode == Mode::max) best_ = -infinity;
}

void ReduceLROnPlateau::set_goal(Goal goal, const std::string& metric) {
  if (goal == Goal::none) return;
  const Mode wanted = goal == Goal::maximize ? Mode::max : Mode::min;
  if (options_.mode && options_.mode != wanted)
    throw std::invalid_argument("ReduceLROnPlateau: mode is " + std::string(wanted == Mode::max ? "min" : "max") +
                                ", but '" + metric + "' is to be " + (wanted == Mode::max ? "maximized" : "minimized") +
                                "; leave mode out, or correct it");
  if (options_.mode) return;
  options_.mode = wanted;
  best_ = wanted == Mode::max ? -infinity : infinity;
}

void ReduceLROnPlateau::start() {
  min_lrs_ = for_groups(name(), "min_lr", options_.min_lr, optimizer().groups());
  last_epoch_ = 0;
  remember_lr();
}

void ReduceLROnPlateau::step() {
  throw std::logic_error("ReduceLROnPlateau steps on a metric: call step(value), or name it in Schedule::monitor");
}

bool ReduceLROnPlateau::better(double value) const {
  const bool relative = options_.threshold_mode == ThresholdMode::rel;
  if (options_.mode == Mode::max)
    return value > (relative ? best_ * (options_.threshold + 1.0) : best_ + options_.threshold);
  return value < (relative ? best_ * (1.0 - options_.threshold) : best_ - options_.threshold);
}

void ReduceLROnPlateau::step(double metric) {
  ScheduledOptimizer& optimizer = this->optimizer();
  ++last_epoch_;
  if (better(metric)) {
    best_ = metric;
    num_bad_epochs_ = 0;
  } else {
    ++num_bad_epochs_;
  }
  if (cooldown_counter_ > 0) {
    --cooldown_counter_;
    num_bad_epochs_ = 0;
  }
  if (num_bad_epochs_ > options_.patience) {
    for (std::size_t group = 0; group < optimizer.groups(); ++group) {
      const double old = optimizer.lr(group), reduced = std::max(old * options_.factor, min_lrs_[group]);
      if (old - reduced > options_.eps) optimizer.set_lr(group, reduced);
    }
    cooldown_counter_ = options_.cooldown;
    num_bad_epochs_ = 0;
  }
  remember_lr();
}

double ReduceLROnPlateau::next_lr(std::size_t group) { return optimizer().lr(group); }

void ReduceLROnPlateau::fields(SchedulerFields& fields) {
  std::string mode = !options_.mode ? "" : options_.mode == Mode::max ? "max" : "min";
  std::string threshold_mode = options_.threshold_mode == ThresholdMode::rel ? "rel" : "abs";
  fields.field("mode", mode);
  fields.field("threshold_mode", threshold_mode);
  if (!mode.empty()) options_.mode = mode == "max" ? Mode::max : Mode::min;
  options_.threshold_mode = threshold_mode == "abs" ? ThresholdMode::abs : ThresholdMode::rel;
  fields.field("factor", options_.factor);
  fields.field("patience", options_.patience);
  fields.field("threshold", options_.threshold);
  fields.field("cooldown", options_.cooldown);
  fields.field("min_lrs", min_lrs_);
  fields.field("eps", options_.eps);
  fields.field("last_epoch", last_epoch_);
  fields.field("_last_lr", last_lr_);
  fields.field("best", best_);
  fields.field("cooldown_counter", cooldown_counter_);
  fields.field("num_bad_epochs", num_bad_epochs_);
}

}  // namespace tenon
