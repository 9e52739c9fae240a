// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The rate that each batch is trained with, under Lightning's lr_scheduler configurations, through the whole loop.
#include <ATen/ops/zeros.h>
#include <torch/nn/module.h>
#include <torch/optim/sgd.h>

#include <boost/json/value_to.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <tenon/schedulers.hpp>

#include "lightning_run.hpp"
#include "torch/schedules.hpp"

using namespace tenon;
using namespace tenon::tests;
namespace json = boost::json;

namespace {

struct Deviation {
  std::string_view id, reason;
  std::vector<double> rates;
};

const std::vector<Deviation>& deviations() {
  static constexpr std::string_view steps_count =
      "Lightning counts a step schedule's frequency in the batches of each epoch, not in steps as it documents; here "
      "steps count, through the whole run";
  static constexpr std::string_view at_validations =
      "a metric of validations is looked at when one ends, and its frequency counts those; Lightning waits for the "
      "interval, and looks at a value once more if need be";
  static const std::vector<Deviation> all = {
      {"schedule_step_3", steps_count, {1, 1, 1, .5, .5, .5, .25, .25}},
      {"schedule_step_2_with_accumulation", steps_count, {1, 1, 1, 1, .5, .5, .5, .25, .25, .25}},
      {"plateau_validated_inside",
       at_validations,
       {1, 1, 1, 1, 1. / 2, 1. / 2, 1. / 4, 1. / 4, 1. / 8, 1. / 8, 1. / 16, 1. / 16, 1. / 32, 1. / 32, 1. / 64,
        1. / 64}},
      {"plateau_interval_step", at_validations, {1, 1, 1, 1, 1, 1, 1, 1}},
      {"plateau_every_2_epochs", at_validations, std::vector<double>(16, 1.0)},
  };
  return all;
}

std::vector<LightningCase> cases_with_a_schedule() {
  std::vector<LightningCase> chosen;
  for (const LightningCase& which : lightning_recording().cases)
    if (which.part("model", "schedule")) chosen.push_back(which);
  return chosen;
}

Schedule schedule_of(const LightningCase& which) {
  const json::object& how = which.part("model", "schedule")->as_object();
  const auto text = [&](const char* key) {
    return how.contains(key) ? std::string(how.at(key).as_string()) : std::string();
  };
  Schedule schedule;
  if (text("kind") == "plateau")
    schedule.scheduler = make_scheduler<ReduceLROnPlateau>({.factor = 0.5, .patience = 0});
  else
    schedule.scheduler = make_scheduler<ExponentialLR>({.gamma = 0.5});
  schedule.interval = text("interval") == "step" ? Every::step : Every::epoch;
  schedule.monitor = text("monitor");
  if (how.contains("frequency")) schedule.frequency = how.at("frequency").to_number<std::uint64_t>();
  if (how.contains("strict")) schedule.strict = how.at("strict").as_bool();
  return schedule;
}

struct OneWeight : torch::nn::Module {
  OneWeight() { weight = register_parameter("weight", at::zeros({1})); }
  at::Tensor weight;
};

}  // namespace

BOOST_DATA_TEST_CASE(batches_are_trained_with_the_rates_that_lightning_has,
                     boost::unit_test::data::make(cases_with_a_schedule()), which) {
  const auto network = std::make_shared<OneWeight>();
  torch_engine::Model model(network);
  torch_engine::Optimizers optimizers(
      {{"first", std::make_shared<torch::optim::SGD>(std::vector<at::Tensor>{network->weight}, 1.0),
        schedule_of(which)}},
      model);
  torch_engine::Schedules schedules(optimizers);
  LightningRun ours(which);
  ours.step_schedule = [&](loop::ScheduleMoment moment, const loop::MetricReader& metrics) {
    schedules.step(moment, metrics);
  };
  ours.learning_rate = [&] { return optimizers.get(0, 0, *optimizers.kind(0).setting("lr")); };
  ours.run();
  auto wanted = json::value_to<std::vector<double>>(which.recorded.at("lr").at("bs"));
  for (const Deviation& deviation : deviations())
    if (deviation.id == which.id) wanted = deviation.rates;
  BOOST_TEST(ours.rates == wanted, boost::test_tools::per_element());
}
