// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <filesystem>
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
  PluginRun run(stopping(R"("monitor": "val_loss", "patience": 2, "check_finite": false)"), R"("max_epochs": 20)");
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
  BOOST_TEST(!contains(run.result.detail, "check_on_train_epoch_end"));
}

BOOST_AUTO_TEST_CASE(a_monitor_that_is_missing_at_a_validation_may_be_one_of_the_training_epoch) {
  PluginRun run(stopping(R"("monitor": "nope", "mode": "min", "check_on_train_epoch_end": false)"));
  run.log_validation("val_loss", {1});
  run.run();
  BOOST_TEST(contains(run.result.detail, "is there at its end: set check_on_train_epoch_end to true"));
}

BOOST_AUTO_TEST_CASE(each_rule_names_itself_and_its_numbers) {
  struct Rule {
    std::string options, reason, detail;
    std::vector<double> values;
  };
  for (const Rule& rule :
       {Rule{R"("stopping_threshold": 2.9)",
             "stopping_threshold",
             "stop: val_loss 2 is better than the stopping_threshold 2.9",
             {9, 5, 3, 2, 1}},
        Rule{R"("divergence_threshold": 8)",
             "divergence_threshold",
             "stop: val_loss 10 is worse than the divergence_threshold 8",
             {1, 2, 5, 10, 15}},
        Rule{R"("patience": 9)", "not_finite", "stop: val_loss nan is not finite", {1, 2, 5, nan_value, 15}}}) {
    PluginRun run(stopping(R"("monitor": "val_loss", )" + rule.options), R"("max_epochs": 20)");
    run.log_validation("val_loss", rule.values);
    run.run();
    BOOST_TEST(run.result.epochs == 4u);
    BOOST_TEST(run.result.detail == rule.detail);
    BOOST_TEST(run.account("stop").at("stopping_reason").as_string() == rule.reason);
    BOOST_TEST(run.account("stop").at("checks").to_number<int>() == 4);
  }
}

BOOST_AUTO_TEST_CASE(a_pending_stop_is_judged_anew_whatever_its_reason) {
  PluginRun run(stopping(R"("monitor": "val_loss", "divergence_threshold": 8, "patience": 2)"),
                R"("max_epochs": 9, "min_epochs": 6)");
  run.log_validation("val_loss", {5, 9, 4, 3, 6, 7, 7});
  run.run();
  BOOST_TEST(run.result.detail == "stop: val_loss did not improve for 2 checks: best 3, now 7");
  BOOST_TEST(run.result.epochs == 6u);
}

BOOST_AUTO_TEST_CASE(a_pending_stop_comes_in_the_middle_of_an_epoch_and_the_end_of_it_is_a_check) {
  PluginRun run(stopping(R"("monitor": "train_loss", "stopping_threshold": 100)"),
                R"("max_epochs": 3, "min_steps": 3)");
  run.engine.facts_.validation_batches.clear();
  run.log_step("train_loss", {1});
  run.run();
  BOOST_TEST(run.result.steps == 3u);
  BOOST_TEST(run.account("stop").at("stopped_epoch").to_number<int>() == 1);
  BOOST_TEST(run.account("stop").at("stopping_reason").as_string() == "stopping_threshold");
  BOOST_TEST(run.account("stop").at("checks").to_number<int>() == 2);
}

BOOST_AUTO_TEST_CASE(the_reasons_of_all_that_stop_are_kept) {
  PluginRun run(R"([{"plugin": "early_stopping", "id": "a", "config": {"monitor": "val_loss", "patience": 2}},
                    {"plugin": "early_stopping", "id": "b", "config": {"monitor": "val_acc", "patience": 2}},
                    {"plugin": "early_stopping", "id": "c", "config": {"monitor": "val_loss", "patience": 9}}])",
                R"("max_epochs": 9)");
  run.log_validation("val_loss", {1, 2, 3});
  run.log_validation("val_acc", {0.5, 0.5, 0.5});
  run.run();
  BOOST_TEST(run.result.detail ==
             "a: val_loss did not improve for 2 checks: best 1, now 3; "
             "b: val_acc did not improve for 2 checks: best 0.5, now 0.5");
  BOOST_TEST(run.account("b").at("stopping_reason").as_string() == "patience");
  BOOST_TEST(run.account("c").at("stopping_reason").is_null());
}

