// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The order of events and the counts of Lightning's Trainer under every option, case by case.
#include <boost/json/value_to.hpp>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "lightning_run.hpp"

using namespace tenon;
using namespace tenon::tests;
namespace tt = boost::test_tools;
namespace json = boost::json;

namespace {

void expect_refusal(LightningRun& ours) {
  try {
    ours.run();
    BOOST_TEST(ours.result.refused);
    BOOST_TEST((ours.result.exit == ExitCode::manifest));
  } catch (const Failure& failure) {
    BOOST_TEST((failure.code() == ExitCode::manifest));
  }
  BOOST_TEST(ours.training_steps == 0u);
}

/// Lightning's loggers get the number of the step before: it counts the first one as 0.
void expect_logged(const LightningRun& ours, const LightningCase& which) {
  const json::value* logged = which.recorded.if_contains("logged");
  if (!logged) return;
  for (const auto& [metric, steps] : logged->as_object()) {
    auto wanted = json::value_to<std::vector<std::uint64_t>>(steps);
    for (std::uint64_t& step : wanted) ++step;
    BOOST_REQUIRE(ours.logged.contains(metric));
    BOOST_TEST(ours.logged.at(metric) == wanted, tt::per_element());
  }
  BOOST_TEST(ours.logged.size() == logged->as_object().size());
}

void expect_the_same(LightningRun& ours, const LightningCase& which) {
  ours.run();
  BOOST_TEST(ours.events == which.events, tt::per_element());
  BOOST_TEST(ours.sanity_batches == which.sanity_batches);
  expect_logged(ours, which);
  if (!which.deviation.empty()) return;
  BOOST_TEST(ours.zero_grads == which.zero_grads);
  BOOST_TEST(ours.result.epochs == which.final("epoch"));
  if (!ours.engine().facts().manual_optimization) BOOST_TEST(ours.result.steps == which.final("step"));
  BOOST_TEST(ours.training_steps == which.final("training_steps"));
  BOOST_TEST(ours.evaluation_steps == which.final("evaluation_steps"));
  BOOST_TEST(ours.engine().steps == which.final("optimizer_steps"));
}

}  // namespace

BOOST_DATA_TEST_CASE(the_loop_does_what_lightning_does, boost::unit_test::data::make(lightning_recording().cases),
                     which) {
  LightningRun ours(which);
  BOOST_TEST_CONTEXT(which.deviation) {
    if (which.refused)
      expect_refusal(ours);
    else
      expect_the_same(ours, which);
  }
}
