// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Learning-rate schedules under PyTorch's names, with its parameters and values. An "epoch" of their parameters is one
// step() of the schedule: an epoch or an optimizer step, as Schedule::interval says.
//
//   auto schedule = make_scheduler<StepLR>({.step_size = 30, .gamma = 0.5});
//   auto warm = warm_up(500, make_scheduler<CosineAnnealingLR>({.T_max = 9500}));
//
// LambdaLR, OneCycleLR and CosineAnnealingWarmRestarts compute each learning rate from the first one; the others go on
// from what the group has, so that a change from outside is kept.
//
// Every constructor throws std::invalid_argument for a parameter that cannot be, saying what to give.
#ifndef TENON_SCHEDULERS_HPP
#define TENON_SCHEDULERS_HPP

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <memory>
#include <optional>
#include <tenon/scheduler.hpp>
#include <utility>
#include <vector>

namespace tenon {

/// make_scheduler<StepLR>({.step_size = 30})
template <class Kind>
std::shared_ptr<Kind> make_scheduler(typename Kind::Options options) {
  return std::make_shared<Kind>(std::move(options));
}

/// One number for all parameter groups, or one for each.
class PerGroup {
 public:
  PerGroup(double all) : values_{all} {}
  PerGroup(std::initializer_list<double> each) : values_(each) {}
  PerGroup(std::vector<double> each) : values_(std::move(each)) {}
  const std::vector<double>& values() const noexcept { return values_; }

 private:
  std::vector<double> values_;
};

/// lr * factor until `total_iters`, then back to lr.
class ConstantLR final : public Scheduler {
 public:
  struct Options {
    double factor = 1.0 / 3;  ///< above 0, at most 1
    std::int64_t total_iters = 5;
  };
  explicit ConstantLR(Options options);
  const char* name() const override { return "ConstantLR"; }

 protected:
  double next_lr(std::size_t group) override;
  double restart_lr(std::size_t group) override;
  void fields(SchedulerFields& fields) override;

 private:
  Options options_;
};

/// From lr * start_factor to lr * end_factor in equal steps until `total_iters`: a warm-up, or a linear decay.
class LinearLR final : public Scheduler {
 public:
  struct Options {
    double start_factor = 1.0 / 3;  ///< above 0, at most 1
    double end_factor = 1.0;        ///< 0 to 1
    std::int64_t total_iters = 5;
  };
  explicit LinearLR(Options options);
  const char* name() const override { return "LinearLR"; }

 protected:
  double next_lr(std::size_t group) override;
  double restart_lr(std::size_t group) override;
  void fields(SchedulerFields& fields) override;

 private:
  Options options_;
};

/// lr * gamma after each `step_size`.
class StepLR final : public Scheduler {
 public:
  struct Options {
    std::int64_t step_size = 0;  ///< must be given
    double gamma = 0.1;
  };
  explicit StepLR(Options options);
  const char* name() const override { return "StepLR"; }

 protected:
  double next_lr(std::size_t group) override;
  double restart_lr(std::size_t group) override;
  void fields(SchedulerFields& fields) override;

 private:
  Options options_;
};

/// lr * gamma at each milestone; one that is named twice counts twice.
class MultiStepLR final : public Scheduler {
 public:
  struct Options {
    std::vector<std::int64_t> milestones = {};  ///< must be given; in rising order
    double gamma = 0.1;
  };
  explicit MultiStepLR(Options options);
  const char* name() const override { return "MultiStepLR"; }

 protected:
  double next_lr(std::size_t group) override;
  double restart_lr(std::size_t group) override;
  void fields(SchedulerFields& fields) override;

 private:
  Options options_;
};

/// lr * gamma at each step.
class ExponentialLR final : public Scheduler {
 public:
  struct Options {
    double gamma = 0.0;  ///< must be given; above 0
  };
  explicit ExponentialLR(Options options);
  const char* name() const override { return "ExponentialLR"; }

 protected:
  double next_lr(std::size_t group) override;
  double restart_lr(std::size_t group) override;
  void fields(SchedulerFields& fields) override;

 private:
  Options options_;
};

/// lr * (1 - epoch / total_iters) ^ power, 0 from `total_iters` on.
class PolynomialLR final : public Scheduler {
 public:
  struct Options {
    std::int64_t total_iters = 5;
    double power = 1.0;
  };
  explicit PolynomialLR(Options options);
  const char* name() const override { return "PolynomialLR"; }

 protected:
  double next_lr(std::size_t group) override;
  double restart_lr(std::size_t group) override;
  void fields(SchedulerFields& fields) override;

 private:
  Options options_;
};

/// Half a cosine from lr down to eta_min in `T_max`, and up again in as many.
class CosineAnnealingLR final : public Scheduler {
 public:
  struct Options {
    std::int64_t T_max = 0;  ///< must be given
    double eta_min = 0.0;
  };
  explicit CosineAnnealingLR(Options options);
  const char* name() const override { return "CosineAnnealingLR"; }

 protected:
  double next_lr(std::size_t group) override;
  double restart_lr(std::size_t group) override;
  void fields(SchedulerFields& fields) override;

 private:
  Options options_;
};

/// The same, starting anew from lr after T_0, then after T_0 * T_mult, ... (SGDR, Loshchilov and Hutter 2017).
class CosineAnnealingWarmRestarts final : public Scheduler {
 public:
  struct Options {
    std::int64_t T_0 = 0;  ///< must be given
    std::int64_t T_mult = 1;
    double eta_min = 0.0;
  };
  explicit CosineAnnealingWarmRestarts(Options options);
  const char* name() const override { return "CosineAnnealingWarmRestarts"; }
  void step() override;
  using Scheduler::step;