BOOST_AUTO_TEST_CASE(epochs_before_the_first_of_interest_are_no_checks) {
  PluginRun run(stopping(R"("monitor": "val_loss", "patience": 1, "start_from_epoch": 3)"), R"("max_epochs": 9)");
  run.log_validation("val_loss", {1, nan_value, 5, 4, 4});
  run.run();
  BOOST_TEST(run.result.epochs == 5u);
  BOOST_TEST(run.account("stop").at("checks").to_number<int>() == 2);
  BOOST_TEST(run.account("stop").at("best_score").to_number<double>() == 4.0);
}

BOOST_AUTO_TEST_CASE(a_training_metric_is_warned_of) {
  PluginRun declared(stopping(R"("monitor": "train_loss")"));
  declared.engine.facts_.declares_metrics = true;
  declared.engine.facts_.metrics = {{"train_loss", loop::Goal::minimize, loop::Stage::train}};
  declared.log_step("train_loss", {1});
  declared.run();
  BOOST_TEST(contains(declared.text(), "train_loss is measured on the training data"));
  PluginRun logged(stopping(R"("monitor": "train_loss")"), R"("max_epochs": 3)");
  logged.log_step("train_loss", {1});
  logged.run();
  BOOST_TEST(contains(logged.text(), "train_loss is measured on the training data"));
  BOOST_TEST(!contains(logged.text(), "(2 times)"));
  PluginRun validation(stopping(R"("monitor": "val_loss")"));
  validation.log_validation("val_loss", {1});
  validation.run();
  BOOST_TEST(!contains(validation.text(), "WARNING"));
}

BOOST_AUTO_TEST_CASE(a_validation_that_never_comes_is_warned_of) {
  for (const std::string trainer :
       {R"("check_val_every_n_epoch": 5)", R"("check_val_every_n_epoch": null, "val_check_interval": 50)"}) {
    PluginRun run(stopping(R"("monitor": "val_loss")"), R"("max_epochs": 2, )" + trainer);
    run.log_validation("val_loss", {1});
    run.run();
    BOOST_TEST(contains(run.text(), "it checks at the end of a validation, and none comes: it runs every 5"));
  }
}

BOOST_AUTO_TEST_CASE(a_monitor_that_no_task_declares_is_refused_where_it_is_strict) {
  for (const std::string strict : {"true", "false"}) {
    PluginRun run(stopping(R"("monitor": "val_los", "mode": "min", "strict": )" + strict), R"("max_epochs": 2)");
    run.engine.facts_.declares_metrics = true;
    run.engine.facts_.metrics = {{"val_loss", loop::Goal::minimize, loop::Stage::validation}};
    run.log_validation("val_loss", {1});
    run.run();
    BOOST_TEST(run.result.refused == (strict == "true"));
    if (strict == "true") {
      BOOST_TEST(contains(run.result.detail, "did you mean 'val_loss'"));
      continue;
    }
    BOOST_TEST((run.result.reason == TENON_END_FINISHED));
    BOOST_TEST(contains(run.text(),
                        "monitor \"val_los\" is not there; did you mean 'val_loss'? Known are epoch, step, val_loss"));
    BOOST_TEST(contains(run.text(), "no check: val_los was not measured"));
  }
}

BOOST_AUTO_TEST_CASE(a_validation_metric_without_validation_is_refused) {
  PluginRun run(stopping(R"("monitor": "val_loss")"));
  run.engine.facts_.validation_batches.clear();
  run.engine.facts_.declares_metrics = true;
  run.engine.facts_.metrics = {{"val_loss", loop::Goal::minimize, loop::Stage::validation}};
  try {
    run.run();
    BOOST_TEST(run.result.refused);
    BOOST_TEST(contains(run.result.detail, "a validation metric, but this run has no validation"));
  } catch (const Failure& failure) {
    BOOST_TEST(contains(failure.what(), "a validation metric, but this run has no validation"));
  }
}

BOOST_AUTO_TEST_CASE(a_mode_against_the_name_of_the_metric_is_refused) {
  BOOST_TEST(contains(refusal(stopping(R"("monitor": "val_acc", "mode": "min")")),
                      "\"mode\": \"min\" contradicts the name of 'val_acc', by which more is better"));
}

