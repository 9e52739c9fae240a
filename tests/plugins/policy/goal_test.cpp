// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "policy/goal.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>

#include "policy/numbers.hpp"

using namespace tenon::policy;

namespace {
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
}  // namespace

BOOST_AUTO_TEST_SUITE(goal)

BOOST_AUTO_TEST_CASE(a_tie_is_no_improvement) {
  BOOST_TEST(!improves(Goal::minimize, 1.0, 1.0));
  BOOST_TEST(!improves(Goal::maximize, 1.0, 1.0));
  BOOST_TEST(improves(Goal::minimize, 0.9, 1.0));
  BOOST_TEST(improves(Goal::maximize, 1.1, 1.0));
}

BOOST_AUTO_TEST_CASE(an_improvement_of_just_min_delta_is_none) {
  BOOST_TEST(!improves(Goal::minimize, 0.75, 1.0, 0.25));
  BOOST_TEST(improves(Goal::minimize, 0.74, 1.0, 0.25));
  BOOST_TEST(!improves(Goal::maximize, 1.25, 1.0, 0.25));
}

BOOST_AUTO_TEST_CASE(nan_never_improves) {
  BOOST_TEST(!improves(Goal::minimize, nan_value, infinity));
  BOOST_TEST(!improves(Goal::maximize, nan_value, -infinity));
}

BOOST_AUTO_TEST_CASE(what_is_not_finite_counts_as_the_worst) {
  BOOST_TEST(score_of(Goal::minimize, nan_value) == infinity);
  BOOST_TEST(score_of(Goal::minimize, -infinity) == infinity);
  BOOST_TEST(score_of(Goal::maximize, infinity) == -infinity);
  BOOST_TEST(score_of(Goal::maximize, 0.5) == 0.5);
}

BOOST_AUTO_TEST_CASE(numbers_read_back_the_same) {
  BOOST_TEST(exact(0.1) == "0.1");
  BOOST_TEST(exact(3.0) == "3.0");
  BOOST_TEST(exact(-0.0) == "-0.0");
  BOOST_TEST(exact(1e-5) == "1e-05");
  BOOST_TEST(exact(1.0 / 3.0) == "0.3333333333333333");
  BOOST_TEST(exact(nan_value) == "nan");
  BOOST_TEST(exact(-infinity) == "-inf");
  BOOST_TEST(readable(0.12345678) == "0.123457");
  BOOST_TEST(readable(7.0) == "7");
}

BOOST_AUTO_TEST_SUITE_END()
