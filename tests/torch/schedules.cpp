// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// When the host steps the schedules of a task's optimizers.
#include "torch/schedules.hpp"

#include <ATen/ops/zeros.h>
#include <torch/nn/module.h>
#include <torch/optim/sgd.h>

#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <tenon/schedulers.hpp>

using namespace tenon;
using loop::ScheduleMoment;

namespace {

struct Weights : torch::nn::Module {
  Weights() {
    a = register_parameter("a", at::zeros({2}));
    b = register_parameter("b", at::zeros({2}));
  }
  at::Tensor a, b;
};

class Metrics final : public loop::MetricReader {
 public:
  std::optional<loop::MetricReading> find(std::string_view name) const override {
    const auto found = values.find(std::string(name));
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
  std::vector<std::string> names() const override {
    std::vector<std::string> all;
    for (const auto& [name, value] : values) all.push_back(name);
    return all;
  }
  bool awaits_validation() const override { return awaits; }
  void warn(const std::string& text) const override { warned.push_back(text); }

  std::map<std::string, loop::MetricReading> values;
  bool awaits = false;
  mutable std::vector<std::string> warned;
};

struct Scheduled {
  explicit Scheduled(std::optional<Schedule> schedule)
      : network(std::make_shared<Weights>()),
        model(network),
        optimizers({{"first", std::make_shared<torch::optim::SGD>(std::vector<at::Tensor>{network->a}, 1.0),
                     std::move(schedule)},
                    {"second", std::make_shared<torch::optim::SGD>(std::vector<at::Tensor>{network->b}, 1.0)}},
                   model),
        schedules(optimizers) {}
  double lr() const { return optimizers.get(0, 0, *optimizers.kind(0).setting("lr")); }
  /// Learning rate after each of these moments.
  std::vector<double> at(std::initializer_list<ScheduleMoment> moments) {
    std::vector<double> all;
    for (const ScheduleMoment moment : moments) {
      schedules.step(moment, metrics);
      all.push_back(lr());
    }
    return all;
  }

