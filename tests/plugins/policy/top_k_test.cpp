// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "policy/top_k.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

using namespace tenon::policy;

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

/// Tickets count up; every save is durable at once unless it is left open.
struct Plan {
  TopK kept;
  Ticket next = 1;

  std::vector<Release> open(double value) { return kept.add(next++, value); }
  bool offer(double value) {
    if (!kept.enters(value)) return false;
    (void)kept.add(next, value);
    (void)kept.saved(next++);
    return true;
  }
  std::vector<Ticket> counted() const {
    std::vector<Ticket> out;
    for (const Entry& e : kept.entries())
      if (!e.leaving_for) out.push_back(e.ticket);
    return out;
  }
};

Plan best(std::int64_t k, Goal goal = Goal::minimize) { return {TopK(k, goal)}; }
Plan newest(std::int64_t k) { return {TopK(k, std::nullopt)}; }
using Tickets = std::vector<Ticket>;

}  // namespace

#define CHECK_TICKETS(left, ...) BOOST_TEST((left) == (Tickets{__VA_ARGS__}), boost::test_tools::per_element())

BOOST_AUTO_TEST_SUITE(top_k)

BOOST_AUTO_TEST_CASE(the_best_k_stay) {
  Plan plan = best(2);
  for (const double value : {10.0, 9.0, 2.8, 5.0, 2.5}) plan.offer(value);
  CHECK_TICKETS(plan.counted(), 3, 5);
  BOOST_TEST(plan.kept.best()->score == 2.5);
}

BOOST_AUTO_TEST_CASE(max_keeps_the_highest) {
  Plan plan = best(1, Goal::maximize);
  for (const double value : {0.1, 0.5, 0.3}) plan.offer(value);
  BOOST_TEST(plan.kept.best()->score == 0.5);
}

BOOST_AUTO_TEST_CASE(a_tie_never_displaces) {
  Plan plan = best(1);
  BOOST_TEST(plan.offer(1.0));
  BOOST_TEST(!plan.offer(1.0));
}

BOOST_AUTO_TEST_CASE(among_equally_bad_ones_the_oldest_goes) {
  Plan plan = best(2);
  plan.offer(1.0);
  plan.offer(1.0);
  BOOST_TEST(plan.offer(0.5));
  CHECK_TICKETS(plan.counted(), 2, 3);
}

BOOST_AUTO_TEST_CASE(of_equally_good_ones_the_oldest_is_the_best) {
  Plan plan = best(3);
  plan.offer(1.0);
  plan.offer(1.0);
  BOOST_TEST(plan.kept.best()->ticket == 1u);
}

BOOST_AUTO_TEST_CASE(nan_fills_free_places_and_goes_first) {
  Plan plan = best(2);
  BOOST_TEST(plan.offer(3.0));
  BOOST_TEST(plan.offer(nan_value));
  BOOST_TEST(!plan.offer(nan_value));
  BOOST_TEST(plan.offer(7.0));
  CHECK_TICKETS(plan.counted(), 1, 3);
}

BOOST_AUTO_TEST_CASE(an_infinitely_good_value_displaces_nothing) {
  Plan plan = best(1);
  plan.offer(1.0);
  BOOST_TEST(!plan.offer(-std::numeric_limits<double>::infinity()));
}

BOOST_AUTO_TEST_CASE(without_a_goal_the_newest_stays) {
  Plan plan = newest(1);
  plan.offer(0);
  plan.offer(0);
  CHECK_TICKETS(plan.counted(), 2);
  BOOST_TEST(plan.kept.best()->ticket == 2u);
}

BOOST_AUTO_TEST_CASE(zero_takes_none_in) { BOOST_TEST(!best(0).kept.enters(1.0)); }

BOOST_AUTO_TEST_CASE(all_are_kept_and_only_the_best_is_remembered) {
  Plan plan = best(-1);
  for (const double value : {3.0, 1.0, 2.0, nan_value}) BOOST_TEST(plan.offer(value));
  CHECK_TICKETS(plan.counted(), 2);
  BOOST_TEST(plan.kept.best()->score == 1.0);
}

BOOST_AUTO_TEST_CASE(nothing_leaves_before_its_replacement_is_durable) {
  Plan plan = best(1);
  plan.offer(1.0);
  const std::vector<Release> releases = plan.open(0.5);
  BOOST_REQUIRE(releases.size() == 1u);
  BOOST_TEST(releases[0].held == 1u);
  BOOST_TEST(releases[0].after == 2u);
  BOOST_TEST(plan.kept.entries().size() == 2u);
  (void)plan.kept.saved(2);
  CHECK_TICKETS(plan.counted(), 2);
  BOOST_TEST(plan.kept.entries().size() == 1u);
}

