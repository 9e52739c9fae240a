// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/schedules.hpp"

#include <boost/json/object.hpp>
#include <optional>
#include <set>
#include <stdexcept>
#include <tenon/did_you_mean.hpp>

#include "torch/restoration.hpp"

namespace tenon::torch_engine {

namespace {

class GroupSettings final : public ScheduledOptimizer {
 public:
  GroupSettings(Optimizers& optimizers, std::uint32_t optimizer)
      : optimizers_(optimizers),
        optimizer_(optimizer),
        lr_(optimizers.kind(optimizer).setting("lr")),
        momentum_(optimizers.kind(optimizer).momentum()) {
    if (!lr_)
      throw std::invalid_argument("type '" + optimizers.kind(optimizer).name() +
                                  "' has no learning rate to schedule: let its options override get_lr() and set_lr()");
  }
  std::size_t groups() const override { return optimizers_.groups(optimizer_); }
  double lr(std::size_t group) const override { return optimizers_.get(optimizer_, narrow(group), *lr_); }
  void set_lr(std::size_t group, double value) override { optimizers_.set(optimizer_, narrow(group), *lr_, value); }
  bool has_momentum() const override { return momentum_ != nullptr; }
  double momentum(std::size_t group) const override { return optimizers_.get(optimizer_, narrow(group), *momentum_); }
  void set_momentum(std::size_t group, double value) override {
    optimizers_.set(optimizer_, narrow(group), *momentum_, value);
  }

