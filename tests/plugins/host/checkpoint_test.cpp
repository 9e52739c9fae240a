// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "checkpoint/checkpoint.hpp"
#include "plugin_run.hpp"

using namespace tenon;
using namespace tenon::tests;

using Names = std::vector<std::string>;
namespace {
constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

std::string saver(const std::string& options) {
  return R"([{"plugin": "checkpoint", "id": "c", "config": {)" + options + "}}]";
}
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
}  // namespace

#define CHECK_NAMES(got, ...) BOOST_TEST((got) == (Names{__VA_ARGS__}), boost::test_tools::per_element())

BOOST_AUTO_TEST_SUITE(checkpoint_plugin)

BOOST_AUTO_TEST_CASE(epoch_and_step_that_the_task_logs_itself_name_the_file) {
  PluginRun run(saver(R"("monitor": "vl", "mode": "min", "filename": "{epoch}-{step}")"));
  run.log_validation("vl", {3});
  run.log_validation("epoch", {7});
  run.log_validation("step", {99});
  run.run();
  CHECK_NAMES(run.names(), "epoch=7-step=99.ckpt");
  const auto made = run.document("checkpoints/epoch=7-step=99.ckpt");
  BOOST_TEST(made.at("progress").as_object().at("step").to_number<int>() == 2);
  BOOST_TEST(made.at("position").as_object().at("epoch").to_number<int>() == 0);
}

BOOST_AUTO_TEST_CASE(the_best_k_of_a_validation_metric_stay) {
  PluginRun run(saver(R"("monitor": "val_loss", "save_top_k": 3, "filename": "{epoch}-{val_loss:.2f}")"),
                R"("max_epochs": 5)");
  run.log_validation("val_loss", {10, 9, 2.8, 5, 2.5});
  run.run();
  CHECK_NAMES(run.names(), "epoch=2-val_loss=2.80.ckpt", "epoch=3-val_loss=5.00.ckpt", "epoch=4-val_loss=2.50.ckpt");
  const auto account = run.account("c");
  BOOST_TEST(account.at("saved").to_number<int>() == 5);
  BOOST_TEST(account.at("removed").to_number<int>() == 2);
  BOOST_TEST(account.at("best_model_path").as_string() == "checkpoints/epoch=4-val_loss=2.50.ckpt");
  BOOST_TEST(account.at("best_model_score").to_number<double>() == 2.5);
  BOOST_TEST(account.at("last_model_path").is_null());
  BOOST_TEST(
      run.document("checkpoints/epoch=4-val_loss=2.50.ckpt").at("progress").as_object().at("step").to_number<int>() ==
      10);
}

BOOST_AUTO_TEST_CASE(nothing_is_removed_before_its_replacement_is_saved) {
  PluginRun run(saver(R"("monitor": "val_loss", "filename": "{epoch}")"), R"("max_epochs": 2)");
  run.log_validation("val_loss", {2, 1});
  run.run();
  CHECK_NAMES(run.decisions, "2 c save checkpoints/epoch=0.ckpt", "4 c save checkpoints/epoch=1.ckpt",
              "4 c remove checkpoints/epoch=0.ckpt");
  CHECK_NAMES(run.reasons, "val_loss 2 is the best so far", "val_loss 1 is the best so far",
              "replaced by a better one");
}

BOOST_AUTO_TEST_CASE(what_does_not_enter_is_skipped_with_the_bar_it_missed) {
  PluginRun run(saver(R"("monitor": "val_loss", "save_top_k": 2, "filename": "{epoch}")"), R"("max_epochs": 4)");
  run.log_validation("val_loss", {1, 2, 2, nan_value});
  run.run();
  CHECK_NAMES(run.names(), "epoch=0.ckpt", "epoch=1.ckpt");
  BOOST_TEST(run.reasons.at(2) == "val_loss 2 is not better than 2, the worst of the best 2");
  BOOST_TEST(run.reasons.at(3) == "val_loss nan is not finite and never displaces a checkpoint");
}

BOOST_AUTO_TEST_CASE(nan_is_kept_until_there_is_a_better_one) {
  PluginRun run(saver(R"("monitor": "val_loss", "filename": "{epoch}")"), R"("max_epochs": 2)");
  run.log_validation("val_loss", {nan_value, 8});
  run.run();
  CHECK_NAMES(run.names(), "epoch=1.ckpt");
  BOOST_TEST(run.reasons.at(0) == "val_loss nan is not finite; it is kept until there is a better one");
}

BOOST_AUTO_TEST_CASE(without_a_monitor_the_newest_stays_and_is_the_best) {
  PluginRun run(saver(""), R"("max_epochs": 3)");
  run.run();
  CHECK_NAMES(run.names(), "epoch=2-step=6.ckpt");
  BOOST_TEST(run.account("c").at("best_model_path").as_string() == "checkpoints/epoch=2-step=6.ckpt");
  BOOST_TEST(run.account("c").at("best_model_score").is_null());
}