 protected:
  double next_lr(std::size_t group) override;
  void fields(SchedulerFields& fields) override;

 private:
  Options options_;
  std::int64_t t_i_ = 0;
  std::int64_t t_cur_ = -1;
};

/// initial lr * lr_lambda(epoch).
class LambdaLR final : public Scheduler {
 public:
  struct Options {
    std::vector<std::function<double(std::int64_t)>> lr_lambda = {};  ///< one for all groups, or one for each
  };
  explicit LambdaLR(Options options);
  const char* name() const override { return "LambdaLR"; }

 protected:
  double next_lr(std::size_t group) override;
  void prepare() override;

 private:
  Options options_;
};

/// lr * lr_lambda(epoch) at each step.
class MultiplicativeLR final : public Scheduler {
 public:
  using Options = LambdaLR::Options;
  explicit MultiplicativeLR(Options options);
  const char* name() const override { return "MultiplicativeLR"; }

 protected:
  double next_lr(std::size_t group) override;
  void prepare() override;

 private:
  Options options_;
};

/// From max_lr / div_factor up to max_lr and down to a ten-thousandth of the start, momentum (or the first beta) the
/// other way round (1cycle, Smith and Topin 2018). For Every::step.
class OneCycleLR final : public Scheduler {
 public:
  enum class Anneal { cos, linear };
  struct Options {
    PerGroup max_lr = 0.0;  ///< must be given
    /// All steps of the training; or `epochs` and `steps_per_epoch`. A step after the last is an error.
    std::int64_t total_steps = 0;
    std::int64_t epochs = 0;
    std::int64_t steps_per_epoch = 0;
    double pct_start = 0.3;  ///< the share of the steps in which the learning rate rises
    Anneal anneal_strategy = Anneal::cos;
    bool cycle_momentum = true;
    PerGroup base_momentum = 0.85;
    PerGroup max_momentum = 0.95;
    double div_factor = 25.0;
    double final_div_factor = 1e4;
    bool three_phase = false;
  };
  explicit OneCycleLR(Options options);
  const char* name() const override { return "OneCycleLR"; }

 protected:
  double next_lr(std::size_t group) override;
  void fields(SchedulerFields& fields) override;
  void prepare() override;

 private:
  double anneal(double from, double to, double share) const;

  Options options_;
  std::vector<double> max_lrs_, min_lrs_, base_momentums_, max_momentums_;
};

/// lr * factor when the monitored metric has not improved for more than `patience` looks at it.
class ReduceLROnPlateau final : public Scheduler {
 public:
  enum class Mode { min, max };
  enum class ThresholdMode { rel, abs };
  struct Options {
    std::optional<Mode> mode = {};  ///< not given: the metric's goal decides, else min
    double factor = 0.1;            ///< below 1
    std::int64_t patience = 10;
    double threshold = 1e-4;
    ThresholdMode threshold_mode = ThresholdMode::rel;
    std::int64_t cooldown = 0;
    PerGroup min_lr = 0.0;
    double eps = 1e-8;  ///< a smaller change of the learning rate is not made
  };
  explicit ReduceLROnPlateau(Options options);
  const char* name() const override { return "ReduceLROnPlateau"; }
  bool monitors() const override { return true; }
  void step() override;
  void step(double metric) override;
  void set_goal(Goal goal, const std::string& metric) override;

 protected:
  double next_lr(std::size_t group) override;
  void fields(SchedulerFields& fields) override;
  void start() override;

 private:
  bool better(double value) const;

  Options options_;
  std::vector<double> min_lrs_;
  double best_ = std::numeric_limits<double>::infinity();
  std::int64_t cooldown_counter_ = 0;
  std::int64_t num_bad_epochs_ = 0;
};

/// Steps several schedules of one optimizer together: each goes on from the learning rate that the one before has set.
class ChainedScheduler final : public Scheduler {
 public:
  struct Options {
    std::vector<std::shared_ptr<Scheduler>> schedulers = {};
  };
  explicit ChainedScheduler(Options options);
  const char* name() const override { return "ChainedScheduler"; }
  void step() override;
  using Scheduler::step;

 protected:
  double next_lr(std::size_t group) override;
  void fields(SchedulerFields& fields) override;
  void start() override;
  void undo() override;
  std::vector<Scheduler*> children() const override;

 private:
  Options options_;
};

/// One schedule after the other: the one that follows begins when as many steps are over as its milestone says. Only
/// the first may be one of several (a ChainedScheduler, a SequentialLR): PyTorch knows no value for others.
class SequentialLR final : public Scheduler {
 public:
  struct Options {
    std::vector<std::shared_ptr<Scheduler>> schedulers = {};
    std::vector<std::int64_t> milestones = {};  ///< one less than schedules
  };
  explicit SequentialLR(Options options);
  const char* name() const override { return "SequentialLR"; }
  void step() override;
  using Scheduler::step;

 protected:
  double next_lr(std::size_t group) override;
  void fields(SchedulerFields& fields) override;
  void start() override;
  void undo() override;
  std::vector<Scheduler*> children() const override;

 private:
  Scheduler& current(bool& begins) const;  // begins: its milestone is now

  Options options_;
};

/// A linear warm-up from lr * start_factor in `steps`, then `after`.
std::shared_ptr<SequentialLR> warm_up(std::int64_t steps, std::shared_ptr<Scheduler> after,
                                      double start_factor = 1.0 / 3);

}  // namespace tenon

#endif