 private:
  static std::uint32_t narrow(std::size_t group) { return static_cast<std::uint32_t>(group); }
  Optimizers& optimizers_;
  std::uint32_t optimizer_;
  const Setting* lr_;
  const Setting* momentum_;
};

void check(const Schedule& schedule) {
  if (!schedule.scheduler) throw std::invalid_argument("its schedule is NULL");
  if (schedule.frequency == 0) throw std::invalid_argument("its schedule's frequency is 0; 1 steps it every time");
  const std::string name = schedule.scheduler->name();
  if (schedule.scheduler->monitors() && schedule.monitor.empty())
    throw std::invalid_argument(name + " steps on a metric: name it in Schedule::monitor");
  if (!schedule.scheduler->monitors() && !schedule.monitor.empty())
    throw std::invalid_argument(name + " looks at no metric: leave Schedule::monitor empty");
}

}  // namespace

Schedules::Schedules(Optimizers& optimizers) : optimizers_(optimizers) {
  for (std::uint32_t i = 0; i < optimizers.count(); ++i) {
    const NamedOptimizer& one = optimizers.named(i);
    if (!one.schedule) continue;
    try {
      check(*one.schedule);
      Entry entry{i, *one.schedule, std::make_shared<GroupSettings>(optimizers, i)};
      entry.schedule.scheduler->attach(*entry.view);
      entry.begun_with = entry.schedule.scheduler->state();
      entries_.push_back(std::move(entry));
    } catch (const std::exception& error) {
      throw std::invalid_argument("optimizer '" + one.name + "': " + error.what());
    }
  }
}

bool Schedules::due(Entry& entry) const { return ++entry.count % entry.schedule.frequency == 0; }

void Schedules::step(loop::ScheduleMoment moment, const loop::MetricReader& metrics) {
  for (Entry& entry : entries_) {
    const auto own = entry.schedule.interval == Every::step ? loop::ScheduleMoment::step : loop::ScheduleMoment::epoch;
    if (entry.schedule.scheduler->monitors())
      step_on_metric(entry, moment, metrics);
    else if (moment == own && due(entry))
      entry.schedule.scheduler->step();
  }
}

void Schedules::step_on_metric(Entry& entry, loop::ScheduleMoment moment, const loop::MetricReader& metrics) {
  const Schedule& schedule = entry.schedule;
  const auto own = schedule.interval == Every::step ? loop::ScheduleMoment::step : loop::ScheduleMoment::epoch;
  const std::optional<loop::MetricReading> metric = metrics.find(schedule.monitor);
  const std::string who =
      "the schedule of optimizer '" + optimizers_.named(entry.optimizer).name + "', " + schedule.scheduler->name();
  if (!metric) {
    if (moment != own || metrics.awaits_validation()) return;
    const std::string what = who + ", monitors '" + schedule.monitor + "', which nothing has logged" +
                             did_you_mean(schedule.monitor, metrics.names());
    if (schedule.strict) throw std::runtime_error(what + " (Schedule::strict = false goes on without it)");
    metrics.warn(what + ": the learning rate stays");
    return;
  }
  if (moment != (metric->from_validation ? loop::ScheduleMoment::validation : own) || !metric->fresh) return;
  if (!entry.goal_known) schedule.scheduler->set_goal(metric->goal, schedule.monitor);
  entry.goal_known = true;
  if (due(entry)) schedule.scheduler->step(metric->value);
}

const char* Schedules::name(std::uint32_t optimizer) const {
  for (const Entry& entry : entries_)
    if (entry.optimizer == optimizer) return entry.schedule.scheduler->name();
  return "";
}

const char* Schedules::interval_name(const Entry& entry) {
  return entry.schedule.interval == Every::step ? "step" : "epoch";
}

boost::json::array Schedules::describe() const {
  boost::json::array all;
  for (const Entry& entry : entries_) {
    boost::json::object described{{"optimizer", optimizers_.named(entry.optimizer).name},
                                  {"interval", interval_name(entry)},
                                  {"frequency", entry.schedule.frequency},
                                  {"monitor", entry.schedule.monitor},
                                  {"count", entry.count},
                                  {"goal_known", entry.goal_known},
                                  {"state", entry.schedule.scheduler->state()}};
    if (entry.begun_with != described["state"].get_object()) described["begun_with"] = entry.begun_with;
    all.push_back(std::move(described));
  }
  return all;
}

void Schedules::restore(const boost::json::array& described, Restoration& restoration) {
  std::set<std::string> known;
  for (Entry& entry : entries_) {
    Scheduler& scheduler = *entry.schedule.scheduler;
    const std::string& optimizer = optimizers_.named(entry.optimizer).name;
    const std::string what = "the schedule of optimizer '" + optimizer + "'";
    known.insert(optimizer);
    const boost::json::object* saved = nullptr;
    for (const boost::json::value& one : described)
      if (one.is_object() && string_at(one.get_object(), "optimizer") == optimizer) saved = &one.get_object();
    if (saved == nullptr) {
      restoration.differs(what, "", scheduler.name());
      continue;
    }
    restoration.compare(what + ", interval", saved->if_contains("interval"), interval_name(entry));
    restoration.compare(what + ", frequency", saved->if_contains("frequency"), entry.schedule.frequency);
    restoration.compare(what + ", monitor", saved->if_contains("monitor"), boost::json::string(entry.schedule.monitor));
    const boost::json::object& state = object_at(*saved, "state");
    try {
      scheduler.check_state(state);
    } catch (const std::exception& error) {
      restoration.refuse(what + ": " + error.what());
      continue;
    }
    const boost::json::object& told = object_at(*saved, "begun_with");
    const boost::json::object& begun = told.empty() ? state : told;
    if (begun != entry.begun_with)
      restoration.remark(what + ", " + scheduler.name() +
                         ", is made otherwise than when the run was begun; it goes on as it was saved");
    restoration.then([&entry, state, begun, count = count_at(*saved, "count"), goal = flag_at(*saved, "goal_known")] {
      entry.schedule.scheduler->load_state(state);
      entry.count = count;
      entry.goal_known = goal;
      entry.begun_with = begun;
    });
  }
  for (const boost::json::value& one : described)
    if (one.is_object() && known.count(string_at(one.get_object(), "optimizer")) == 0)
      restoration.differs("the schedule of optimizer '" + string_at(one.get_object(), "optimizer") + "'",
                          string_at(object_at(one.get_object(), "state"), "type"), "");
}

}  // namespace tenon::torch_engine