  std::shared_ptr<Weights> network;
  torch_engine::Model model;
  torch_engine::Optimizers optimizers;
  torch_engine::Schedules schedules;
  Metrics metrics;
};

constexpr auto step = ScheduleMoment::step, epoch = ScheduleMoment::epoch, validation = ScheduleMoment::validation;

std::shared_ptr<Scheduler> halves() { return make_scheduler<ExponentialLR>({.gamma = 0.5}); }
std::shared_ptr<Scheduler> plateau() { return make_scheduler<ReduceLROnPlateau>({.factor = 0.5, .patience = 0}); }

std::string refusal(const Schedule& schedule) {
  try {
    Scheduled scheduled(schedule);
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schedules)

BOOST_AUTO_TEST_CASE(a_schedule_steps_at_its_interval_every_so_many_of_them) {
  using Rates = std::vector<double>;
  Scheduled by_epoch(Schedule{.scheduler = halves()});
  BOOST_CHECK((by_epoch.at({step, step, validation, epoch, step, epoch}) == Rates{1, 1, 1, 0.5, 0.5, 0.25}));
  Scheduled by_step(Schedule{.scheduler = halves(), .interval = Every::step, .frequency = 2});
  BOOST_CHECK((by_step.at({step, epoch, step, validation, step, step}) == Rates{1, 1, 0.5, 0.5, 0.5, 0.25}));
  BOOST_CHECK_EQUAL(by_step.schedules.name(0), "ExponentialLR");
  BOOST_CHECK_EQUAL(by_step.schedules.name(1), "");
}

BOOST_AUTO_TEST_CASE(a_validation_metric_is_looked_at_when_a_validation_ends) {
  using Rates = std::vector<double>;
  Scheduled s(Schedule{.scheduler = plateau(), .monitor = "val_loss"});
  s.metrics.awaits = true;
  BOOST_CHECK((s.at({step, epoch}) == Rates{1, 1}));
  s.metrics.awaits = false;
  s.metrics.values["val_loss"] = {1.0, true, true, Goal::minimize};
  BOOST_CHECK((s.at({validation, epoch, step}) == Rates{1, 1, 1}));
  BOOST_CHECK((s.at({validation}) == Rates{0.5}));
  s.metrics.values["val_loss"].fresh = false;  // an epoch without a validation
  BOOST_CHECK((s.at({epoch, validation}) == Rates{0.5, 0.5}));
}

BOOST_AUTO_TEST_CASE(any_other_metric_is_looked_at_at_the_interval_and_by_its_goal) {
  using Rates = std::vector<double>;
  Scheduled s(Schedule{.scheduler = plateau(), .frequency = 2, .monitor = "accuracy"});
  s.metrics.values["accuracy"] = {0.5, true, false, Goal::maximize};
  BOOST_CHECK((s.at({epoch, validation, step, epoch}) == Rates{1, 1, 1, 1}));
  s.metrics.values["accuracy"].value = 0.25;
  BOOST_CHECK((s.at({epoch, epoch}) == Rates{1, 0.5}));
}

BOOST_AUTO_TEST_CASE(a_metric_that_nobody_logs_is_an_error_or_a_warning) {
  Scheduled strict(Schedule{.scheduler = plateau(), .monitor = "val_los"});
  strict.metrics.values["val_loss"] = {1.0, true, true, Goal::minimize};
  BOOST_CHECK_EXCEPTION(strict.at({validation, epoch}), std::runtime_error, [](const std::exception& error) {
    BOOST_CHECK_EQUAL(error.what(),
                      "the schedule of optimizer 'first', ReduceLROnPlateau, monitors 'val_los', which nothing has "
                      "logged; did you mean 'val_loss'? (Schedule::strict = false goes on without it)");
    return true;
  });
  Scheduled lenient(Schedule{.scheduler = plateau(), .monitor = "val_los", .strict = false});
  lenient.at({step, epoch});
  BOOST_REQUIRE_EQUAL(lenient.metrics.warned.size(), 1u);
  BOOST_CHECK_EQUAL(lenient.metrics.warned.front(),
                    "the schedule of optimizer 'first', ReduceLROnPlateau, monitors 'val_los', which nothing has "
                    "logged: the learning rate stays");
}

BOOST_AUTO_TEST_CASE(a_schedule_that_cannot_work_is_refused_naming_its_optimizer) {
  BOOST_CHECK_EQUAL(refusal({}), "optimizer 'first': its schedule is NULL");
  BOOST_CHECK_EQUAL(refusal({.scheduler = halves(), .frequency = 0}),
                    "optimizer 'first': its schedule's frequency is 0; 1 steps it every time");
  BOOST_CHECK_EQUAL(refusal({.scheduler = plateau()}),
                    "optimizer 'first': ReduceLROnPlateau steps on a metric: name it in Schedule::monitor");
  BOOST_CHECK_EQUAL(refusal({.scheduler = halves(), .monitor = "val_loss"}),
                    "optimizer 'first': ExponentialLR looks at no metric: leave Schedule::monitor empty");
}

BOOST_AUTO_TEST_CASE(one_cycle_cycles_the_momentum_of_the_optimizer) {
  Scheduled s(Schedule{.scheduler = make_scheduler<OneCycleLR>({.max_lr = 0.5, .total_steps = 8, .base_momentum = 0.5}),
                       .interval = Every::step});
  const auto momentum = [&] { return s.optimizers.get(0, 0, *s.optimizers.kind(0).momentum()); };
  BOOST_CHECK_EQUAL(momentum(), 0.95);
  for (int i = 0; i < 3; ++i) s.at({step});
  BOOST_CHECK_LT(momentum(), 0.7);
}

BOOST_AUTO_TEST_CASE(what_has_been_counted_stands_in_the_description) {
  Scheduled s(Schedule{.scheduler = halves(), .interval = Every::step, .frequency = 3});
  s.at({step, step, step, step});
  const boost::json::object described = s.schedules.describe().at(0).as_object();
  BOOST_CHECK(described.at("optimizer") == "first" && described.at("interval") == "step");
  BOOST_CHECK_EQUAL(described.at("frequency").to_number<int>(), 3);
  BOOST_CHECK_EQUAL(described.at("count").to_number<int>(), 4);
  BOOST_CHECK(described.at("state").at("type") == "ExponentialLR");
  BOOST_CHECK_EQUAL(described.at("state").at("last_epoch").as_int64(), 1);
  BOOST_CHECK(s.optimizers.describe().at(0).at("groups").at(0).at("options").at("lr") == 0.5);
}

BOOST_AUTO_TEST_SUITE_END()
