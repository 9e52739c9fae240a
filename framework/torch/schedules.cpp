// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/schedules.hpp"

#include <boost/json/object.hpp>
#include <optional>
#include <stdexcept>
#include <tenon/did_you_mean.hpp>

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

boost::json::array Schedules::describe() const {
  boost::json::array all;
  for (const Entry& entry : entries_)
    all.push_back(boost::json::object{{"optimizer", optimizers_.named(entry.optimizer).name},
                                      {"interval", entry.schedule.interval == Every::step ? "step" : "epoch"},
                                      {"frequency", entry.schedule.frequency},
                                      {"monitor", entry.schedule.monitor},
                                      {"count", entry.count},
                                      {"state", entry.schedule.scheduler->state()}});
  return all;
}

}  // namespace tenon::torch_engine
