// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "policy/stopping.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <vector>

using namespace tenon::policy;

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

StoppingOptions waiting(std::uint64_t patience, Goal goal = Goal::minimize) {
  StoppingOptions options;
  options.metric = "m";
  options.goal = goal;
  options.patience = patience;
  return options;
}
StoppingOptions with_delta(std::uint64_t patience, double min_delta, Goal goal = Goal::minimize,
                           bool relative = false) {
  StoppingOptions options = waiting(patience, goal);
  options.min_delta = min_delta;
  options.relative = relative;
  return options;
}

/// After which value, counted from 1, the training should end, and why; 0 when never.
struct End {
  int after = 0;
  StopReason reason = StopReason::none;
  StoppingState state;
  std::string words;
};
End end_of(const StoppingOptions& options, const std::vector<double>& values) {
  Stopping rules(options);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const StopReason reason = rules.check(values[i]).reason;
    if (reason != StopReason::none)
      return {static_cast<int>(i + 1), reason, rules.state(), rules.describe(reason, values[i])};
  }
  return {0, StopReason::none, rules.state(), ""};
}
int ends_after(const StoppingOptions& options, const std::vector<double>& values) {
  return end_of(options, values).after;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stopping)

BOOST_AUTO_TEST_CASE(checks_without_improvement_in_a_row_are_counted) {
  BOOST_TEST(ends_after(waiting(3), {6, 5, 5, 5, 5, 5}) == 5);
  BOOST_TEST(ends_after(waiting(1), {6, 5, 4, 4, 3, 3}) == 4);
  BOOST_TEST(ends_after(waiting(3), {6, 5, 6, 5, 5, 5}) == 5);
  BOOST_TEST(ends_after(waiting(3), {6, 7, 7, 5, 7, 7}) == 0);
  const End end = end_of(waiting(3), {6, 5, 5, 5, 5});
  BOOST_TEST((end.reason == StopReason::patience));
  BOOST_TEST(end.state.waited == 3u);
  BOOST_TEST(end.state.checks == 5u);
  BOOST_TEST(end.words == "m did not improve for 3 checks: best 5, now 5");
}

BOOST_AUTO_TEST_CASE(zero_is_the_same_as_one) {
  BOOST_TEST(ends_after(waiting(0, Goal::maximize), {1, 2, 2}) == 3);
  BOOST_TEST(ends_after(waiting(1, Goal::maximize), {1, 2, 2}) == 3);
}

BOOST_AUTO_TEST_CASE(an_improvement_of_just_min_delta_does_not_count) {
  BOOST_TEST(ends_after(with_delta(2, 0.25), {1.0, 0.75, 0.75}) == 3);
  BOOST_TEST(ends_after(with_delta(2, 0.25), {1.0, 0.74, 0.75}) == 0);
  BOOST_TEST(ends_after(with_delta(3, 0.05), {0.4, 0.38, 0.31, 0.25, 0.27, 0.24, 0.25}) == 7);
}

BOOST_AUTO_TEST_CASE(small_improvements_that_add_up_count_from_the_best) {
  BOOST_TEST(ends_after(with_delta(3, 0.25), {1.0, 0.9, 0.8, 0.7, 0.6}) == 0);  // 0.7 is 0.3 better than the best
}

BOOST_AUTO_TEST_CASE(a_relative_min_delta_is_a_share_of_the_best) {
  BOOST_TEST(ends_after(with_delta(3, 0.05, Goal::minimize, true), {0.4, 0.39, 0.31, 0.25, 0.27, 0.24, 0.25}) == 7);
  BOOST_TEST(ends_after(with_delta(3, 0.1, Goal::maximize, true), {0.25, 0.26, 0.32, 0.38, 0.39, 0.41, 0.41}) == 7);
  BOOST_TEST(ends_after(with_delta(1, 0.1, Goal::minimize, true), {-10, -10.9}) == 2);  // of its size, whatever sign
  BOOST_TEST(ends_after(with_delta(1, 0.1, Goal::minimize, true), {-10, -11.1}) == 0);
  BOOST_TEST(ends_after(with_delta(1, 0.1, Goal::minimize, true), {0, -1e-300}) == 0);
}

