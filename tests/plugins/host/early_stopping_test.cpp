// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <limits>

#include "plugin_run.hpp"

using namespace tenon;
using namespace tenon::tests;

namespace {
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

std::string stopping(const std::string& options) {
  return R"([{"plugin": "early_stopping", "id": "stop", "config": {)" + options + "}}]";
}
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

BOOST_AUTO_TEST_SUITE(early_stopping_plugin)

BOOST_AUTO_TEST_CASE(the_run_ends_when_patience_is_exhausted) {
  PluginRun run(stopping(R"("monitor": "val_loss", "patience": 3)"), R"("max_epochs": 20)");
  run.log_validation("val_loss", {6, 5, 5, 5, 5, 5});
  run.run();
  BOOST_TEST((run.result.reason == TENON_END_STOPPED));
  BOOST_TEST(run.result.epochs == 5u);
  BOOST_TEST(run.result.detail == "stop: val_loss did not improve for 3 checks: best 5, now 5");
  const auto account = run.account("stop");
  BOOST_TEST(account.at("wait_count").to_number<int>() == 3);
  BOOST_TEST(account.at("best_score").to_number<double>() == 5.0);
  BOOST_TEST(account.at("stopped_epoch").to_number<int>() == 4);
  BOOST_TEST(account.at("stopping_reason").as_string() == "patience");
}

BOOST_AUTO_TEST_CASE(a_run_that_ends_by_itself_says_so) {
  PluginRun run(stopping(R"("monitor": "val_loss")"), R"("max_epochs": 2)");
  run.log_validation("val_loss", {2, 1});
  run.run();
  BOOST_TEST((run.result.reason == TENON_END_FINISHED));
  BOOST_TEST(run.account("stop").at("stopped_epoch").is_null());
  BOOST_TEST(run.account("stop").at("stopping_reason").is_null());
}

BOOST_AUTO_TEST_CASE(max_wants_more) {
  PluginRun run(stopping(R"("monitor": "score", "mode": "max", "patience": 1, "min_delta": 0.1)"),
                R"("max_epochs": 20)");
  run.log_validation("score", {0.1, 0.3, 0.35});
  run.run();
  BOOST_TEST(run.result.epochs == 3u);
}

BOOST_AUTO_TEST_CASE(nan_is_no_improvement) {
  PluginRun run(stopping(R"("monitor": "val_loss", "patience": 2)"), R"("max_epochs": 20)");
  run.log_validation("val_loss", {3, nan_value, 2, nan_value, nan_value});
  run.run();
  BOOST_TEST(run.result.epochs == 5u);
  BOOST_TEST(run.account("stop").at("best_score").to_number<double>() == 2.0);
}

BOOST_AUTO_TEST_CASE(a_metric_that_was_not_measured_is_no_check) {
  PluginRun run(stopping(R"("monitor": "val_loss", "patience": 2)"), R"("max_epochs": 6)");
  run.log_validation("val_loss", {3, absent, 3, absent, absent, 3});
  run.run();
  BOOST_TEST(run.result.epochs == 6u);
  BOOST_TEST(run.account("stop").at("wait_count").to_number<int>() == 2);
  BOOST_TEST(run.reasons.at(0) == "no check: val_loss was not measured at step 4");
}

BOOST_AUTO_TEST_CASE(a_validation_within_the_epoch_is_a_check_of_its_own) {
  PluginRun run(stopping(R"("monitor": "val_loss", "patience": 1)"), R"("max_epochs": 9, "val_check_interval": 0.3)");
  run.engine.facts_.train_batches = 10;
  run.log_validation("val_loss", {1});
  run.run();
  BOOST_TEST(run.result.steps == 6u);
}

BOOST_AUTO_TEST_CASE(a_stop_that_min_epochs_forbids_is_withdrawn_when_the_metric_improves) {
  PluginRun run(stopping(R"("monitor": "val_loss", "patience": 2)"), R"("max_epochs": 9, "min_epochs": 6)");
  run.log_validation("val_loss", {1, 2, 3, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05});
  run.run();
  BOOST_TEST((run.result.reason == TENON_END_FINISHED));
  BOOST_TEST(run.result.epochs == 9u);
}

BOOST_AUTO_TEST_CASE(a_stop_that_min_epochs_forbids_comes_when_it_is_allowed) {
  PluginRun run(stopping(R"("monitor": "val_loss", "patience": 1)"), R"("max_epochs": 9, "min_epochs": 4)");
  run.log_validation("val_loss", {1, 2, 2, 2, 2});
  run.run();
  BOOST_TEST(run.result.epochs == 4u);
  BOOST_TEST(run.account("stop").at("stopped_epoch").to_number<int>() == 3);
}

BOOST_AUTO_TEST_CASE(a_second_stop_can_follow_one_that_was_withdrawn) {
  PluginRun run(stopping(R"("monitor": "val_loss", "patience": 1)"), R"("max_epochs": 9, "min_epochs": 5)");
  run.log_validation("val_loss", {1, 2, 0.5, 0.6, 0.7});
  run.run();
  BOOST_TEST((run.result.reason == TENON_END_STOPPED));
  BOOST_TEST(run.result.epochs == 5u);
}

BOOST_AUTO_TEST_CASE(a_training_metric_can_be_monitored_without_a_validation) {
  PluginRun run(stopping(R"("monitor": "train_loss", "patience": 1)"), R"("max_epochs": 9)");
  run.engine.facts_.validation_batches.clear();
  run.log_step("train_loss", {4, 3, 2, 3});
  run.run();
  BOOST_TEST(run.result.epochs == 2u);
}

BOOST_AUTO_TEST_CASE(wrong_options_are_refused) {
  BOOST_TEST(contains(refusal(stopping("")), "monitor"));
  BOOST_TEST(contains(refusal(stopping(R"("monitor": "val_loss", "min_delta": -0.25)")), "min_delta"));
  BOOST_TEST(contains(refusal(stopping(R"("monitor": "val_loss", "patience": 1.5)")), "patience"));
  BOOST_TEST(contains(refusal(stopping(R"("monitor": "val_loss", "patiense": 3)")), "patience"));
  BOOST_TEST(contains(refusal(stopping(R"("monitor": "odd")")), "'mode' is missing"));
}

BOOST_AUTO_TEST_CASE(a_monitor_that_is_never_logged_ends_the_run) {
  PluginRun run(stopping(R"("monitor": "nope", "mode": "min")"), R"("max_epochs": 9)");
  run.log_validation("val_loss", {1});
  run.run();
  BOOST_TEST((run.result.reason == TENON_END_FAILED));
  BOOST_TEST(contains(run.result.detail, "monitor \"nope\" was never logged; known are epoch, step, val_loss"));
}

BOOST_AUTO_TEST_SUITE_END()