namespace {

const std::string restoring = R"({"plugin": "early_stopping", "id": "stop", "config":
  {"monitor": "val_loss", "patience": 2, "restore_best_weights": true}})";
const std::string best_saver =
    R"({"plugin": "checkpoint", "id": "best", "config": {"monitor": "val_loss", "filename": "{step}"}})";

/// The engine's weights count its steps.
float trained_steps(const PluginRun& run) { return run.engine.weights_[0]; }
std::vector<std::string> restores(const PluginRun& run) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < run.decisions.size(); ++i)
    if (contains(run.decisions[i], " restore")) out.push_back(run.decisions[i] + ": " + run.reasons[i]);
  return out;
}

}  // namespace

#define CHECK_LINES(left, ...) \
  BOOST_TEST((left) == (std::vector<std::string>{__VA_ARGS__}), boost::test_tools::per_element())

BOOST_AUTO_TEST_CASE(the_best_weights_come_from_the_checkpoint_that_holds_them) {
  PluginRun run("[" + restoring + ", " + best_saver + "]", R"("max_epochs": 9)");
  run.log_validation("val_loss", {3, 1, 2, 2});
  run.run();
  BOOST_TEST((run.result.reason == TENON_END_STOPPED));
  BOOST_TEST(run.result.steps == 8u);
  BOOST_TEST(trained_steps(run) == 4.0f);
  CHECK_LINES(restores(run),
              "8 stop restore checkpoints/step=4.ckpt: the weights of step 4, where val_loss was 1, from a checkpoint");
  BOOST_TEST(run.account("stop").at("restored_from").as_string() == "checkpoints/step=4.ckpt");
  BOOST_TEST(run.link("checkpoints/final.ckpt") == "step=4.ckpt");
}

BOOST_AUTO_TEST_CASE(without_such_a_checkpoint_they_come_from_what_the_host_has_kept) {
  const std::string newest = R"({"plugin": "checkpoint", "id": "newest", "config": {"filename": "{step}"}})";
  for (const std::string& others : {std::string(), ", " + newest}) {
    PluginRun run("[" + restoring + others + "]", R"("max_epochs": 9)");
    run.log_validation("val_loss", {3, 1, 2, 2});
    run.run();
    BOOST_TEST(trained_steps(run) == 4.0f);
    CHECK_LINES(restores(run),
                "8 stop restore: the weights of step 4, where val_loss was 1, as the host has kept them");
    BOOST_TEST(run.account("stop").at("restored_from").as_string() == "memory");
    BOOST_TEST(run.link("checkpoints/final.ckpt") == "final-weights.ckpt");
  }
}

BOOST_AUTO_TEST_CASE(they_are_put_back_whatever_ends_the_run) {
  PluginRun limit("[" + restoring + "]", R"("max_epochs": 3)");
  limit.log_validation("val_loss", {3, 1, 2});
  limit.run();
  BOOST_TEST((limit.result.reason == TENON_END_FINISHED));
  BOOST_TEST(trained_steps(limit) == 4.0f);
  BOOST_TEST(limit.account("stop").at("stopping_reason").is_null());
  PluginRun other(
      "[" + restoring +
          R"(, {"plugin": "early_stopping", "id": "limit", "config": {"monitor": "val_acc", "patience": 1}}])",
      R"("max_epochs": 9)");
  other.log_validation("val_loss", {1, 2});
  other.log_validation("val_acc", {1, 0.5});
  other.run();
  BOOST_TEST((other.result.reason == TENON_END_STOPPED));
  BOOST_TEST(trained_steps(other) == 2.0f);
}

BOOST_AUTO_TEST_CASE(a_run_that_ends_with_the_best_weights_or_fails_keeps_its_weights) {
  PluginRun best("[" + restoring + "]", R"("max_epochs": 3)");
  best.log_validation("val_loss", {3, 2, 1});
  best.run();
  BOOST_TEST(trained_steps(best) == 6.0f);
  BOOST_TEST(restores(best).empty());
  BOOST_TEST(best.account("stop").at("restored_from").is_null());
  PluginRun met(stopping(R"("monitor": "val_loss", "stopping_threshold": 1, "restore_best_weights": true)"),
                R"("max_epochs": 9)");
  met.log_validation("val_loss", {3, 2, 0.5});
  met.run();
  BOOST_TEST(trained_steps(met) == 6.0f);  // what met the threshold is better than the best score
  PluginRun failed("[" + restoring + "]", R"("max_epochs": 9)");
  failed.log_validation("val_loss", {1, 2});
  failed.engine.on_backward = [&] {
    if (failed.engine.steps == 3) throw std::runtime_error("out of memory");
  };
  failed.run();
  BOOST_TEST((failed.result.reason == TENON_END_FAILED));
  BOOST_TEST(restores(failed).empty());
}