BOOST_AUTO_TEST_CASE(a_failed_save_brings_back_what_was_leaving_for_it) {
  Plan plan = best(1);
  plan.offer(1.0);
  (void)plan.open(0.5);
  BOOST_TEST(plan.kept.lost(2).empty());
  CHECK_TICKETS(plan.counted(), 1);
  BOOST_TEST(plan.kept.best()->score == 1.0);
  BOOST_TEST(plan.kept.enters(0.9));
}

BOOST_AUTO_TEST_CASE(what_comes_back_too_late_leaves_for_what_is_still_being_written) {
  Plan plan = best(1);
  plan.offer(1.0);
  (void)plan.open(0.5);  // 2 pushes 1 out
  (void)plan.open(0.4);  // 3 pushes 2 out
  const std::vector<Release> releases = plan.kept.lost(2);
  BOOST_REQUIRE(releases.size() == 1u);
  BOOST_TEST(releases[0].held == 1u);
  BOOST_TEST(releases[0].after == 3u);
  BOOST_TEST(plan.kept.lost(3).empty());
  CHECK_TICKETS(plan.counted(), 1);
}

BOOST_AUTO_TEST_CASE(a_smaller_k_lets_go_of_the_worst_at_once) {
  TopK kept(1, Goal::minimize);
  kept.restore({{1, 0, 5.0, true}, {2, 0, 4.0, true}, {3, 0, 3.0, true}});
  const std::vector<Release> releases = kept.trim();
  BOOST_REQUIRE(releases.size() == 2u);
  BOOST_TEST(releases[0].held == 1u);
  BOOST_TEST(releases[0].after == 0u);
  BOOST_TEST(releases[1].held == 2u);
  BOOST_TEST(kept.best()->ticket == 3u);
}

BOOST_AUTO_TEST_CASE(a_deleted_one_makes_room) {
  Plan plan = best(1);
  plan.offer(1.0);
  BOOST_TEST(plan.kept.removed(1));
  BOOST_TEST(!plan.kept.removed(1));
  BOOST_TEST(plan.kept.best() == nullptr);
  BOOST_TEST(plan.kept.enters(9.0));
}

BOOST_AUTO_TEST_CASE(everything_can_leave_for_one_kept_elsewhere) {
  Plan plan = newest(1);
  plan.offer(0);
  const std::vector<Release> releases = plan.kept.clear(7);
  BOOST_REQUIRE(releases.size() == 1u);
  BOOST_TEST(releases[0].after == 7u);
  BOOST_TEST(plan.kept.counted() == 0u);
  BOOST_TEST(plan.kept.lost(7).empty());
  CHECK_TICKETS(plan.counted(), 1);
}

BOOST_AUTO_TEST_CASE(what_will_leave_when_it_may_is_not_settled) {
  Plan plan = best(2);
  BOOST_TEST(plan.offer(5.0));
  BOOST_TEST(plan.offer(4.0));
  BOOST_TEST(plan.kept.settled() == 2u);
  BOOST_TEST(plan.open(3.0).size() == 1u);
  BOOST_TEST(plan.kept.settled() == 1u);
  BOOST_TEST(plan.open(2.0).empty());  // with two unwritten ones nobody knows for which of them the other leaves
  BOOST_TEST(plan.kept.settled() == 0u);
}

BOOST_AUTO_TEST_CASE(what_does_not_pass_the_bar_has_no_place) {
  for (const std::int64_t k : {-1, 1, 3}) {
    TopK kept(k, Goal::maximize, 0.5);
    BOOST_TEST(!kept.enters(0.5));
    BOOST_TEST(!kept.enters(nan_value));
    BOOST_TEST(kept.enters(0.6));
  }
}

BOOST_AUTO_TEST_CASE(a_decision_does_not_walk_over_all_that_is_kept) {
  constexpr Ticket count = 50000;
  TopK kept(count, Goal::minimize);
  for (Ticket ticket = 1; ticket <= 2 * count; ++ticket) {  // seconds, where each walks; minutes where it copies
    const double value = static_cast<double>((ticket * 7919) % 1000003);
    if (!kept.enters(value)) continue;
    (void)kept.add(ticket, value);
    (void)kept.saved(ticket);
  }
  BOOST_TEST(kept.counted() == count);
}

BOOST_AUTO_TEST_SUITE_END()