BOOST_AUTO_TEST_CASE(last_is_the_newest_and_not_the_newest_of_the_best) {
  PluginRun run(saver(R"("monitor": "val_loss", "save_last": true, "filename": "best-{epoch}-{val_loss:.2f}")"),
                R"("max_epochs": 4)");
  run.log_validation("val_loss", {1.0, 1.1, 0.8, 1.3});
  run.run();
  CHECK_NAMES(run.names(), "best-epoch=2-val_loss=0.80.ckpt", "last-best-epoch=3-val_loss=1.30.ckpt", "last.ckpt");
  BOOST_TEST(run.link("checkpoints/last.ckpt") == "last-best-epoch=3-val_loss=1.30.ckpt");
  BOOST_TEST(run.account("c").at("last_model_path").as_string() == "checkpoints/last-best-epoch=3-val_loss=1.30.ckpt");
  BOOST_TEST(run.account("c").at("kept").as_array().size() == 2u);
}

BOOST_AUTO_TEST_CASE(last_points_at_the_best_when_that_is_the_newest) {
  PluginRun run(saver(R"("monitor": "val_loss", "save_last": "link", "filename": "{epoch}")"), R"("max_epochs": 3)");
  run.log_validation("val_loss", {3, 4, 2});
  run.run();
  CHECK_NAMES(run.names(), "epoch=2.ckpt", "last.ckpt");
  BOOST_TEST(run.link("checkpoints/last.ckpt") == "epoch=2.ckpt");
}

BOOST_AUTO_TEST_CASE(every_n_epochs_does_not_thin_out_last) {
  PluginRun run(saver(R"("save_top_k": -1, "every_n_epochs": 2, "save_last": true, "filename": "{epoch}")"),
                R"("max_epochs": 5)");
  run.run();
  CHECK_NAMES(run.names(), "epoch=1.ckpt", "epoch=3.ckpt", "last-epoch=4.ckpt", "last.ckpt");
}

BOOST_AUTO_TEST_CASE(last_alone_is_renewed_and_ends_with_the_run) {
  PluginRun run(saver(R"("save_top_k": 0, "save_last": true, "every_n_train_steps": 2)"),
                R"("max_epochs": 1, "max_steps": 3)");
  run.engine.facts_.train_batches = 5;
  run.run();
  CHECK_NAMES(run.names(), "last-epoch=0-step=3.ckpt", "last.ckpt");
  BOOST_TEST(contains(run.text(), "save_top_k is 0: nothing but last is kept"));
}

BOOST_AUTO_TEST_CASE(a_step_trigger_with_a_validation_metric_waits_for_the_validation) {
  PluginRun run(saver(R"("monitor": "val_loss", "every_n_train_steps": 2, "filename": "{step}")"),
                R"("max_epochs": 2)");
  run.engine.facts_.train_batches = 3;
  run.log_validation("val_loss", {0.5, 0.4});
  run.run();
  CHECK_NAMES(run.decisions, "3 c save checkpoints/step=3.ckpt", "6 c save checkpoints/step=6.ckpt",
              "6 c remove checkpoints/step=3.ckpt");
}

BOOST_AUTO_TEST_CASE(a_step_trigger_keeps_last_while_its_decision_waits) {
  PluginRun run(saver(R"("monitor": "val_loss", "every_n_train_steps": 1, "save_last": true, "filename": "{step}")"),
                R"("max_epochs": 1)");
  run.log_validation("val_loss", {0.5});
  run.run();
  CHECK_NAMES(run.decisions, "1 c save checkpoints/last-step=1.ckpt",
              "1 c ref checkpoints/last.ckpt -> checkpoints/last-step=1.ckpt", "2 c save checkpoints/step=2.ckpt",
              "2 c ref checkpoints/last.ckpt -> checkpoints/step=2.ckpt", "2 c remove checkpoints/last-step=1.ckpt");
  CHECK_NAMES(run.names(), "last.ckpt", "step=2.ckpt");
}

BOOST_AUTO_TEST_CASE(a_stale_metric_scores_nothing) {
  PluginRun run(saver(R"("monitor": "val_loss", "save_top_k": -1, "filename": "{epoch}")"), R"("max_epochs": 3)");
  run.log_validation("val_loss", {3, absent, 1});
  run.run();
  CHECK_NAMES(run.names(), "epoch=0.ckpt", "epoch=2.ckpt");
}