BOOST_AUTO_TEST_CASE(where_the_weights_come_from_does_not_depend_on_the_disk) {
  const std::string newest = R"({"plugin": "checkpoint", "id": "newest", "config": {"filename": "{step}"}})";
  for (int i = 0; i < 5; ++i) {
    PluginRun run("[" + restoring + ", " + newest + "]", R"("max_epochs": 3)");
    run.wait_for_saves = false;
    run.log_validation("val_loss", {3, 1, 2});  // the best weights' checkpoint is on its way out at the end
    run.run();
    BOOST_TEST(trained_steps(run) == 4.0f);
    CHECK_LINES(restores(run),
                "6 stop restore: the weights of step 4, where val_loss was 1, as the host has kept them");
  }
}

BOOST_AUTO_TEST_CASE(a_damaged_checkpoint_of_the_best_weights_is_replaced_by_what_the_host_has_kept) {
  PluginRun run("[" + restoring + ", " + best_saver + "]", R"("max_epochs": 9)");
  run.log_validation("val_loss", {3, 1, 2, 2});
  run.engine.on_backward = [&] {
    const auto model = run.folder() / "checkpoints/step=4.ckpt/model.safetensors";
    if (run.engine.steps == 7) std::filesystem::resize_file(model, std::filesystem::file_size(model) - 1);
  };
  run.run();
  BOOST_TEST(trained_steps(run) == 4.0f);
  BOOST_TEST(run.account("stop").at("restored_from").as_string() == "memory");
  BOOST_TEST(run.link("checkpoints/final.ckpt") == "final-weights.ckpt");
}

BOOST_AUTO_TEST_CASE(a_value_that_met_a_threshold_too_soon_has_the_best_weights_still) {
  PluginRun run(stopping(R"("monitor": "val_loss", "stopping_threshold": 0.25, "restore_best_weights": true)"),
                R"("max_epochs": 9, "min_epochs": 5)");
  run.log_validation("val_loss", {0.5, 0.165, 0.24, 0.3, 0.3});
  run.run();
  BOOST_TEST(trained_steps(run) == 4.0f);
}

BOOST_AUTO_TEST_CASE(what_was_best_before_restore_best_weights_was_asked_for_is_found_among_the_checkpoints) {
  const auto callbacks = [](const char* restores) {
    return R"([{"plugin": "early_stopping", "id": "stop", "config": {"monitor": "val_loss", "patience": 9,
      "restore_best_weights": )" +
           std::string(restores) + R"(}}, {"plugin": "checkpoint", "id": "all", "config": {"save_top_k": -1,
      "filename": "{step}"}}])";
  };
  PluginRun before(callbacks("false"), R"("max_epochs": 3)");
  before.log_validation("val_loss", {3, 1, 2});
  before.run();
  BOOST_TEST(trained_steps(before) == 6.0f);
  PluginRun run(callbacks("true"), R"("max_epochs": 4)");
  run.take_over(before);
  run.resume_from("checkpoints/step=6.ckpt");
  run.log_validation("val_loss", {2});
  run.run();
  BOOST_TEST(trained_steps(run) == 4.0f);
  BOOST_TEST(run.account("stop").at("restored_from").as_string() == "checkpoints/step=4.ckpt");
}

BOOST_AUTO_TEST_CASE(a_run_that_never_improved_has_nothing_to_put_back) {
  PluginRun run(
      stopping(R"("monitor": "val_loss", "check_finite": false, "patience": 2, "restore_best_weights": true)"),
      R"("max_epochs": 9)");
  run.log_validation("val_loss", {nan_value});
  run.run();
  BOOST_TEST(run.result.epochs == 2u);
  BOOST_TEST(trained_steps(run) == 4.0f);
  BOOST_TEST(restores(run).empty());
}

BOOST_AUTO_TEST_SUITE_END()
