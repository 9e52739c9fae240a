// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "policy/triggers.hpp"

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <vector>

using namespace tenon::policy;

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
    if (third.fires_at_step(step)) fired.push_back(step);
  BOOST_TEST(fired == (std::vector<unsigned>{3, 7, 12}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_resumed_run_does_not_fire_again_for_its_step) {
  Triggers third(std::nullopt, 3);
  third.start_at_step(3);
  BOOST_TEST(!third.fires_at_step(3));
  BOOST_TEST(!third.fires_at_step(5));
  BOOST_TEST(third.fires_at_step(6));
}

BOOST_AUTO_TEST_CASE(a_trigger_beyond_the_limits_says_so) {
  BOOST_TEST(*Triggers(10, std::nullopt).never_fires(5, UINT64_MAX) ==
             "every 10 epochs never comes: the run ends after 5 epochs");
  BOOST_TEST(*Triggers(std::nullopt, 100).never_fires(UINT64_MAX, 99) ==
             "every 100 steps never comes: the run ends after 99 steps");
  BOOST_TEST(!Triggers(5, std::nullopt).never_fires(5, 1).has_value());
  BOOST_TEST(!Triggers(std::nullopt, 100).never_fires(1, 100).has_value());
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