BOOST_AUTO_TEST_CASE(under_accumulation_a_score_belongs_to_the_saved_weights) {
  for (const char* trigger : {"", R"("train_time_interval": 0, )"}) {
    PluginRun run(
        saver(trigger +
              std::string(R"("monitor": "seen", "mode": "max", "save_top_k": -1, "filename": "{step}-{seen:.0f}")")),
        R"("max_epochs": 2, "accumulate_grad_batches": 4, "val_check_interval": 3)");
    run.engine.facts_.train_batches = 10;
    const auto log = [&](loop::MetricSink& sink) { sink.log("seen", run.engine.weights_[0], {}); };
    run.before_run = [&](PluginRun::Fit&) { run.engine.on_evaluation_step = log; };
    run.run();
    CHECK_NAMES(run.names(), "step=1-seen=1.ckpt", "step=2-seen=2.ckpt", "step=3-seen=3.ckpt", "step=4-seen=4.ckpt",
                "step=5-seen=5.ckpt", "step=6-seen=6.ckpt");
    for (const std::string& name : run.names()) {
      const auto loaded =
          checkpoint::Checkpoint::open(run.folder() / ("checkpoints/" + name)).load("model.safetensors");
      float weight = 0.0f;
      std::memcpy(&weight, loaded.records.at(0).bytes.data(), sizeof weight);
      BOOST_TEST(name == "step=" + std::to_string(int(weight)) + "-seen=" + std::to_string(int(weight)) + ".ckpt");
    }
  }
}

BOOST_AUTO_TEST_CASE(an_end_without_the_awaited_validation_is_reported) {
  PluginRun run(saver(R"("monitor": "val_loss", "every_n_train_steps": 3)"), R"("max_epochs": 2, "max_steps": 3)");
  run.log_validation("val_loss", {1});
  run.run();
  CHECK_NAMES(run.names());
  BOOST_TEST(contains(
      run.text(),
      "nothing to decide by: val_loss was not measured at step 3, and an older value belongs to other weights"));
}

BOOST_AUTO_TEST_CASE(an_epoch_cut_short_fires_too) {
  PluginRun run(saver(""), R"("max_steps": 3)");
  run.engine.facts_.train_batches = 5;
  run.engine.facts_.validation_batches.clear();
  run.run();
  CHECK_NAMES(run.names(), "epoch=0-step=3.ckpt");
}

BOOST_AUTO_TEST_CASE(validation_more_often_than_once_an_epoch_decides_at_its_end) {
  PluginRun run(saver(R"("save_top_k": -1, "filename": "{step}")"), R"("max_epochs": 1, "val_check_interval": 0.25)");
  run.engine.facts_.train_batches = 8;
  run.run();
  CHECK_NAMES(run.names(), "step=2.ckpt", "step=4.ckpt", "step=6.ckpt", "step=8.ckpt");
}

BOOST_AUTO_TEST_CASE(a_validation_after_one_batch_is_no_whole_epoch) {
  PluginRun run(saver(R"("save_top_k": -1, "filename": "{step}")"), R"("max_epochs": 1, "val_check_interval": 1)");
  run.run();
  CHECK_NAMES(run.names(), "step=1.ckpt", "step=2.ckpt");
}

BOOST_AUTO_TEST_CASE(the_place_of_the_decision_can_be_chosen) {
  PluginRun run(saver(R"("save_top_k": -1, "filename": "{step}", "save_on_train_epoch_end": true)"),
                R"("max_epochs": 1, "val_check_interval": 1)");
  run.run();
  CHECK_NAMES(run.names(), "step=2.ckpt");
}

BOOST_AUTO_TEST_CASE(epoch_and_step_can_be_monitored) {
  PluginRun run(saver(R"("monitor": "step", "mode": "max", "save_top_k": 2, "filename": "{step}")"),
                R"("max_epochs": 3)");
  run.run();
  CHECK_NAMES(run.names(), "step=4.ckpt", "step=6.ckpt");
}

BOOST_AUTO_TEST_CASE(a_name_in_use_is_never_written_over) {
  PluginRun run(saver(R"("monitor": "val_loss", "filename": "best")"), R"("max_epochs": 3)");
  run.log_validation("val_loss", {3, 2, 1});
  run.run();
  CHECK_NAMES(run.names(), "best.ckpt");
  BOOST_TEST(run.document("checkpoints/best.ckpt").at("progress").as_object().at("step").to_number<int>() == 6);
}

BOOST_AUTO_TEST_CASE(weights_only_leaves_the_training_state_out) {
  PluginRun run(saver(R"("save_weights_only": true, "dirpath": "weights")"));
  run.run();
  CHECK_NAMES(run.names("weights/epoch=0-step=2.ckpt"), "checkpoint.json", "model.safetensors");
}

