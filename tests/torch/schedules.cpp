// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// When the host steps the schedules of a task's optimizers; optimizers, schedules and the service tenon.optimizers/1 in
// whole trainings.
#include <torch/optim/lbfgs.h>

#include <boost/test/unit_test.hpp>
#include <tenon/schedulers.hpp>

#include "../loop/loop_fixture.hpp"
#include "torch/schedules.hpp"
#include "trained.hpp"

using namespace tenon;
using tenon::tests::LoopFixture;
using tenon::tests::Probe;
namespace tt = boost::test_tools;
using loop::ScheduleMoment;

namespace {

using Configure = std::function<std::vector<NamedOptimizer>(torch::nn::Module&)>;

/// A training of seven batches an epoch; its probe keeps the first learning rate that it sees at each batch's end.
struct Training {
  explicit Training(const Configure& configure, std::uint64_t steps = 8)
      : engine(task(configure), "test"), fixture(engine, "optimizers"), probe(fixture.probe("a")) {
    fixture.options.max_steps = steps;
    probe.on[TENON_HOOK(on_train_batch_end)] = [this](const void* args) {
      const Optimizers optimizers{Host(probe.host)};
      rates.push_back(*optimizers.option(0, 0, "lr"));
      if (at_batch_end) at_batch_end(static_cast<const tenon_batch_args*>(args)->progress->step, optimizers);
    };
  }
  static std::unique_ptr<Task> task(const Configure& configure) {
    auto owned = std::make_unique<::tests::TestTask>(7, ::tests::sgd);
    owned->configure = configure;
    return owned;
  }

  te::TorchEngine engine;
  LoopFixture fixture;
  Probe& probe;
  std::vector<double> rates;
  std::function<void(std::uint64_t, const Optimizers&)> at_batch_end;
};

Configure sgd_with(Schedule schedule) {
  return [schedule](torch::nn::Module& model) -> std::vector<NamedOptimizer> {
    return {{"main", std::make_shared<optim::SGD>(model.parameters(), optim::SGDOptions(1.0)), schedule}};
  };
}

using Rates = std::vector<double>;

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
  Scheduled by_epoch(Schedule{.scheduler = halves()});
  BOOST_CHECK((by_epoch.at({step, step, validation, epoch, step, epoch}) == Rates{1, 1, 1, 0.5, 0.5, 0.25}));
  Scheduled by_step(Schedule{.scheduler = halves(), .interval = Every::step, .frequency = 2});
  BOOST_CHECK((by_step.at({step, epoch, step, validation, step, step}) == Rates{1, 1, 0.5, 0.5, 0.5, 0.25}));
  BOOST_CHECK_EQUAL(by_step.schedules.name(0), "ExponentialLR");
  BOOST_CHECK_EQUAL(by_step.schedules.name(1), "");
}

