// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The formulas of torch.optim.lr_scheduler 2.15, term by term, so that the values are the same.
#include <cmath>
#include <numbers>
#include <stdexcept>
#include <string>
#include <vector>

#include "torch/schedulers/parameters.hpp"

namespace tenon {

OneCycleLR::OneCycleLR(Options options) : options_(std::move(options)) {
  if (options_.total_steps == 0 && options_.epochs > 0 && options_.steps_per_epoch > 0)
    options_.total_steps = options_.epochs * options_.steps_per_epoch;
  require(options_.total_steps >= 1, name(), "total_steps", static_cast<double>(options_.total_steps),
          "give all steps of the training, or both epochs and steps_per_epoch");
  require(options_.pct_start >= 0 && options_.pct_start <= 1, name(), "pct_start", options_.pct_start,
          "it must be a share from 0 to 1");
  for (const double lr : options_.max_lr.values())
    require(lr > 0, name(), "max_lr", lr, "give the highest learning rate, above 0");
  require(options_.div_factor > 0, name(), "div_factor", options_.div_factor, "it must be above 0");
  require(options_.final_div_factor > 0, name(), "final_div_factor", options_.final_div_factor, "it must be above 0");
}

void OneCycleLR::prepare() {
  ScheduledOptimizer& optimizer = this->optimizer();
  const std::size_t groups = optimizer.groups();
  max_lrs_ = for_groups(name(), "max_lr", options_.max_lr, groups);
  min_lrs_.clear();
  for (std::size_t group = 0; group < groups; ++group) {
    const double first = max_lrs_[group] / options_.div_factor;
    optimizer.set_initial_lr(group, first);
    min_lrs_.push_back(first / options_.final_div_factor);
  }
  if (!options_.cycle_momentum) return;
  if (!optimizer.has_momentum())
    throw std::invalid_argument(
        "OneCycleLR: the optimizer has neither a momentum nor betas to cycle; set cycle_momentum to false");
  base_momentums_ = for_groups(name(), "base_momentum", options_.base_momentum, groups);
  max_momentums_ = for_groups(name(), "max_momentum", options_.max_momentum, groups);
}

double OneCycleLR::anneal(double from, double to, double share) const {
  if (options_.anneal_strategy == Anneal::linear) return (to - from) * share + from;
  return to + (from - to) / 2.0 * (std::cos(std::numbers::pi * share) + 1);
}

double OneCycleLR::next_lr(std::size_t group) {
  if (last_epoch() > options_.total_steps)
    throw std::logic_error("OneCycleLR is asked for step " + std::to_string(last_epoch()) + ", but total_steps is " +
                           std::to_string(options_.total_steps) +
                           ": give it as many steps as the training has, and let it step once for each");
  struct Phase {
    double end, from_lr, to_lr, from_momentum, to_momentum;
  };
  const double first = base_lr(group), highest = max_lrs_[group], lowest = min_lrs_[group];
  const double most = options_.cycle_momentum ? max_momentums_[group] : 0.0;
  const double least = options_.cycle_momentum ? base_momentums_[group] : 0.0;
  const auto total = static_cast<double>(options_.total_steps);
  const Phase rise{options_.pct_start * total - 1, first, highest, most, least};
  const Phase fall{total - 1, highest, lowest, least, most};
  const Phase back{2 * options_.pct_start * total - 2, highest, first, least, most};
  const Phase rest{total - 1, first, lowest, most, most};
  const std::vector<Phase> phases =
      options_.three_phase ? std::vector<Phase>{rise, back, rest} : std::vector<Phase>{rise, fall};

  const auto now = static_cast<double>(last_epoch());
  double start = 0.0;
  std::size_t i = 0;
  while (i + 1 < phases.size() && now > phases[i].end) start = phases[i++].end;
  const Phase& phase = phases[i];
  // A phase of no length (PyTorch divides by zero there) is over when it begins.
  const double share = phase.end == start ? 1.0 : (now - start) / (phase.end - start);
  if (options_.cycle_momentum) optimizer().set_momentum(group, anneal(phase.from_momentum, phase.to_momentum, share));
  return anneal(phase.from_lr, phase.to_lr, share);
}

void OneCycleLR::fields(SchedulerFields& fields) {
  Scheduler::fields(fields);
  fields.field("total_steps", options_.total_steps);
  fields.field("pct_start", options_.pct_start);
  std::string strategy = options_.anneal_strategy == Anneal::cos ? "cos" : "linear";
  fields.field("_anneal_func_type", strategy);
  options_.anneal_strategy = strategy == "linear" ? Anneal::linear : Anneal::cos;
  fields.field("cycle_momentum", options_.cycle_momentum);
  fields.field("three_phase", options_.three_phase);
  fields.field("max_lrs", max_lrs_);
  fields.field("min_lrs", min_lrs_);
  fields.field("base_momentums", base_momentums_);
  fields.field("max_momentums", max_momentums_);
}

}  // namespace tenon