BOOST_AUTO_TEST_CASE(metrics_without_a_value_of_this_step_are_written_nan) {
  PluginRun run(saver(R"("every_n_train_steps": 1, "filename": "{step}-{val_loss:.1f}", "save_top_k": -1)"),
                R"("max_epochs": 2)");
  run.engine.facts_.declares_metrics = true;
  run.engine.facts_.metrics = {{"val_loss", loop::Goal::minimize, loop::Stage::validation}};
  run.log_validation("val_loss", {1});
  run.run();
  CHECK_NAMES(run.names(), "step=1-val_loss=nan.ckpt", "step=2-val_loss=nan.ckpt", "step=3-val_loss=nan.ckpt",
              "step=4-val_loss=nan.ckpt");
}

BOOST_AUTO_TEST_CASE(a_failed_save_leaves_the_best_before_it) {
  PluginRun run(saver(R"("monitor": "val_loss", "filename": "{epoch}", "enable_version_counter": false)"),
                R"("max_epochs": 3)");
  run.log_validation("val_loss", {2, 1, 1.5});
  std::filesystem::create_directories(run.folder().path() / "checkpoints/epoch=1.ckpt");  // somebody else's
  run.run();
  CHECK_NAMES(run.names(), "epoch=1.ckpt", "epoch=2.ckpt");  // 1.5 beats the 2 that is the best again
  BOOST_TEST(run.account("c").at("best_model_score").to_number<double>() == 1.5);
  BOOST_TEST(run.account("c").at("failed").to_number<int>() == 1);
  BOOST_TEST((run.result.reason == TENON_END_FINISHED));
}

BOOST_AUTO_TEST_CASE(a_save_that_fails_at_the_very_end_does_not_fail_the_run) {
  PluginRun run(
      saver(
          R"("monitor": "val_loss", "save_last": true, "every_n_train_steps": 2, "filename": "{step}", "enable_version_counter": false)"),
      R"("max_steps": 3)");
  run.engine.facts_.train_batches = 5;
  run.log_validation("val_loss", {1});
  std::filesystem::create_directories(run.folder().path() / "checkpoints/last-step=3.ckpt");
  run.run();
  BOOST_TEST((run.result.reason == TENON_END_FINISHED));
  BOOST_TEST(run.link("checkpoints/last.ckpt") == "last-step=2.ckpt");
  BOOST_TEST(run.account("c").at("last_model_path").as_string() == "checkpoints/last-step=2.ckpt");
}

BOOST_AUTO_TEST_CASE(the_old_last_outlives_a_failed_save_that_was_asked_for_twice_at_one_step) {
  PluginRun run(
      saver(
          R"("monitor": "val_loss", "every_n_train_steps": 1, "save_last": true, "filename": "{step}", "enable_version_counter": false)"),
      R"("max_epochs": 1)");
  run.log_validation("val_loss", {0.5});
  std::filesystem::create_directories(run.folder().path() / "checkpoints/step=2.ckpt");
  run.run();
  BOOST_TEST(run.link("checkpoints/last.ckpt") == "last-step=2.ckpt");  // asked for once more when the run ended
  CHECK_NAMES(run.names(), "last-step=2.ckpt", "last.ckpt", "step=2.ckpt");
  BOOST_TEST(std::count(run.decisions.begin(), run.decisions.end(), "2 c remove checkpoints/last-step=1.ckpt") == 1);
  const auto removed = std::find(run.decisions.begin(), run.decisions.end(), "2 c remove checkpoints/last-step=1.ckpt");
  const auto replaced = std::find(run.decisions.begin(), run.decisions.end(), "2 c save checkpoints/last-step=2.ckpt");
  BOOST_TEST((replaced < removed));
}

