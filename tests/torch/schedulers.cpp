// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <limits>
#include <string>

#include "schedule_numbers.hpp"

using namespace tenon;
using namespace tenon::tests;

namespace {

/// The message that `body` throws.
template <class Body>
std::string refusal(const Body& body) {
  try {
    body();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(schedulers)

BOOST_AUTO_TEST_CASE(a_parameter_that_cannot_be_is_refused_with_its_cure) {
  const auto expect = [](const std::string& text, const auto& make) { BOOST_CHECK_EQUAL(refusal(make), text); };
  expect("StepLR: step_size is 0; it must be 1 or more", [] { make_scheduler<StepLR>({.gamma = 0.5}); });
  expect("ConstantLR: factor is 0; it must be above 0 (it is undone by 1 / factor) and at most 1",
         [] { make_scheduler<ConstantLR>({.factor = 0.0}); });
  expect("ConstantLR: total_iters is 0; it must be 1 or more", [] { make_scheduler<ConstantLR>({.total_iters = 0}); });
  expect("LinearLR: start_factor is 1.5; it must be above 0 and at most 1",
         [] { make_scheduler<LinearLR>({.start_factor = 1.5}); });
  expect("LinearLR: end_factor is -1; it must be 0 to 1", [] { make_scheduler<LinearLR>({.end_factor = -1.0}); });
  expect("MultiStepLR: milestones is empty; name at least one epoch, as {30, 80}",
         [] { make_scheduler<MultiStepLR>({}); });
  expect("MultiStepLR: milestones are not in rising order; sort them", [] {
    make_scheduler<MultiStepLR>({.milestones = {80, 30}});
  });
  expect("ExponentialLR: gamma is 0; it must be above 0, as 0.99", [] { make_scheduler<ExponentialLR>({}); });
  expect("PolynomialLR: power is -2; it must be 0 or more", [] { make_scheduler<PolynomialLR>({.power = -2.0}); });
  expect("CosineAnnealingLR: T_max is 0; it must be 1 or more: the epochs from the highest learning rate to eta_min",
         [] { make_scheduler<CosineAnnealingLR>({}); });
  expect("CosineAnnealingWarmRestarts: T_mult is 0; it must be 1 or more",
         [] { make_scheduler<CosineAnnealingWarmRestarts>({.T_0 = 3, .T_mult = 0}); });
  expect("LambdaLR: lr_lambda is empty; give a function of the epoch, or one for each parameter group",
         [] { make_scheduler<LambdaLR>({}); });
  expect("OneCycleLR: total_steps is 0; give all steps of the training, or both epochs and steps_per_epoch",
         [] { make_scheduler<OneCycleLR>({.max_lr = 0.1, .epochs = 3}); });
  expect("OneCycleLR: max_lr is 0; give the highest learning rate, above 0",
         [] { make_scheduler<OneCycleLR>({.total_steps = 10}); });
  expect("OneCycleLR: pct_start is 30; it must be a share from 0 to 1",
         [] { make_scheduler<OneCycleLR>({.max_lr = 0.1, .total_steps = 10, .pct_start = 30.0}); });
  expect("ReduceLROnPlateau: factor is 1; it must be above 0 and below 1",
         [] { make_scheduler<ReduceLROnPlateau>({.factor = 1.0}); });
  expect("ReduceLROnPlateau: factor is nan; it must be above 0 and below 1",
         [] { make_scheduler<ReduceLROnPlateau>({.factor = std::numeric_limits<double>::quiet_NaN()}); });
}

BOOST_AUTO_TEST_CASE(schedules_that_cannot_stand_together_are_refused_with_the_cure) {
  const auto exponential = [] { return make_scheduler<ExponentialLR>({.gamma = 0.9}); };
  BOOST_CHECK_EQUAL(refusal([] { make_scheduler<ChainedScheduler>({}); }),
                    "ChainedScheduler: schedulers is empty; give at least one");
  BOOST_CHECK_EQUAL(
      refusal([&] {
        make_scheduler<ChainedScheduler>({.schedulers = {exponential(), make_scheduler<ReduceLROnPlateau>({})}});
      }),
      "ChainedScheduler: schedule 1 is ReduceLROnPlateau, which steps on a metric; give it as the "
      "optimizer's only schedule");
  BOOST_CHECK_EQUAL(refusal([&] {
                      const auto one = exponential();
                      make_scheduler<ChainedScheduler>({.schedulers = {one, one}});
                    }),
                    "ChainedScheduler: schedule 1 is in the list twice; make a schedule of its own for each place");
  BOOST_CHECK_EQUAL(
      refusal([&] {
        make_scheduler<SequentialLR>({.schedulers = {exponential(), exponential()}, .milestones = {3, 5}});
      }),
      "SequentialLR: 2 schedules with 2 milestones; give one milestone less than schedules");
  BOOST_CHECK_EQUAL(refusal([&] {
                      make_scheduler<SequentialLR>(
                          {.schedulers = {exponential(), exponential(), exponential()}, .milestones = {5, 5}});
                    }),
                    "SequentialLR: a milestone is 5; each must be above the one before, the first above 0");
  BOOST_CHECK_EQUAL(
      refusal([&] {
        make_scheduler<SequentialLR>(
            {.schedulers = {exponential(), make_scheduler<ChainedScheduler>({.schedulers = {exponential()}})},
             .milestones = {5}});
      }),
      "SequentialLR: schedule 1 is a ChainedScheduler, and only the first may be one of several; chain "
      "SequentialLRs instead");
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_the_optimizer_is_refused_when_it_is_attached) {
  NumberGroups two({0.1, 0.2}), still({0.1}, false);
  BOOST_CHECK_EQUAL(refusal([&] {
                      make_scheduler<OneCycleLR>({.max_lr = {1.0, 2.0, 3.0}, .total_steps = 9})->attach(two);
                    }),
                    "OneCycleLR: max_lr has 3 values, but the optimizer has 2 parameter groups; give one value for all "
                    "of them, or one for each");
  BOOST_CHECK_EQUAL(refusal([&] { make_scheduler<OneCycleLR>({.max_lr = 1.0, .total_steps = 9})->attach(still); }),
                    "OneCycleLR: the optimizer has neither a momentum nor betas to cycle; set cycle_momentum to false");
  const auto one = [](std::int64_t) { return 1.0; };
  BOOST_CHECK_EQUAL(refusal([&] {
                      make_scheduler<LambdaLR>({.lr_lambda = {one, one, one}})->attach(two);
                    }),
                    "LambdaLR: lr_lambda has 3 functions, but the optimizer has 2 parameter groups; give one function "
                    "for all of them, or one for each");
  const auto twice = make_scheduler<ExponentialLR>({.gamma = 0.5});
  twice->attach(two);
  BOOST_CHECK_EQUAL(refusal([&] { twice->attach(two); }),
                    "ExponentialLR already has an optimizer: make a schedule of its own for each place");
  BOOST_CHECK_EQUAL(refusal([] { make_scheduler<ExponentialLR>({.gamma = 0.5})->step(); }),
                    "ExponentialLR has no optimizer yet: call attach() first");
}

BOOST_AUTO_TEST_CASE(one_cycle_refuses_a_step_after_its_last) {
  NumberGroups groups({0.1});
  OneCycleLR cycle({.max_lr = 1.0, .total_steps = 3});
  cycle.attach(groups);
  for (int i = 0; i < 3; ++i) cycle.step();
  BOOST_CHECK_EQUAL(refusal([&] { cycle.step(); }),
                    "OneCycleLR is asked for step 4, but total_steps is 3: give it as many steps as the training has, "
                    "and let it step once for each");
}

BOOST_AUTO_TEST_CASE(one_cycle_has_a_number_at_a_phase_of_no_length) {
  NumberGroups groups({0.1});
  OneCycleLR cycle({.max_lr = 1.0, .total_steps = 10, .pct_start = 0.1});
  cycle.attach(groups);
  BOOST_CHECK_EQUAL(groups.lrs[0], 1.0);
  BOOST_CHECK_EQUAL(groups.momentums[0], 0.85);
}

BOOST_AUTO_TEST_CASE(plateau_needs_a_value_and_follows_the_goal_of_its_metric) {
  NumberGroups groups({1.0});
  ReduceLROnPlateau plateau({.patience = 0});
  plateau.attach(groups);
  BOOST_CHECK_EQUAL(refusal([&] { plateau.step(); }),
                    "ReduceLROnPlateau steps on a metric: call step(value), or name it in Schedule::monitor");
  plateau.set_goal(Goal::maximize, "val_acc");
  plateau.step(0.5);
  plateau.step(0.6);
  BOOST_CHECK_EQUAL(groups.lrs[0], 1.0);
  plateau.step(0.4);
  BOOST_CHECK_EQUAL(groups.lrs[0], 0.1);
  ReduceLROnPlateau wrong({.mode = ReduceLROnPlateau::Mode::min});
  BOOST_CHECK_EQUAL(refusal([&] { wrong.set_goal(Goal::maximize, "val_acc"); }),
                    "ReduceLROnPlateau: mode is min, but 'val_acc' is to be maximized; leave mode out, or correct it");
}

BOOST_AUTO_TEST_CASE(warm_up_is_linear_and_then_hands_over) {
  NumberGroups groups({0.8});
  const auto schedule = warm_up(4, make_scheduler<ExponentialLR>({.gamma = 0.5}), 0.25);
  schedule->attach(groups);
  std::vector<double> got = {groups.lrs[0]};
  for (int i = 0; i < 6; ++i) {
    schedule->step();
    got.push_back(groups.lrs[0]);
  }
  const std::vector<double> wanted = {0.2, 0.35, 0.5, 0.65, 0.8, 0.4, 0.2};
  for (std::size_t i = 0; i < wanted.size(); ++i) BOOST_CHECK_CLOSE(got[i], wanted[i], 1e-12);
}

BOOST_AUTO_TEST_CASE(a_state_of_another_schedule_is_refused_and_nothing_has_changed) {
  NumberGroups groups({0.1});
  const auto chain = make_scheduler<ChainedScheduler>(
      {.schedulers = {make_scheduler<StepLR>({.step_size = 3}), make_scheduler<ExponentialLR>({.gamma = 0.5})}});
  chain->attach(groups);
  const boost::json::object before = chain->state();
  boost::json::object state = before;
  state["_schedulers"].as_array()[0].as_object()["last_epoch"] = 7;
  state["_schedulers"].as_array()[1].as_object()["gamma"] = "much";
  BOOST_CHECK_EQUAL(refusal([&] { chain->load_state(state); }),
                    "the saved state of ExponentialLR cannot be used: 'gamma' is no number");
  state["_schedulers"].as_array()[1].as_object().erase("gamma");
  BOOST_CHECK_EQUAL(refusal([&] { chain->load_state(state); }),
                    "the saved state of ExponentialLR cannot be used: 'gamma' is missing");
  state["_schedulers"].as_array()[1].as_object()["type"] = "StepLR";
  BOOST_CHECK_EQUAL(
      refusal([&] { chain->load_state(state); }),
      "the saved schedule is a StepLR, this one is a ExponentialLR: configure the schedule that the run was "
      "begun with");
  state["_schedulers"].as_array().pop_back();
  BOOST_CHECK_EQUAL(refusal([&] { chain->load_state(state); }),
                    "ChainedScheduler was saved with 1 schedules, this one has 2");
  BOOST_CHECK(chain->state() == before);
}

BOOST_AUTO_TEST_CASE(a_state_for_other_parameter_groups_is_refused) {
  NumberGroups one({0.1}), two({0.1, 0.2});
  ExponentialLR saved({.gamma = 0.5}), loading({.gamma = 0.5});
  saved.attach(two);
  loading.attach(one);
  BOOST_CHECK_EQUAL(
      refusal([&] { loading.load_state(saved.state()); }),
      "the saved state of ExponentialLR cannot be used: 'base_lrs' has 2 values where 1 are expected: the "
      "number of parameter groups or of milestones is another than when it was saved");
}

BOOST_AUTO_TEST_CASE(a_schedule_of_ones_own_needs_a_name_and_a_formula) {
  class SquareRoot final : public Scheduler {
   public:
    const char* name() const override { return "SquareRoot"; }

   protected:
    double next_lr(std::size_t group) override { return base_lr(group) / static_cast<double>(1 + last_epoch()); }
  };
  NumberGroups groups({0.6});
  const auto schedule = make_scheduler<ChainedScheduler>(
      {.schedulers = {std::make_shared<SquareRoot>(), make_scheduler<ConstantLR>({.factor = 0.5, .total_iters = 9})}});
  schedule->attach(groups);
  BOOST_CHECK_EQUAL(groups.lrs[0], 0.3);
  schedule->step();
  BOOST_CHECK_EQUAL(groups.lrs[0], 0.3);  // its own formula starts from the base; the constant factor is applied once
}

BOOST_AUTO_TEST_SUITE_END()