BOOST_AUTO_TEST_CASE(what_is_not_finite_ends_at_once_where_that_is_asked_for) {
  for (const double value : {nan_value, infinity, -infinity}) {
    const End end = end_of(waiting(9), {3, value});
    BOOST_TEST(end.after == 2);
    BOOST_TEST((end.reason == StopReason::not_finite));
    BOOST_TEST(end.state.waited == 0u);
    BOOST_TEST(*end.state.best == 3.0);
  }
  BOOST_TEST(end_of(waiting(9), {nan_value}).words == "m nan is not finite");
  StoppingOptions both = waiting(9);
  both.stopping_threshold = 0.0;
  BOOST_TEST((end_of(both, {3, -infinity}).reason == StopReason::not_finite));
}

BOOST_AUTO_TEST_CASE(what_is_not_finite_is_no_improvement_where_it_does_not_end) {
  for (const double sign : {1.0, -1.0}) {
    StoppingOptions options = waiting(2, sign > 0 ? Goal::minimize : Goal::maximize);
    options.check_finite = false;
    options.stopping_threshold = sign * -5.0;
    const End end = end_of(options, {sign * 3, sign * -infinity, sign * 2, sign * -infinity, sign * 1, sign * 0.5});
    BOOST_TEST(end.after == 0);
    BOOST_TEST(*end.state.best == sign * 0.5);
    BOOST_TEST(end_of(options, {sign * -infinity, sign * -infinity}).after == 2);
    BOOST_TEST(!end_of(options, {sign * -infinity}).state.best.has_value());
  }
}

BOOST_AUTO_TEST_CASE(nan_is_a_check_without_improvement_otherwise) {
  StoppingOptions options = waiting(2);
  options.check_finite = false;
  BOOST_TEST(ends_after(options, {3, nan_value, 2, nan_value, nan_value}) == 5);
  options.patience = 3;
  BOOST_TEST(ends_after(options, {nan_value, 3, 2, 1, 0.5}) == 0);  // NaN is never the best
  BOOST_TEST(!end_of(options, {nan_value}).state.best.has_value());
}

BOOST_AUTO_TEST_CASE(a_value_better_than_the_stopping_threshold_ends_before_it_is_the_best) {
  StoppingOptions options = waiting(9);
  options.stopping_threshold = 2.0;
  const End end = end_of(options, {3, 2, 1.9});
  BOOST_TEST(end.after == 3);  // reaching it is not enough
  BOOST_TEST((end.reason == StopReason::stopping_threshold));
  BOOST_TEST(*end.state.best == 2.0);
  BOOST_TEST(end.words == "m 1.9 is better than the stopping_threshold 2");
  options = waiting(6, Goal::maximize);
  options.stopping_threshold = 0.41;
  BOOST_TEST(ends_after(options, {0.2, 0.3, 0.38, 0.4, 0.39, 0.4, 0.41, 0.42}) == 8);
}

BOOST_AUTO_TEST_CASE(a_value_worse_than_the_divergence_threshold_ends) {
  StoppingOptions options = waiting(1);
  options.divergence_threshold = 8.0;
  const End end = end_of(options, {1, 9});
  BOOST_TEST((end.reason == StopReason::divergence_threshold));  // before patience is counted
  BOOST_TEST(end.state.waited == 0u);
  BOOST_TEST(end.words == "m 9 is worse than the divergence_threshold 8");
  options.patience = 9;
  BOOST_TEST(ends_after(options, {1, 8, 8}) == 0);
  options = waiting(9, Goal::maximize);
  options.divergence_threshold = -0.05;
  BOOST_TEST(ends_after(options, {0.2, -0.05, -0.06}) == 3);
}

BOOST_AUTO_TEST_CASE(a_baseline_that_is_not_beaten_lets_the_wait_go_on) {
  StoppingOptions options = waiting(5);
  options.baseline = 0.5;
  const End end = end_of(options, {0.9, 0.8, 0.7, 0.71, 0.72, 0.73});
  BOOST_TEST(end.after == 5);
  BOOST_TEST(*end.state.best == 0.7);
  BOOST_TEST(end.words == "m did not beat the baseline 0.5 for 5 checks: best 0.7, now 0.72");
  BOOST_TEST(ends_after(options, {0.9, 0.8, 0.7, 0.4, 0.72, 0.73}) == 0);
  options.patience = 1;
  BOOST_TEST(ends_after(options, {0.9, 0.8, 0.7, 0.6}) == 0);  // an improvement never ends a training
}

BOOST_AUTO_TEST_CASE(before_the_first_epoch_of_interest_nothing_is_watched) {
  StoppingOptions options = waiting(1);
  options.start_from_epoch = 3;
  const Stopping rules(options);
  BOOST_TEST(!rules.is_watching(2));
  BOOST_TEST(rules.is_watching(3));
}

