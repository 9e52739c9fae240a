// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "policy/triggers.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace tenon::policy;

namespace {
constexpr double forever = std::numeric_limits<double>::infinity();

std::string refusal(std::optional<std::uint64_t> epochs, std::optional<std::uint64_t> steps,
                    std::optional<double> seconds) {
  try {
    const Triggers triggers(epochs, steps, seconds);
  } catch (const std::invalid_argument& wrong) {
    return wrong.what();
  }
  return "";
}
}  // namespace

BOOST_AUTO_TEST_SUITE(triggers)

BOOST_AUTO_TEST_CASE(every_epoch_is_the_default) {
  const Triggers none(std::nullopt, std::nullopt);
  BOOST_TEST(none.fires_at_epoch(0));
  BOOST_TEST(none.fires_at_epoch(1));
  BOOST_TEST(none.describe() == "every epoch");
}

BOOST_AUTO_TEST_CASE(naming_one_trigger_turns_the_default_off) {
  BOOST_TEST(!Triggers(std::nullopt, 5).by_epochs());
  BOOST_TEST(!Triggers(std::nullopt, 0).any());
  BOOST_TEST(!Triggers(0, std::nullopt).any());
  BOOST_TEST(Triggers(0, 5).by_steps());
}

BOOST_AUTO_TEST_CASE(two_triggers_are_refused_with_both_numbers) {
  BOOST_CHECK_EXCEPTION(Triggers(2, 100), std::invalid_argument, [](const std::invalid_argument& wrong) {
    return std::string(wrong.what()) ==
           "every_n_epochs is 2 and every_n_train_steps is 100: only one trigger may be above 0; use a second callback "
           "for the other";
  });
}

