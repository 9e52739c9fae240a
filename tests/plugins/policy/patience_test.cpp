// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "policy/patience.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <vector>

using namespace tenon::policy;

namespace {

/// After which value, from 1, it was exhausted; 0 when it never was.
int exhausted_after(Patience patience, const std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    patience.check(values[i]);
    if (patience.exhausted()) return static_cast<int>(i + 1);
  }
  return 0;
}

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

}  // namespace

BOOST_AUTO_TEST_SUITE(patience)

BOOST_AUTO_TEST_CASE(checks_without_improvement_in_a_row_are_counted) {
  BOOST_TEST(exhausted_after(Patience(Goal::minimize, 3, 0), {6, 5, 5, 5, 5, 5}) == 5);
  BOOST_TEST(exhausted_after(Patience(Goal::minimize, 1, 0), {6, 5, 4, 4, 3, 3}) == 4);
  BOOST_TEST(exhausted_after(Patience(Goal::minimize, 3, 0), {6, 5, 6, 5, 5, 5}) == 5);
  BOOST_TEST(exhausted_after(Patience(Goal::minimize, 3, 0), {6, 7, 7, 5, 7, 7}) == 0);
}

BOOST_AUTO_TEST_CASE(zero_is_the_same_as_one) {
  BOOST_TEST(exhausted_after(Patience(Goal::maximize, 0, 0), {1, 2, 2}) == 3);
  BOOST_TEST(exhausted_after(Patience(Goal::maximize, 1, 0), {1, 2, 2}) == 3);
}

BOOST_AUTO_TEST_CASE(an_improvement_of_just_min_delta_does_not_count) {
  BOOST_TEST(exhausted_after(Patience(Goal::minimize, 2, 0.25), {1.0, 0.75, 0.75}) == 3);
  BOOST_TEST(exhausted_after(Patience(Goal::minimize, 2, 0.25), {1.0, 0.74, 0.75}) == 0);
}

BOOST_AUTO_TEST_CASE(nan_is_a_check_without_improvement) {
  Patience waiting(Goal::minimize, 2, 0);
  BOOST_TEST(exhausted_after(waiting, {3, nan_value, 2, nan_value, nan_value}) == 5);
  waiting.check(nan_value);
  BOOST_TEST(!waiting.best().has_value());
}

BOOST_AUTO_TEST_CASE(the_first_number_is_an_improvement_over_nothing) {
  Patience waiting(Goal::maximize, 1, 0.5);
  BOOST_TEST(waiting.check(-1e300));
  BOOST_TEST(*waiting.best() == -1e300);
  BOOST_TEST(waiting.waited() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