BOOST_AUTO_TEST_CASE(the_best_weights_are_those_of_each_improvement_and_of_a_threshold_that_is_met) {
  StoppingOptions options = waiting(9);
  options.stopping_threshold = 1.0;
  Stopping rules(options);
  BOOST_TEST(rules.check(3).best_weights);
  BOOST_TEST(!rules.check(4).best_weights);
  BOOST_TEST(rules.check(2).best_weights);
  BOOST_TEST(rules.check(0.5).best_weights);
  BOOST_TEST(*rules.state().best == 2.0);
}

BOOST_AUTO_TEST_CASE(the_first_number_is_an_improvement_over_nothing) {
  Stopping rules(with_delta(1, 0.5, Goal::maximize));
  BOOST_TEST((rules.check(-1e300).reason == StopReason::none));
  BOOST_TEST(*rules.state().best == -1e300);
  BOOST_TEST(rules.state().waited == 0u);
}

BOOST_AUTO_TEST_CASE(a_restored_count_goes_on) {
  Stopping first(waiting(3));
  for (const double value : {2.0, 3.0, 3.0}) first.check(value);
  Stopping second(waiting(3));
  second.restore(first.state());
  BOOST_TEST((second.check(2.5).reason == StopReason::patience));
}

namespace {

/// The rules by their words, each time from the first value on.
StopReason by_the_words(const StoppingOptions& o, const std::vector<double>& values) {
  const double sign = o.goal == Goal::maximize ? 1 : -1;
  const auto over = [&](double a, double b, double by) { return o.goal == Goal::maximize ? a - by > b : a + by < b; };
  const auto better = [&](double a, double b, double by) { return std::isfinite(a) && over(a, b, by); };
  const double now = values.back();
  if (o.check_finite && !std::isfinite(now)) return StopReason::not_finite;
  if (o.stopping_threshold && better(now, *o.stopping_threshold, 0)) return StopReason::stopping_threshold;
  if (o.divergence_threshold && better(*o.divergence_threshold, now, 0)) return StopReason::divergence_threshold;
  double best = sign * -infinity;
  std::uint64_t waited = 0;
  bool improved = false;
  for (const double value : values) {
    const bool judged = (!o.check_finite || std::isfinite(value)) &&
                        !(o.stopping_threshold && better(value, *o.stopping_threshold, 0)) &&
                        !(o.divergence_threshold && better(*o.divergence_threshold, value, 0));
    if (!judged) continue;
    const auto by = [&](double of) { return o.min_delta * (o.relative && std::isfinite(of) ? std::abs(of) : 1); };
    improved = better(value, best, std::isfinite(best) ? by(best) : 0);
    if (improved) best = value;
    waited = improved && (!o.baseline || better(value, *o.baseline, by(*o.baseline))) ? 0 : waited + 1;
  }
  return !improved && waited >= o.patience ? StopReason::patience : StopReason::none;
}

}  // namespace

BOOST_AUTO_TEST_CASE(random_trainings_are_judged_by_the_words_of_the_rules) {
  std::mt19937 dice(1);
  const auto once_in = [&](unsigned n) { return dice() % n == 0; };
  for (int sequence = 0; sequence < 5000; ++sequence) {
    StoppingOptions options =
        with_delta(dice() % 5, once_in(2) ? 0.0 : 0.25, once_in(2) ? Goal::maximize : Goal::minimize, once_in(3));
    options.check_finite = once_in(2);
    if (once_in(3)) options.stopping_threshold = 1.0;
    if (once_in(3)) options.divergence_threshold = 5.0;
    if (once_in(3)) options.baseline = 3.0;
    auto rules = std::make_unique<Stopping>(options);
    std::vector<double> values;
    for (int i = 0; i < 20; ++i) {
      const auto drawn = static_cast<unsigned>(dice() % 24);
      values.push_back(drawn == 0 ? nan_value : drawn == 1 ? infinity : drawn == 2 ? -infinity : drawn / 4.0 - 0.5);
      const StopReason reason = rules->check(values.back()).reason;
      BOOST_REQUIRE_MESSAGE(reason == by_the_words(options, values), "sequence " << sequence << ", value " << i);
      if (!once_in(5)) continue;
      auto resumed = std::make_unique<Stopping>(options);
      resumed->restore(rules->state());
      rules = std::move(resumed);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