BOOST_AUTO_TEST_CASE(the_nth_epoch_fires) {
  const Triggers third(3, std::nullopt);
  std::vector<int> fired;
  for (unsigned epoch = 0; epoch < 9; ++epoch)
    if (third.fires_at_epoch(epoch)) fired.push_back(static_cast<int>(epoch));
  BOOST_TEST(fired == (std::vector<int>{2, 5, 8}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(steps_fire_when_a_multiple_was_reached_or_passed) {
  Triggers third(std::nullopt, 3);
  std::vector<unsigned> fired;
  for (const unsigned step : {0u, 1u, 2u, 3u, 3u, 4u, 7u, 8u, 12u})  // two optimizers, an accumulated batch, a jump
    if (third.fires_at_batch(step, 0.0)) fired.push_back(step);
  BOOST_TEST(fired == (std::vector<unsigned>{3, 7, 12}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_resumed_run_does_not_fire_again_for_its_step) {
  Triggers third(std::nullopt, 3);
  third.start_at_step(3);
  BOOST_TEST(!third.fires_at_batch(3, 0.0));
  BOOST_TEST(!third.fires_at_batch(5, 0.0));
  BOOST_TEST(third.fires_at_batch(6, 0.0));
}

BOOST_AUTO_TEST_CASE(a_trigger_beyond_the_limits_says_so) {
  BOOST_TEST(*Triggers(10, std::nullopt).never_fires(5, UINT64_MAX, forever) ==
             "every 10 epochs never comes: the run ends after 5 epochs");
  BOOST_TEST(*Triggers(std::nullopt, 100).never_fires(UINT64_MAX, 99, forever) ==
             "every 100 steps never comes: the run ends after 99 steps");
  BOOST_TEST(!Triggers(5, std::nullopt).never_fires(5, 1, forever).has_value());
  BOOST_TEST(!Triggers(std::nullopt, 100).never_fires(1, 100, forever).has_value());
}

BOOST_AUTO_TEST_CASE(time_is_counted_from_the_last_firing) {
  Triggers minute(std::nullopt, std::nullopt, 60.0);
  BOOST_TEST(!minute.by_epochs());
  BOOST_TEST(minute.describe() == "every 60 s");
  std::vector<unsigned> fired;
  for (unsigned step = 1; step <= 30; ++step)
    if (minute.fires_at_batch(step, step * 7.0)) fired.push_back(step);
  BOOST_TEST(fired == (std::vector<unsigned>{9, 18, 27}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_interval_of_nothing_fires_at_every_batch_but_once_for_a_step) {
  Triggers always(0, 0, 0.0);
  BOOST_TEST(!always.fires_at_batch(0, 5.0));
  BOOST_TEST(always.fires_at_batch(1, 5.0));
  BOOST_TEST(!always.fires_at_batch(1, 6.0));  // a batch that is accumulated
  BOOST_TEST(always.fires_at_batch(2, 6.0));
  BOOST_TEST(always.describe() == "every batch");
}

BOOST_AUTO_TEST_CASE(a_resumed_clock_goes_on_from_the_last_firing) {
  Triggers minute(std::nullopt, std::nullopt, 60.0);
  minute.start_at_time(100.0);
  BOOST_TEST(!minute.fires_at_batch(5, 159.0));
  BOOST_TEST(minute.fires_at_batch(6, 160.0));
  BOOST_TEST(minute.fired_at() == 160.0);
}

BOOST_AUTO_TEST_CASE(times_that_add_up_fire_whatever_their_last_digit) {
  Triggers tenth(std::nullopt, std::nullopt, 0.1);
  unsigned fired = 0;
  for (unsigned step = 1; step <= 100; ++step) fired += tenth.fires_at_batch(step, step / 10.0);
  BOOST_TEST(fired == 100u);
}

BOOST_AUTO_TEST_CASE(any_two_triggers_exclude_each_other) {
  BOOST_TEST(
      refusal(2, std::nullopt, 60.0) ==
      "every_n_epochs is 2 and train_time_interval is 60: only one trigger may be above 0; use a second callback "
      "for the other");
  BOOST_TEST(refusal(std::nullopt, 2, 0.0).find("a train_time_interval of 0 fires at every batch") !=
             std::string::npos);
  BOOST_TEST(refusal(1, 2, 3.0).find("every_n_epochs is 1, every_n_train_steps is 2 and train_time_interval is 3") ==
             0u);
  BOOST_TEST(refusal(0, 0, 60.0).empty());
}

BOOST_AUTO_TEST_CASE(a_time_that_never_comes_says_so) {
  BOOST_TEST(*Triggers(std::nullopt, std::nullopt, 60.0).never_fires(UINT64_MAX, UINT64_MAX, 59.0) ==
             "every 60 s never comes: the run ends after 59 s");
  BOOST_TEST(!Triggers(std::nullopt, std::nullopt, 60.0).never_fires(1, 1, forever).has_value());
}

BOOST_AUTO_TEST_CASE(epochs_that_never_meet_a_validation_say_so) {
  BOOST_TEST(
      *Triggers(3, std::nullopt).never_meets_validation(5, 2) ==
      "every 3 epochs, at the end of a validation, never comes: validation runs every 2 epochs, and the run ends "
      "after 5 epochs");
  BOOST_TEST(!Triggers(3, std::nullopt).never_meets_validation(6, 2).has_value());
  BOOST_TEST(!Triggers(3, std::nullopt).never_meets_validation(UINT64_MAX, 2).has_value());
  BOOST_TEST(!Triggers(3, std::nullopt).never_meets_validation(5, 0).has_value());
}

BOOST_AUTO_TEST_CASE(what_a_run_can_reach_follows_the_lower_limit) {
  BOOST_TEST(reachable_steps(3, UINT64_MAX, 10) == 30u);
  BOOST_TEST(reachable_steps(3, 25, 10) == 25u);
  BOOST_TEST(reachable_steps(UINT64_MAX, 25, 10) == 25u);
  BOOST_TEST(reachable_steps(3, UINT64_MAX, UINT64_MAX) == UINT64_MAX);
  BOOST_TEST(reachable_steps(UINT64_MAX - 1, UINT64_MAX, 10) == UINT64_MAX);
  BOOST_TEST(reachable_epochs(5, 25, 10) == 3u);
  BOOST_TEST(reachable_epochs(5, UINT64_MAX, 10) == 5u);
  BOOST_TEST(reachable_epochs(5, 25, 0) == 5u);
}

BOOST_AUTO_TEST_SUITE_END()
