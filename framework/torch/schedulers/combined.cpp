// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <stdexcept>
#include <string>

#include "torch/schedulers/parameters.hpp"

namespace tenon {

namespace {

void check(const char* scheduler, const std::vector<std::shared_ptr<Scheduler>>& schedulers) {
  if (schedulers.empty())
    throw std::invalid_argument(std::string(scheduler) + ": schedulers is empty; give at least one");
  for (std::size_t i = 0; i < schedulers.size(); ++i) {
    const std::string which = std::string(scheduler) + ": schedule " + std::to_string(i);
    if (!schedulers[i]) throw std::invalid_argument(which + " is NULL");
    if (schedulers[i]->monitors())
      throw std::invalid_argument(which + " is " + schedulers[i]->name() +
                                  ", which steps on a metric; give it as the optimizer's only schedule");
    if (std::find(schedulers.begin(), schedulers.begin() + static_cast<std::ptrdiff_t>(i), schedulers[i]) !=
        schedulers.begin() + static_cast<std::ptrdiff_t>(i))
      throw std::invalid_argument(which + " is in the list twice; make a schedule of its own for each place");
  }
}

std::vector<Scheduler*> pointers(const std::vector<std::shared_ptr<Scheduler>>& schedulers) {
  std::vector<Scheduler*> all;
  for (const auto& one : schedulers) all.push_back(one.get());
  return all;
}

}  // namespace

ChainedScheduler::ChainedScheduler(Options options) : options_(std::move(options)) {
  check(name(), options_.schedulers);
}

void ChainedScheduler::start() {
  for (const auto& one : options_.schedulers) one->attach(optimizer());
  remember_lr();
}

void ChainedScheduler::step() {
  optimizer();
  for (const auto& one : options_.schedulers) one->step();
  remember_lr();
}

void ChainedScheduler::undo() {
  for (const auto& one : options_.schedulers) one->undo();
}

double ChainedScheduler::next_lr(std::size_t group) { return optimizer().lr(group); }

void ChainedScheduler::fields(SchedulerFields& fields) { fields.field("_last_lr", last_lr_); }

std::vector<Scheduler*> ChainedScheduler::children() const { return pointers(options_.schedulers); }

SequentialLR::SequentialLR(Options options) : options_(std::move(options)) {
  const auto& [schedulers, milestones] = options_;
  check(name(), schedulers);
  for (std::size_t i = 1; i < schedulers.size(); ++i)
    if (!schedulers[i]->children().empty())
      throw std::invalid_argument("SequentialLR: schedule " + std::to_string(i) + " is a " + schedulers[i]->name() +
                                  ", and only the first may be one of several; chain SequentialLRs instead");
  if (milestones.size() + 1 != schedulers.size())
    throw std::invalid_argument("SequentialLR: " + std::to_string(schedulers.size()) + " schedules with " +
                                std::to_string(milestones.size()) +
                                " milestones; give one milestone less than schedules");
  for (std::size_t i = 0; i < milestones.size(); ++i)
    require(milestones[i] > (i == 0 ? 0 : milestones[i - 1]), name(), "a milestone", static_cast<double>(milestones[i]),
            "each must be above the one before, the first above 0");
}

Scheduler& SequentialLR::current(bool& begins) const {
  const auto& milestones = options_.milestones;
  const auto next = std::upper_bound(milestones.begin(), milestones.end(), last_epoch());
  begins = next != milestones.begin() && *(next - 1) == last_epoch();
  return *options_.schedulers[static_cast<std::size_t>(next - milestones.begin())];
}

void SequentialLR::start() {
  for (const auto& one : options_.schedulers) one->attach(optimizer());
  last_epoch_ = 0;
  // Each schedule has set the start's learning rates for itself: all of that is undone, then the first begins alone.
  for (std::size_t group = 0; group < optimizer().groups(); ++group)
    optimizer().set_lr(group, optimizer().initial_lr(group));
  undo();
  options_.schedulers.front()->initial_step();
  remember_lr();
}

void SequentialLR::step() {
  optimizer();
  ++last_epoch_;
  bool begins = false;
  Scheduler& now = current(begins);
  if (begins)
    now.restart();
  else
    now.step();
  remember_lr();
}

void SequentialLR::undo() {
  for (const auto& one : options_.schedulers) one->undo();
}

double SequentialLR::next_lr(std::size_t group) { return optimizer().lr(group); }

void SequentialLR::fields(SchedulerFields& fields) {
  fields.field("last_epoch", last_epoch_);
  fields.field("_last_lr", last_lr_);
  fields.field("_milestones", options_.milestones);
}

std::vector<Scheduler*> SequentialLR::children() const { return pointers(options_.schedulers); }

std::shared_ptr<SequentialLR> warm_up(std::int64_t steps, std::shared_ptr<Scheduler> after, double start_factor) {
  auto rise = make_scheduler<LinearLR>({.start_factor = start_factor, .total_iters = steps});
  return make_scheduler<SequentialLR>({.schedulers = {std::move(rise), std::move(after)}, .milestones = {steps}});
}

}  // namespace tenon
