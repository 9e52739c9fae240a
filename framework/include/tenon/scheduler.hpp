// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a learning-rate schedule is; the schedules themselves are in tenon/schedulers.hpp. Numbers only, no LibTorch.
#ifndef TENON_SCHEDULER_HPP
#define TENON_SCHEDULER_HPP

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tenon/metrics.hpp>
#include <vector>

namespace tenon {

/// The settings of an optimizer's parameter groups that schedules read and set.
class ScheduledOptimizer {
 public:
  virtual ~ScheduledOptimizer() = default;
  virtual std::size_t groups() const = 0;
  virtual double lr(std::size_t group) const = 0;
  virtual void set_lr(std::size_t group, double value) = 0;
  /// Whether it has a momentum, or a first beta in its place; the next two are called only then.
  virtual bool has_momentum() const = 0;
  virtual double momentum(std::size_t group) const = 0;
  virtual void set_momentum(std::size_t group, double value) = 0;

  /// What schedules start from: the learning rate that the group had when the first schedule was attached. All
  /// schedules of one optimizer share it, as PyTorch's group["initial_lr"].
  double initial_lr(std::size_t group);
  void set_initial_lr(std::size_t group, double value);

 private:
  std::vector<double> initial_lrs_;
};

/// Goes through a schedule's state, once to write it and once to read it back.
class SchedulerFields {
 public:
  virtual ~SchedulerFields() = default;
  virtual void field(const char* name, double& value) = 0;
  virtual void field(const char* name, std::int64_t& value) = 0;
  virtual void field(const char* name, bool& value) = 0;
  virtual void field(const char* name, std::string& value) = 0;
  virtual void field(const char* name, std::vector<double>& values) = 0;
  virtual void field(const char* name, std::vector<std::int64_t>& values) = 0;
};

/// A schedule: sets the learning rate of each parameter group from step to step. Used on one thread at a time.
///
/// Values, state and their names are PyTorch's (torch.optim.lr_scheduler of 2.15): most schedules go on from the
/// learning rate that the group has, so that several can be chained and a change from outside is gone on from.
/// A schedule of one's own derives from this class and says name(), next_lr() and, where it has state, fields().
class Scheduler {
 public:
  Scheduler() = default;
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;
  virtual ~Scheduler() = default;

  /// PyTorch's name of the class.
  virtual const char* name() const = 0;

  /// Binds the schedule to an optimizer that outlives it, and sets the learning rates of the start. The host does this.
  /// Throws std::logic_error when it is bound already, std::invalid_argument where a list has another length than there
  /// are groups.
  void attach(ScheduledOptimizer& optimizer);

  /// One step or epoch is over. Throws std::logic_error for one that monitors a metric.
  virtual void step();
  /// Whether it steps on a metric's value.
  virtual bool monitors() const { return false; }
  /// The same for one that monitors(); others ignore the value.
  virtual void step(double metric);

  /// What the metric is for, before the first step on it; throws std::invalid_argument where that contradicts.
  virtual void set_goal(Goal, const std::string& /*metric*/) {}

  /// What it set last, for each group.
  virtual std::vector<double> last_lr() const { return last_lr_; }

  /// Everything that load_state() needs to go on from here, parameters and children included; functions are left out.
  boost::json::object state() const;
  /// Takes all of it over, as PyTorch does; the optimizer's own learning rates are not touched. Throws
  /// std::invalid_argument, and nothing has changed, where the state is of another schedule or incomplete.
  void load_state(const boost::json::object& state);
  /// Throws as load_state() would, and changes nothing.
  void check_state(const boost::json::object& state);

 protected:
  /// The learning rate of a group at last_epoch(), which has just advanced.
  virtual double next_lr(std::size_t group) = 0;
  /// The same where a SequentialLR comes to this schedule: last_epoch() is 0, and the group still has the learning rate
  /// of the schedule before.
  virtual double restart_lr(std::size_t group) { return next_lr(group); }
  /// Names and values of the state; says the base's first. Called to write, to compare and to read: it must leave
  /// alone what a field has not changed.
  virtual void fields(SchedulerFields& fields);
  /// Sets what is to be set before the first learning rates; throws std::invalid_argument.
  virtual void prepare() {}

  ScheduledOptimizer& optimizer() const;
  std::int64_t last_epoch() const noexcept { return last_epoch_; }
  double base_lr(std::size_t group) const { return base_lrs_[group]; }
  /// The first learning rates are being set: a schedule that goes on from the group's leaves it as it is.
  bool initial() const noexcept { return initial_; }

  friend class ChainedScheduler;
  friend class SequentialLR;
  virtual void start();
  virtual void undo() { --last_epoch_; }
  virtual void restart();
  virtual std::vector<Scheduler*> children() const { return {}; }
  void initial_step();
  void apply(bool restarting);
  void remember_lr();
  std::int64_t step_count_ = 0;
  std::int64_t last_epoch_ = -1;
  std::vector<double> last_lr_;

 private:
  void read_state(const boost::json::object& state);

  ScheduledOptimizer* optimizer_ = nullptr;
  std::vector<double> base_lrs_;
  bool initial_ = false;
};

/// When a schedule steps.
enum class Every { step, epoch };

/// How the host drives an optimizer's schedule; Lightning's lr_scheduler configuration.
struct Schedule {
  std::shared_ptr<Scheduler> scheduler{};
  Every interval = Every::epoch;  ///< after each optimizer step of a batch, or at the end of each complete epoch
  std::uint64_t frequency = 1;    ///< every so many of them, counted through the whole run
  /// The metric that ReduceLROnPlateau watches. One that validations log is looked at when a validation ends, every
  /// `frequency` of them, whatever the interval; any other at the interval.
  std::string monitor{};
  bool strict = true;  ///< a metric that nobody logs ends the training with an error; otherwise it is warned of once
};

}  // namespace tenon

#endif