BOOST_AUTO_TEST_CASE(without_async_training_waits_until_a_checkpoint_is_on_disk) {
  PluginRun run(saver(R"("async": false, "every_n_train_steps": 1, "save_top_k": -1, "filename": "{step}")"));
  run.wait_for_saves = false;
  std::vector<std::size_t> on_disk;
  run.engine.on_backward = [&] { on_disk.push_back(run.names().size()); };
  run.run();
  BOOST_TEST(on_disk == (std::vector<std::size_t>{0, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_error_in_a_batch_saves_a_state_that_says_so_where_that_is_asked_for) {
  for (const std::string wanted : {"true", "false"}) {
    PluginRun run(saver(R"("filename": "{step}", "save_on_exception": )" + wanted), R"("max_epochs": 3)");
    run.engine.on_backward = [&] {
      if (run.engine.steps == 3) throw std::runtime_error("out of memory");
    };
    run.run();
    BOOST_TEST((run.result.reason == TENON_END_FAILED));
    if (wanted == "false") {
      BOOST_TEST(run.names() == (std::vector<std::string>{"step=2.ckpt"}), boost::test_tools::per_element());
      continue;
    }
    BOOST_TEST(run.names() == (std::vector<std::string>{"step=2.ckpt", "step=3.ckpt"}),
               boost::test_tools::per_element());
    const auto document = run.document("checkpoints/step=3.ckpt");
    BOOST_TEST(!document.at("consistent").as_bool());
    BOOST_TEST(std::string(document.at("holders").as_array().at(0).at("reason").as_string()).find("the run fails: ") ==
               0u);
    BOOST_TEST(run.account("c").at("best_model_path").as_string() == "checkpoints/step=2.ckpt");
  }
}

BOOST_AUTO_TEST_CASE(an_error_before_the_first_step_saves_nothing) {
  PluginRun run(saver(R"("save_on_exception": true)"));
  run.engine.on_backward = [] { throw std::runtime_error("out of memory"); };
  run.run();
  BOOST_TEST(run.names().empty());
}

BOOST_AUTO_TEST_CASE(two_triggers_are_refused) {
  BOOST_TEST(contains(refusal(saver(R"("every_n_epochs": 1, "every_n_train_steps": 5)")),
                      "every_n_epochs is 1 and every_n_train_steps is 5: only one trigger may be above 0"));
}

BOOST_AUTO_TEST_CASE(two_or_more_without_a_monitor_are_refused) {
  BOOST_TEST(contains(refusal(saver(R"("save_top_k": 3)")), "save_top_k is 3 without a monitor"));
}

BOOST_AUTO_TEST_CASE(a_best_that_was_deleted_before_a_resume_leaves_its_place_to_the_next_best) {
  const std::string best_three =
      saver(R"("monitor": "val_loss", "save_top_k": 3, "save_last": true, "filename": "{epoch}")");
  PluginRun before(best_three, R"("max_epochs": 6)");
  before.wait_for_saves = false;  // its save is still under way when the next one's state is taken
  before.log_validation("val_loss", {6, 5, 3, 4, 1, 2});
  before.run();
  CHECK_NAMES(before.names(), "epoch=2.ckpt", "epoch=4.ckpt", "epoch=5.ckpt", "last.ckpt");
  PluginRun run(best_three, R"("max_epochs": 7)");
  run.take_over(before);
  std::filesystem::remove_all(run.folder() / "checkpoints/epoch=4.ckpt");
  run.resume_from("checkpoints/epoch=5.ckpt");
  run.log_validation("val_loss", {1.5});
  run.run();
  CHECK_NAMES(run.names(), "epoch=2.ckpt", "epoch=5.ckpt", "epoch=6.ckpt", "last.ckpt");
  BOOST_TEST(run.account("c").at("best_model_path").as_string() == "checkpoints/epoch=6.ckpt");
}

BOOST_AUTO_TEST_CASE(a_file_name_that_the_link_last_needs_is_refused) {
  BOOST_TEST(
      contains(refusal(saver(R"("filename": "last", "save_last": true)")), "save_last makes a link of that name"));
  BOOST_TEST(refusal(saver(R"("filename": "last")")).empty());
}

BOOST_AUTO_TEST_CASE(options_outside_the_schema_are_refused) {
  BOOST_TEST(contains(refusal(saver(R"("save_top_k": -3)")), "save_top_k"));
  BOOST_TEST(contains(refusal(saver(R"("save_last": "yes")")), "save_last"));
  BOOST_TEST(contains(refusal(saver(R"("monitr": "val_loss")")), "monitor"));
  BOOST_TEST(contains(refusal(saver(R"("filename": "{epoch")")), "a '{' has no '}' behind it"));
}

BOOST_AUTO_TEST_CASE(two_lasts_in_one_folder_are_refused) {
  const std::string said = refusal(R"([{"plugin": "checkpoint", "id": "a", "config": {"save_last": true}},
    {"plugin": "checkpoint", "id": "b", "config": {"save_last": true, "dirpath": "./checkpoints"}}])");
  BOOST_TEST(contains(said, "belongs to callback 'a', and callback 'b' would move it too"));
}

BOOST_AUTO_TEST_CASE(two_lasts_in_two_folders_are_fine) {
  BOOST_TEST(refusal(R"([{"plugin": "checkpoint", "id": "a", "config": {"save_last": true}},
    {"plugin": "checkpoint", "id": "b", "config": {"save_last": true, "dirpath": "other"}}])")
                 .empty());
}

BOOST_AUTO_TEST_CASE(an_unknown_metric_in_the_name_is_refused_with_those_known) {
  PluginRun run(saver(R"("filename": "{epoch}-{val_los}")"));
  run.engine.facts_.declares_metrics = true;
  run.engine.facts_.metrics = {{"val_loss", loop::Goal::minimize, loop::Stage::validation}};
  run.log_validation("val_loss", {1});
  run.run();
  BOOST_TEST(run.result.refused);
  BOOST_TEST(contains(run.result.detail,
                      "no metric is called \"val_los\"; did you mean 'val_loss'? Known are epoch, step, val_loss"));
}

BOOST_AUTO_TEST_CASE(a_monitor_that_is_never_logged_ends_the_run_with_those_known) {
  PluginRun run(saver(R"("monitor": "nope", "mode": "min")"), R"("max_epochs": 3)");
  run.log_validation("val_loss", {1});
  run.run();
  BOOST_TEST((run.result.reason == TENON_END_FAILED));
  BOOST_TEST(run.result.steps == 2u);
  BOOST_TEST(contains(run.result.detail, "monitor \"nope\" was never logged; known are epoch, step, val_loss"));
}

BOOST_AUTO_TEST_CASE(a_monitor_that_is_missing_at_a_validation_may_come_at_the_end_of_the_training_epoch) {
  for (const bool comes : {false, true}) {
    PluginRun run(saver(R"("monitor": "whole", "mode": "min", "save_on_train_epoch_end": false)"));
    run.log_validation("val_loss", {1});
    if (comes)
      run.before_run = [&](PluginRun::Fit&) {
        run.engine.on_training_step = [](loop::MetricSink& sink) {
          sink.log("whole", 1.0, {.on_step = false, .on_epoch = true});
        };
      };
    run.run();
    BOOST_TEST(contains(run.text(),
                        "monitor \"whole\" was not logged by the first validation; known are epoch, step, val_loss"));
    BOOST_TEST(contains(run.result.detail, "monitor \"whole\" was never logged") != comes);
    BOOST_TEST(run.names().size() == (comes ? 1u : 0u));
  }
}

BOOST_AUTO_TEST_CASE(a_step_trigger_without_validation_finds_a_missing_monitor_at_the_end_of_the_epoch) {
  PluginRun run(saver(R"("monitor": "nope", "mode": "min", "every_n_train_steps": 1)"), R"("max_epochs": 3)");
  run.engine.facts_.validation_batches.clear();
  run.run();
  BOOST_TEST((run.result.reason == TENON_END_FAILED));
  BOOST_TEST(run.result.steps == 2u);
}

BOOST_AUTO_TEST_CASE(what_cannot_fire_is_warned_of) {
  PluginRun epochs(saver(R"("every_n_epochs": 10)"), R"("max_epochs": 2)");
  epochs.run();
  BOOST_TEST(contains(epochs.text(), "every 10 epochs never comes: the run ends after 2 epochs"));
  PluginRun steps(saver(R"("every_n_train_steps": 100)"), R"("max_epochs": 2)");
  steps.run();
  BOOST_TEST(contains(steps.text(), "every 100 steps never comes: the run ends after 4 steps"));
  PluginRun none(saver(R"("every_n_epochs": 0)"));
  none.run();
  BOOST_TEST(contains(none.text(), "every trigger is 0: nothing will be saved"));
  PluginRun nowhere(saver(R"("save_on_train_epoch_end": false)"));
  nowhere.engine.facts_.validation_batches.clear();
  nowhere.run();
  BOOST_TEST(contains(nowhere.text(), "it acts at the end of a validation, and this run has none"));
}

BOOST_AUTO_TEST_CASE(a_validation_that_never_comes_is_warned_of) {
  const auto told = [](const std::string& config, const std::string& trainer) {
    PluginRun run(saver(config), R"("max_epochs": 2, )" + trainer);
    run.engine.facts_.declares_metrics = true;
    run.engine.facts_.metrics = {{"val_loss", loop::Goal::minimize, loop::Stage::validation}};
    run.log_validation("val_loss", {1});
    run.run();
    return run.text();
  };
  const std::string by_epochs = R"("check_val_every_n_epoch": 5)";
  const std::string by_batches = R"("check_val_every_n_epoch": null, "val_check_interval": )";
  BOOST_TEST(contains(told(R"("monitor": "val_loss")", by_epochs),
                      "none comes: it runs every 5 epochs, and the run ends after 2 epochs"));
  BOOST_TEST(contains(told(R"("monitor": "val_loss")", by_batches + "50"),
                      "none comes: it runs every 50 batches, and the run ends after 4 steps"));
  BOOST_TEST(contains(told(R"("monitor": "val_loss", "every_n_train_steps": 2)", by_epochs),
                      "its monitor is measured in validation, and none comes: it runs every 5 epochs"));
  BOOST_TEST(!contains(told(R"("monitor": "val_loss")", by_batches + "4"), "none comes"));
  BOOST_TEST(!contains(told(R"("every_n_train_steps": 2)", by_epochs), "none comes"));
}

BOOST_AUTO_TEST_CASE(a_name_that_nothing_is_logged_under_is_refused_also_where_it_looks_like_one) {
  for (const std::string key : {"val_loss_step", "val_loss_epoch"}) {
    PluginRun run(saver(R"("filename": "{epoch}-{)" + key + "}\""), R"("max_epochs": 3)");
    run.engine.facts_.declares_metrics = true;
    run.engine.facts_.metrics = {{"val_loss", loop::Goal::minimize, loop::Stage::validation}};
    run.log_validation("val_loss", {1});
    run.run();
    BOOST_TEST(run.result.refused == (key == "val_loss_step"));  // the other may come when an epoch has ended
    BOOST_TEST(contains(run.result.detail, "no metric is called \"" + key + "\"; did you mean 'val_loss'?"));
    BOOST_TEST(run.names().empty());
  }
}

BOOST_AUTO_TEST_CASE(what_a_failed_run_has_let_go_and_keeps_for_one_that_goes_on_is_told) {
  PluginRun run(R"([{"plugin": "checkpoint", "id": "full", "config": {"dirpath": "full"}},
    {"plugin": "checkpoint", "id": "w", "config": {"every_n_train_steps": 1, "save_weights_only": true,
      "filename": "{step}"}}])",
                R"("max_epochs": 4)");
  run.engine.on_optimizer_step = [&] {
    if (run.engine.steps == 5) throw std::runtime_error("a step fails");
  };
  run.run();
  const std::vector<std::string> there = run.names();
  std::vector<std::string> told;
  for (const char* what : {"kept", "leaving"})
    for (const boost::json::array paths = run.account("w").at(what).as_array(); const boost::json::value& path : paths)
      told.push_back(std::string(path.as_string()).substr(std::string("checkpoints/").size()));
  std::sort(told.begin(), told.end());
  BOOST_TEST(run.account("w").at("leaving").as_array().size() == 1u);
  BOOST_TEST(told == there, boost::test_tools::per_element());
  BOOST_TEST(contains(run.text(), "a run that goes on from here removes it"));
}

