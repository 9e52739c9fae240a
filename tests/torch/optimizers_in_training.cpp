// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Optimizers, schedules and the service tenon.optimizers/1 in whole trainings.
#include <torch/optim/lbfgs.h>

#include <boost/test/unit_test.hpp>
#include <tenon/schedulers.hpp>

#include "../loop/loop_fixture.hpp"
#include "trained.hpp"

using namespace tenon;
using tenon::tests::LoopFixture;
using tenon::tests::Probe;
namespace tt = boost::test_tools;

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

}  // namespace

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
