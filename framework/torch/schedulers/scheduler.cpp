// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>
#include <string>
#include <tenon/scheduler.hpp>

#include "torch/schedulers/fields.hpp"

namespace tenon {

namespace json = boost::json;

double ScheduledOptimizer::initial_lr(std::size_t group) {
  for (std::size_t i = initial_lrs_.size(); i < groups(); ++i) initial_lrs_.push_back(lr(i));
  return initial_lrs_.at(group);
}

void ScheduledOptimizer::set_initial_lr(std::size_t group, double value) {
  initial_lr(group);
  initial_lrs_[group] = value;
}

void Scheduler::attach(ScheduledOptimizer& optimizer) {
  if (optimizer_)
    throw std::logic_error(std::string(name()) +
                           " already has an optimizer: make a schedule of its own for each place");
  optimizer_ = &optimizer;
  prepare();
  start();
}

ScheduledOptimizer& Scheduler::optimizer() const {
  if (!optimizer_) throw std::logic_error(std::string(name()) + " has no optimizer yet: call attach() first");
  return *optimizer_;
}

void Scheduler::start() {
  base_lrs_.clear();
  for (std::size_t group = 0; group < optimizer().groups(); ++group) base_lrs_.push_back(optimizer().initial_lr(group));
  last_epoch_ = -1;
  initial_step();
}

void Scheduler::initial_step() {
  step_count_ = 0;
  initial_ = true;
  step();
  initial_ = false;
}

void Scheduler::step() {
  optimizer();
  ++step_count_;
  ++last_epoch_;
  apply(false);
}

void Scheduler::step(double) { step(); }

void Scheduler::restart() {
  last_epoch_ = 0;
  apply(true);
}

void Scheduler::apply(bool restarting) {
  for (std::size_t group = 0; group < optimizer_->groups(); ++group)
    optimizer_->set_lr(group, restarting ? restart_lr(group) : next_lr(group));
  remember_lr();
}

void Scheduler::remember_lr() {
  last_lr_.clear();
  for (std::size_t group = 0; group < optimizer_->groups(); ++group) last_lr_.push_back(optimizer_->lr(group));
}

void Scheduler::fields(SchedulerFields& fields) {
  fields.field("base_lrs", base_lrs_);
  fields.field("last_epoch", last_epoch_);
  fields.field("_step_count", step_count_);
  fields.field("_last_lr", last_lr_);
}

json::object Scheduler::state() const {
  json::object state{{"type", name()}};
  FieldWriter writer(state);
  const_cast<Scheduler*>(this)->fields(writer);  // a writer leaves what it is shown as it is
  if (const std::vector<Scheduler*> all = children(); !all.empty()) {
    json::array states;
    for (const Scheduler* child : all) states.push_back(child->state());
    state["_schedulers"] = std::move(states);
  }
  return state;
}

void Scheduler::load_state(const json::object& state) {
  optimizer();
  check_state(state);
  read_state(state);
}

void Scheduler::check_state(const json::object& state) {
  const json::value* type = state.if_contains("type");
  if (!type || !type->is_string() || type->get_string() != name())
    throw std::invalid_argument("the saved schedule is " +
                                (type && type->is_string() ? "a " + std::string(type->get_string()) : "of no type") +
                                ", this one is a " + name() + ": configure the schedule that the run was begun with");
  FieldReader checker(name(), state, FieldReader::check);
  fields(checker);
  const std::vector<Scheduler*> all = children();
  if (all.empty()) return;
  const json::value* states = state.if_contains("_schedulers");
  const std::size_t saved = states && states->is_array() ? states->get_array().size() : 0;
  if (saved != all.size())
    throw std::invalid_argument(std::string(name()) + " was saved with " + std::to_string(saved) +
                                " schedules, this one has " + std::to_string(all.size()));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const json::value& one = states->get_array()[i];
    if (!one.is_object()) throw std::invalid_argument(std::string(name()) + ": a saved schedule is no JSON object");
    all[i]->check_state(one.get_object());
  }
}

void Scheduler::read_state(const json::object& state) {
  FieldReader reader(name(), state, FieldReader::read);
  fields(reader);
  const std::vector<Scheduler*> all = children();
  for (std::size_t i = 0; i < all.size(); ++i) all[i]->read_state(state.at("_schedulers").get_array()[i].get_object());
}

}  // namespace tenon