BOOST_AUTO_TEST_CASE(time_fires_from_its_last_firing_on) {
  PluginRun run(saver(R"("train_time_interval": 60, "save_top_k": -1, "filename": "{step}")"), R"("max_epochs": 2)");
  run.engine.facts_.train_batches = 16;
  run.engine.seconds = 0.0;
  run.engine.on_optimizer_step = [&] { run.engine.seconds = *run.engine.seconds + 7.0; };
  run.run();
  CHECK_NAMES(run.names(), "step=18.ckpt", "step=27.ckpt", "step=9.ckpt");
}

BOOST_AUTO_TEST_CASE(a_time_interval_of_0_fires_at_every_batch_and_excludes_other_triggers) {
  PluginRun run(saver(R"("train_time_interval": 0, "save_top_k": -1, "filename": "{step}")"));
  run.run();
  CHECK_NAMES(run.names(), "step=1.ckpt", "step=2.ckpt");
  BOOST_TEST(contains(refusal(saver(R"("train_time_interval": 60, "every_n_epochs": 2)")),
                      "every_n_epochs is 2 and train_time_interval is 60: only one trigger may be above 0"));
  BOOST_TEST(contains(refusal(saver(R"("train_time_interval": -1)")), "train_time_interval"));
}

BOOST_AUTO_TEST_CASE(what_is_not_better_than_the_initial_value_threshold_is_not_kept) {
  PluginRun run(
      saver(R"("monitor": "val_loss", "initial_value_threshold": 2, "save_last": true, "filename": "{epoch}")"),
      R"("max_epochs": 4)");
  run.log_validation("val_loss", {3, 2, 1.5, 1.7});
  run.run();
  CHECK_NAMES(run.names(), "epoch=2.ckpt", "last-epoch=3.ckpt", "last.ckpt");
  BOOST_TEST(run.reasons.at(0) == "val_loss 3 is not better than the initial_value_threshold 2");
  PluginRun not_finite(saver(R"("monitor": "val_loss", "initial_value_threshold": 2, "filename": "{epoch}")"),
                       R"("max_epochs": 3)");
  not_finite.log_validation("val_loss", {-std::numeric_limits<double>::infinity(), 1.5, nan_value});
  not_finite.run();
  CHECK_NAMES(not_finite.names(), "epoch=1.ckpt");
  PluginRun none(saver(R"("initial_value_threshold": 2)"));
  none.run();
  BOOST_TEST(contains(none.text(), "initial_value_threshold without a monitor has nothing to compare"));
}

