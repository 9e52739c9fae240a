// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Schedules that multiply: the formulas of torch.optim.lr_scheduler 2.15, term by term, so that the values are the
// same.
#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "torch/schedulers/parameters.hpp"

namespace tenon {

namespace {

constexpr const char* whole_above_0 = "it must be 1 or more";

}  // namespace

ConstantLR::ConstantLR(Options options) : options_(options) {
  require(options_.factor > 0 && options_.factor <= 1, name(), "factor", options_.factor,
          "it must be above 0 (it is undone by 1 / factor) and at most 1");
  require(options_.total_iters >= 1, name(), "total_iters", static_cast<double>(options_.total_iters), whole_above_0);
}

double ConstantLR::next_lr(std::size_t group) {
  const double lr = optimizer().lr(group);
  if (last_epoch() == 0) return lr * options_.factor;
  return last_epoch() == options_.total_iters ? lr * (1.0 / options_.factor) : lr;
}

double ConstantLR::restart_lr(std::size_t group) { return base_lr(group) * options_.factor; }

void ConstantLR::fields(SchedulerFields& fields) {
  Scheduler::fields(fields);
  fields.field("factor", options_.factor);
  fields.field("total_iters", options_.total_iters);
}

LinearLR::LinearLR(Options options) : options_(options) {
  require(options_.start_factor > 0 && options_.start_factor <= 1, name(), "start_factor", options_.start_factor,
          "it must be above 0 and at most 1");
  require(options_.end_factor >= 0 && options_.end_factor <= 1, name(), "end_factor", options_.end_factor,
          "it must be 0 to 1");
  require(options_.total_iters >= 1, name(), "total_iters", static_cast<double>(options_.total_iters), whole_above_0);
}

double LinearLR::next_lr(std::size_t group) {
  const double lr = optimizer().lr(group);
  if (last_epoch() == 0) return lr * options_.start_factor;
  if (initial() || last_epoch() > options_.total_iters) return lr;
  const double change = options_.end_factor - options_.start_factor;
  return lr * (1.0 + change / (static_cast<double>(options_.total_iters) * options_.start_factor +
                               static_cast<double>(last_epoch() - 1) * change));
}

double LinearLR::restart_lr(std::size_t group) { return base_lr(group) * options_.start_factor; }

void LinearLR::fields(SchedulerFields& fields) {
  Scheduler::fields(fields);
  fields.field("start_factor", options_.start_factor);
  fields.field("end_factor", options_.end_factor);
  fields.field("total_iters", options_.total_iters);
}

StepLR::StepLR(Options options) : options_(options) {
  require(options_.step_size >= 1, name(), "step_size", static_cast<double>(options_.step_size), whole_above_0);
}

double StepLR::next_lr(std::size_t group) {
  const double lr = optimizer().lr(group);
  return last_epoch() == 0 || last_epoch() % options_.step_size != 0 ? lr : lr * options_.gamma;
}

double StepLR::restart_lr(std::size_t group) { return base_lr(group); }

void StepLR::fields(SchedulerFields& fields) {
  Scheduler::fields(fields);
  fields.field("step_size", options_.step_size);
  fields.field("gamma", options_.gamma);
}

MultiStepLR::MultiStepLR(Options options) : options_(std::move(options)) {
  const std::vector<std::int64_t>& milestones = options_.milestones;
  if (milestones.empty())
    throw std::invalid_argument("MultiStepLR: milestones is empty; name at least one epoch, as {30, 80}");
  for (const std::int64_t one : milestones)
    require(one >= 0, name(), "a milestone", static_cast<double>(one), "it must be 0 or more");
  if (!std::is_sorted(milestones.begin(), milestones.end()))
    throw std::invalid_argument("MultiStepLR: milestones are not in rising order; sort them");
}

double MultiStepLR::next_lr(std::size_t group) {
  const double lr = optimizer().lr(group);
  const auto here = std::count(options_.milestones.begin(), options_.milestones.end(), last_epoch());
  return here == 0 ? lr : lr * std::pow(options_.gamma, static_cast<double>(here));
}

double MultiStepLR::restart_lr(std::size_t group) {
  const auto passed = std::count(options_.milestones.begin(), options_.milestones.end(), 0);
  return base_lr(group) * std::pow(options_.gamma, static_cast<double>(passed));
}

void MultiStepLR::fields(SchedulerFields& fields) {
  Scheduler::fields(fields);
  fields.field("milestones", options_.milestones);
  fields.field("gamma", options_.gamma);
}

ExponentialLR::ExponentialLR(Options options) : options_(options) {
  require(options_.gamma > 0, name(), "gamma", options_.gamma, "it must be above 0, as 0.99");
}

double ExponentialLR::next_lr(std::size_t group) {
  const double lr = optimizer().lr(group);
  return initial() ? lr : lr * options_.gamma;
}

double ExponentialLR::restart_lr(std::size_t group) { return base_lr(group); }

void ExponentialLR::fields(SchedulerFields& fields) {
  Scheduler::fields(fields);
  fields.field("gamma", options_.gamma);
}

PolynomialLR::PolynomialLR(Options options) : options_(options) {
  require(options_.total_iters >= 1, name(), "total_iters", static_cast<double>(options_.total_iters), whole_above_0);
  require(options_.power >= 0, name(), "power", options_.power, "it must be 0 or more");
}

double PolynomialLR::next_lr(std::size_t group) {
  const double lr = optimizer().lr(group);
  if (initial() || last_epoch() > options_.total_iters) return lr;
  const auto total = static_cast<double>(options_.total_iters), now = static_cast<double>(last_epoch());
  return lr * std::pow((1.0 - now / total) / (1.0 - (now - 1) / total), options_.power);
}

double PolynomialLR::restart_lr(std::size_t group) { return base_lr(group); }

void PolynomialLR::fields(SchedulerFields& fields) {
  Scheduler::fields(fields);
  fields.field("total_iters", options_.total_iters);
  fields.field("power", options_.power);
}

}  // namespace tenon