BOOST_AUTO_TEST_CASE(a_validation_metric_is_looked_at_when_a_validation_ends) {
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

BOOST_AUTO_TEST_SUITE(optimizers_in_training)

BOOST_AUTO_TEST_CASE(a_schedule_by_step_has_stepped_when_the_batch_ends) {
  Training run(
      sgd_with({.scheduler = make_scheduler<StepLR>({.step_size = 3, .gamma = 0.5}), .interval = Every::step}));
  BOOST_CHECK_EQUAL(run.fixture.run().detail, "");
  BOOST_TEST((run.rates == Rates{1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25}), tt::per_element());
}

BOOST_AUTO_TEST_CASE(a_schedule_by_epoch_steps_at_the_end_of_whole_epochs) {
  Training run(sgd_with({.scheduler = make_scheduler<ExponentialLR>({.gamma = 0.5})}), 16);
  BOOST_CHECK_EQUAL(run.fixture.run().detail, "");
  Rates wanted(16, 1.0);
  std::fill(wanted.begin() + 7, wanted.begin() + 14, 0.5);
  std::fill(wanted.begin() + 14, wanted.end(), 0.25);
  BOOST_TEST(run.rates == wanted, tt::per_element());
}

BOOST_AUTO_TEST_CASE(a_plateau_of_a_validation_metric_reduces_when_the_validation_ends) {
  const auto plateau = make_scheduler<ReduceLROnPlateau>(
      {.factor = 0.5, .patience = 0, .threshold = 1e9, .threshold_mode = ReduceLROnPlateau::ThresholdMode::abs});
  Training run(sgd_with({.scheduler = plateau, .monitor = "val_loss"}), 22);
  BOOST_CHECK_EQUAL(run.fixture.run().detail, "");
  BOOST_CHECK_EQUAL(run.rates[13], 1.0);
  BOOST_CHECK_EQUAL(run.rates[14], 0.5);
  BOOST_CHECK_EQUAL(run.rates[21], 0.25);
}

BOOST_AUTO_TEST_CASE(a_plateau_of_a_metric_that_nobody_logs_ends_the_training_with_the_cure) {
  Training run(sgd_with({.scheduler = make_scheduler<ReduceLROnPlateau>({}), .monitor = "val_los"}), 22);
  const loop::FitResult result = run.fixture.run();
  BOOST_CHECK(result.exit == ExitCode::failed);
  BOOST_CHECK_EQUAL(result.detail,
                    "epoch 0, batch 7, learning-rate schedule: task 'test': the schedule of optimizer 'main', "
                    "ReduceLROnPlateau, monitors 'val_los', which nothing has logged; did you mean 'val_loss'? "
                    "(Schedule::strict = false goes on without it)");
}

BOOST_AUTO_TEST_CASE(a_schedule_goes_on_from_the_learning_rate_that_a_callback_sets) {
  Training run(sgd_with({.scheduler = make_scheduler<ExponentialLR>({.gamma = 0.5}), .interval = Every::step}), 5);
  run.at_batch_end = [](std::uint64_t step, const Optimizers& optimizers) {
    if (step == 2) optimizers.set_option(0, 0, "lr", 16.0, "try");
  };
  BOOST_CHECK_EQUAL(run.fixture.run().detail, "");
  BOOST_TEST((run.rates == Rates{0.5, 0.25, 8, 4, 2}), tt::per_element());
  boost::json::object document;
  ::tests::state_names(run.engine, document);
  BOOST_CHECK(document.at("optimizers").at(0).at("groups").at(0).at("options").at("lr") == 2.0);
  BOOST_CHECK_EQUAL(document.at("schedulers").at(0).at("count").to_number<int>(), 5);
}

BOOST_AUTO_TEST_CASE(a_callback_sees_every_optimizer_with_its_groups_and_parameters) {
  bool seen = false;
  Training run(
      [](torch::nn::Module& model) -> std::vector<NamedOptimizer> {
        const std::vector<at::Tensor> all = model.parameters();
        auto two = std::make_shared<optim::AdamW>(
            std::vector<optim::OptimizerParamGroup>{optim::OptimizerParamGroup({all[1], all[0]}),
                                                    optim::OptimizerParamGroup({all[2]})},
            optim::AdamWOptions(0.5));
        return {{"two", two, Schedule{.scheduler = make_scheduler<ExponentialLR>({.gamma = 0.5})}},
                {"one", ::tests::sgd({all[3]})}};
      },
      3);
  run.at_batch_end = [&](std::uint64_t step, const Optimizers& optimizers) {
    if (step != 2) return;
    seen = true;
    BOOST_CHECK_EQUAL(optimizers.count(), 2u);
    const tenon_optimizer_info info = optimizers.info(0);
    BOOST_CHECK_EQUAL(view(info.name), "two");
    BOOST_CHECK_EQUAL(view(info.type), "AdamW");
    BOOST_CHECK_EQUAL(view(info.scheduler), "ExponentialLR");
    BOOST_CHECK_EQUAL(info.groups, 2u);
    BOOST_CHECK_EQUAL(info.steps, 2u);
    BOOST_CHECK_EQUAL(view(optimizers.info(1).scheduler), "");
    const std::vector<std::string_view> names = {"lr", "beta1", "beta2", "eps", "weight_decay"};
    BOOST_TEST(optimizers.option_names(0, 1) == names, tt::per_element());
    BOOST_CHECK_EQUAL(*optimizers.option(0, 1, "beta2"), 0.999);
    BOOST_CHECK_EQUAL(*optimizers.option(1, 0, "momentum"), 0.9);
    std::vector<std::string> parameters;
    for (const tenon_tensor tensor : optimizers.parameters(0, 0))
      parameters.emplace_back(tensor_name(Host(run.probe.host), tensor));
    const std::vector<std::string> wanted = {"first.bias", "first.weight"};
    BOOST_TEST(parameters == wanted, tt::per_element());
    optimizers.set_option(0, 1, "beta1", 0.75, "");
    try {
      optimizers.set_option(0, 1, "beta1", 1.0, "");
      BOOST_ERROR("nothing was thrown");
    } catch (const Error& error) {
      BOOST_CHECK_EQUAL(error.what(), std::string("optimizer 'two': beta1 must be at least 0 and below 1"));
    }
  };
  BOOST_CHECK_EQUAL(run.fixture.run().detail, "");
  BOOST_CHECK(seen);
  boost::json::object document;
  ::tests::state_names(run.engine, document);
  BOOST_CHECK(document.at("optimizers").at(0).at("groups").at(1).at("options").at("betas").at(0) == 0.75);
}

BOOST_AUTO_TEST_CASE(lbfgs_trains_as_a_loop_by_hand_bit_for_bit) {
  const auto lbfgs = [](std::vector<at::Tensor> parameters) {
    return std::make_shared<optim::LBFGS>(std::move(parameters), optim::LBFGSOptions(0.1).max_iter(3).history_size(4));
  };
  Training run([&](torch::nn::Module& model) -> std::vector<NamedOptimizer> { return {lbfgs(model.parameters())}; }, 4);
  std::vector<std::uint32_t> repetitions;
  run.probe.on[TENON_HOOK(on_after_backward)] = [&](const void* args) {
    repetitions.push_back(static_cast<const tenon_step_args*>(args)->repetition);
  };
  BOOST_CHECK_EQUAL(run.fixture.run().detail, "");
  BOOST_TEST((repetitions == std::vector<std::uint32_t>{0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2}), tt::per_element());

  const auto data = ::tests::make_data();
  at::manual_seed(7);
  ::tests::Net net;
  const auto optimizer = lbfgs(net.parameters());
  at::Tensor order = at::arange(::tests::samples, at::kLong);
  te::shuffled_order(7, 0, {order.mutable_data_ptr<std::int64_t>(), ::tests::samples});
  for (std::int64_t first = 0; first < 32; first += 8) {
    const Batch batch = data->get_batch(order.slice(0, first, first + 8), {7, 0});
    optimizer->step([&] {
      optimizer->zero_grad();
      at::Tensor loss = at::mse_loss(net.forward(batch[0]), batch[1]);
      loss.backward();
      return loss;
    });
  }
  const auto parameters = net.parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i)
    BOOST_CHECK(parameters[i].equal(run.engine.model().parameters()[i].tensor));
}

BOOST_AUTO_TEST_SUITE_END()