BOOST_AUTO_TEST_CASE(a_step_trigger_with_a_training_metric_waits_for_the_end_of_the_epoch) {
  PluginRun run(saver(R"("monitor": "loss", "every_n_train_steps": 2, "filename": "{step}")"), R"("max_epochs": 2)");
  run.engine.facts_.train_batches = 3;
  run.before_run = [&](PluginRun::Fit&) {
    run.engine.on_training_step = [&](loop::MetricSink& sink) {
      sink.log("loss", 5.0 - static_cast<double>(run.engine.steps), {.on_step = false, .on_epoch = true});
    };
  };
  run.run();
  CHECK_NAMES(run.names(), "step=6.ckpt");
}

BOOST_AUTO_TEST_CASE(a_checkpoint_of_somebody_else_is_neither_written_over_nor_removed) {
  PluginRun run(saver(R"("monitor": "val_loss", "filename": "{epoch}")"), R"("max_epochs": 3)");
  run.log_validation("val_loss", {3, 2, 1});
  for (const std::string name : {"epoch=0.ckpt", "epoch=1.ckpt"}) {
    std::filesystem::create_directories(run.folder().path() / "checkpoints" / name);
    write_file(run.folder().path() / "checkpoints" / name / "theirs", name);
  }
  write_file(run.folder().path() / "checkpoints/epoch=2.ckpt", "an old file of another program");
  run.run();
  CHECK_NAMES(run.names(), "epoch=0.ckpt", "epoch=1.ckpt", "epoch=2-v1.ckpt", "epoch=2.ckpt");
  BOOST_TEST(run.read("checkpoints/epoch=0.ckpt/theirs") == "epoch=0.ckpt");
  BOOST_TEST(run.read("checkpoints/epoch=2.ckpt") == "an old file of another program");
}

BOOST_AUTO_TEST_CASE(several_savers_share_a_folder_and_each_keeps_its_own) {
  PluginRun run(R"([{"plugin": "checkpoint", "id": "low", "config": {"monitor": "val_loss", "filename": "{epoch}"}},
    {"plugin": "checkpoint", "id": "high", "config": {"monitor": "val_acc", "filename": "{epoch}", "save_top_k": 2}},
    {"plugin": "checkpoint", "id": "new", "config": {"filename": "new", "save_last": true}}])",
                R"("max_epochs": 4)");
  run.log_validation("val_loss", {2, 1, 3, 4});
  run.log_validation("val_acc", {0.5, 0.7, 0.6, 0.1});
  run.run();
  CHECK_NAMES(run.names(), "epoch=1.ckpt", "epoch=2.ckpt", "last.ckpt", "new-v1.ckpt");
  BOOST_TEST(run.account("low").at("best_model_path").as_string() == "checkpoints/epoch=1.ckpt");
  BOOST_TEST(run.account("high").at("best_model_path").as_string() == "checkpoints/epoch=1.ckpt");
  BOOST_TEST(run.account("high").at("kept").as_array().size() == 2u);
}

BOOST_AUTO_TEST_CASE(names_with_every_character_that_a_folder_takes) {
  PluginRun run(saver(R"("filename": "a b=c/{epoch:03d} loss={val/loss:.2f}", "auto_insert_metric_name": false)"));
  run.log_validation("val/loss", {0.125});
  run.run();
  CHECK_NAMES(run.names("checkpoints/a b=c"), "000 loss=0.12.ckpt");
  setenv("HOME", (run.folder().path() / "home").c_str(), 1);
  PluginRun home(saver(R"("dirpath": "~/kept")"));
  home.run();
  CHECK_NAMES(run.names("home/kept"), "epoch=0-step=2.ckpt");
  PluginRun none(saver(R"("dirpath": null)"));
  none.run();
  CHECK_NAMES(none.names("checkpoints"), "epoch=0-step=2.ckpt");
  PluginRun absolute(saver(R"("dirpath": ")" + (run.folder().path() / "elsewhere").native() + "\""));
  absolute.run();
  CHECK_NAMES(run.names("elsewhere"), "epoch=0-step=2.ckpt");
}

BOOST_AUTO_TEST_CASE(a_metric_that_only_gets_worse_from_the_start_asks_whether_the_mode_is_right) {
  PluginRun run(saver(R"("monitor": "vl", "mode": "min", "save_top_k": 2)"), R"("max_epochs": 6)");
  run.log_validation("vl", {0.1, 0.2, 0.3, 0.4, 0.5, 0.6});
  run.run();
  BOOST_TEST(contains(run.text(),
                      "each of the 6 values of vl was worse than the one before, so that the first 2 are kept: is "
                      "\"mode\": \"min\" what you mean?"));
  PluginRun other(saver(R"("monitor": "vl", "mode": "min", "save_top_k": 2)"), R"("max_epochs": 6)");
  other.log_validation("vl", {0.1, 0.2, 0.1, 0.4, 0.5, 0.6});
  other.run();
  BOOST_TEST(!contains(other.text(), "WARNING"));
}

BOOST_AUTO_TEST_CASE(epochs_that_never_meet_a_validation_are_warned_of) {
  PluginRun run(saver(R"("every_n_epochs": 3)"), R"("max_epochs": 5, "check_val_every_n_epoch": 2)");
  run.log_validation("val_loss", {1});
  run.run();
  BOOST_TEST(contains(run.text(), "every 3 epochs, at the end of a validation, never comes"));
  CHECK_NAMES(run.names());
}

BOOST_AUTO_TEST_SUITE_END()
