// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "manifest/json_text.hpp"
#include "manifest/manifest_schema.hpp"
#include "manifest/write_trainer.hpp"
#include "manifest_texts.hpp"

namespace tenon::manifest {

namespace {
TrainerOptions trainer(const std::string& options) { return from_text("{\"trainer\": {" + options + "}}").trainer; }
std::string refused_trainer(const std::string& options) { return refused("{\"trainer\": {" + options + "}}"); }
}  // namespace

BOOST_AUTO_TEST_SUITE(trainer_options)

BOOST_AUTO_TEST_CASE(defaults_are_lightnings) {
  const TrainerOptions options = trainer("");
  BOOST_TEST(options.max_epochs == 1000u);
  BOOST_TEST(options.max_steps == no_limit);
  BOOST_TEST(options.min_epochs == 0u);
  BOOST_TEST(options.val_check_interval.is_share);
  BOOST_TEST(options.val_check_interval.share == 1.0);
  BOOST_TEST(options.check_val_every_n_epoch == 1u);
  BOOST_TEST(options.num_sanity_val_steps == 2u);
  BOOST_TEST(options.accumulate_grad_batches == 1u);
  BOOST_TEST(options.log_every_n_steps == 50u);
  BOOST_TEST(options.threads == 0u);
  BOOST_TEST(options.device == "cpu");
}

BOOST_AUTO_TEST_CASE(minus_one_and_null_mean_no_limit) {
  for (const char* none : {"-1", "null"}) {
    const std::string given = none;
    const TrainerOptions options = trainer("\"max_epochs\": " + given + ", \"max_steps\": " + given +
                                           ", \"min_epochs\": " + given + ", \"num_sanity_val_steps\": " + given +
                                           ", \"limit_train_batches\": " + given + ", \"limit_val_batches\": " + given);
    BOOST_TEST(options.max_epochs == no_limit);
    BOOST_TEST(options.max_steps == no_limit);
    BOOST_TEST(options.min_epochs == 0u);
    BOOST_TEST(options.num_sanity_val_steps == no_limit);
    BOOST_TEST(options.limit_train_batches.is_share);
    BOOST_TEST(options.limit_train_batches.share == 1.0);
    BOOST_TEST(options.limit_val_batches.is_share);
  }
}

BOOST_AUTO_TEST_CASE(a_limit_of_steps_lifts_the_default_limit_of_epochs) {
  BOOST_TEST(trainer("\"max_steps\": 100").max_epochs == no_limit);
  BOOST_TEST(trainer("\"max_steps\": 100, \"max_epochs\": 2").max_epochs == 2u);
}

BOOST_AUTO_TEST_CASE(one_is_a_count_and_one_point_zero_a_share) {
  const TrainerOptions options =
      trainer("\"val_check_interval\": 1, \"limit_train_batches\": 1.0, \"limit_val_batches\": 1");
  BOOST_TEST(!options.val_check_interval.is_share);
  BOOST_TEST(options.val_check_interval.count == 1u);
  BOOST_TEST(options.limit_train_batches.is_share);
  BOOST_TEST(!options.limit_val_batches.is_share);
  BOOST_TEST(options.limit_val_batches.count == 1u);
  BOOST_TEST(trainer("\"val_check_interval\": 0.25").val_check_interval.share == 0.25);
  BOOST_TEST(trainer("\"limit_val_batches\": 0").limit_val_batches.count == 0u);
}

BOOST_AUTO_TEST_CASE(a_share_above_one_is_refused) {
  BOOST_TEST(
      refused_trainer("\"val_check_interval\": 1.5") ==
      "run.json:1: /trainer/val_check_interval: expected a whole number of at least 1 or a number above 0 and of "
      "at most 1, got 1.5; leave it out for its default 1.0");
  BOOST_TEST(refused_trainer("\"limit_val_batches\": 2.0") ==
             "run.json:1: /trainer/limit_val_batches: expected a whole number of at least -1, a number from 0 to 1 or "
             "null, got 2.0; write 2 without a point");
  BOOST_TEST(refused_trainer("\"val_check_interval\": 0") != "");
}

BOOST_AUTO_TEST_CASE(batches_counted_across_epochs_need_a_count) {
  BOOST_TEST(refused_trainer("\"check_val_every_n_epoch\": null") ==
             "run.json:1: /trainer/val_check_interval: is the share 1.0 of an epoch, but check_val_every_n_epoch is "
             "null, which counts batches across epochs; give it as a count, for example 100");
  BOOST_TEST(trainer("\"check_val_every_n_epoch\": null, \"val_check_interval\": 50").check_val_every_n_epoch == 0u);
}

BOOST_AUTO_TEST_CASE(max_time_is_days_hours_minutes_and_seconds_or_an_object_of_units) {
  BOOST_TEST(std::isinf(trainer("").max_time));
  BOOST_TEST(trainer("\"max_time\": \"01:02:03:04\"").max_time == 86400.0 + 2 * 3600.0 + 3 * 60.0 + 4.0);
  BOOST_TEST(trainer("\"max_time\": {\"weeks\": 1, \"hours\": 0.5, \"seconds\": 2}").max_time ==
             604800.0 + 1800.0 + 2.0);
  BOOST_TEST(refused_trainer("\"max_time\": \"12:00\"").starts_with("run.json:1: /trainer/max_time: expected"));
  BOOST_TEST(refused_trainer("\"max_time\": {\"hour\": 1}").find("'hours'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(precisions_have_lightnings_names) {
  for (const char* name : {"32", "\"32\"", "\"32-true\"", "null"})
    BOOST_TEST((trainer("\"precision\": " + std::string(name)).precision == Precision::float32));
  for (const char* name : {"64", "\"64-true\""})
    BOOST_TEST((trainer("\"precision\": " + std::string(name)).precision == Precision::float64));
  for (const char* name : {"\"bf16\"", "\"bf16-mixed\""})
    BOOST_TEST((trainer("\"precision\": " + std::string(name)).precision == Precision::bf16_mixed));
  BOOST_TEST((trainer("\"precision\": \"bf16-true\"").precision == Precision::bf16));
  BOOST_TEST(refused_trainer("\"precision\": \"16-mixed\"").starts_with("run.json:1: /trainer/precision: expected"));
}

BOOST_AUTO_TEST_CASE(clipping_is_off_without_a_bound) {
  BOOST_TEST(!trainer("").gradient_clip_val);
  BOOST_TEST(!trainer("\"gradient_clip_val\": 0").gradient_clip_val);
  const TrainerOptions options = trainer("\"gradient_clip_val\": 0.5, \"gradient_clip_algorithm\": \"value\"");
  BOOST_TEST(options.gradient_clip_val.value() == 0.5);
  BOOST_TEST((options.gradient_clip_algorithm == ClipAlgorithm::value));
  BOOST_TEST((trainer("\"gradient_clip_val\": 1").gradient_clip_algorithm == ClipAlgorithm::norm));
}

BOOST_AUTO_TEST_CASE(fast_dev_run_stands_for_a_run_of_a_few_batches) {
  BOOST_TEST(trainer("\"fast_dev_run\": false").fast_dev_run == 0u);
  BOOST_TEST(trainer("\"fast_dev_run\": true").fast_dev_run == 1u);
  const TrainerOptions options = with_debugging(trainer("\"fast_dev_run\": 3, \"max_epochs\": 9"));
  for (const BatchLimit& limit : {options.limit_train_batches, options.limit_val_batches, options.limit_test_batches,
                                  options.limit_predict_batches}) {
    BOOST_TEST(!limit.is_share);
    BOOST_TEST(limit.count == 3u);
  }
  BOOST_TEST(options.max_epochs == 1u);
  BOOST_TEST(options.max_steps == 3u);
  BOOST_TEST(options.num_sanity_val_steps == 0u);
}

BOOST_AUTO_TEST_CASE(overfit_batches_limits_training_and_validation) {
  BOOST_TEST(!trainer("").overfits());
  BOOST_TEST(!trainer("\"overfit_batches\": 0.0").overfits());
  const TrainerOptions count = with_debugging(trainer("\"overfit_batches\": 4"));
  BOOST_TEST(count.limit_train_batches.count == 4u);
  BOOST_TEST(count.limit_val_batches.count == 4u);
  BOOST_TEST(count.limit_test_batches.is_share);
  BOOST_TEST(with_debugging(trainer("\"overfit_batches\": 0.25")).limit_train_batches.share == 0.25);
}

BOOST_AUTO_TEST_CASE(debugging_options_are_read) {
  const TrainerOptions options = trainer(
      "\"deterministic\": true, \"detect_anomaly\": true, \"default_root_dir\": \"out\", \"limit_test_batches\": 5, "
      "\"limit_predict_batches\": 0.5, \"device\": \"cuda:1\"");
  BOOST_TEST((options.deterministic == Deterministic::yes));
  BOOST_TEST((trainer("\"deterministic\": \"warn\"").deterministic == Deterministic::warn));
  BOOST_TEST(options.detect_anomaly);
  BOOST_TEST(options.default_root_dir == "out");
  BOOST_TEST(options.limit_test_batches.count == 5u);
  BOOST_TEST(options.limit_predict_batches.share == 0.5);
  BOOST_TEST(options.device == "cuda:1");
  BOOST_TEST(refused_trainer("\"device\": \"gpu\"").starts_with("run.json:1: /trainer/device: expected"));
}

BOOST_AUTO_TEST_CASE(a_seed_that_a_number_cannot_hold_is_refused) {
  BOOST_TEST(trainer("\"seed\": 9223372036854775807").seed == 9223372036854775807u);
  BOOST_TEST(refused_trainer("\"seed\": 9223372036854775808").starts_with("run.json:1: /trainer/seed: "));
}

BOOST_AUTO_TEST_CASE(written_options_are_read_as_the_same) {
  TrainerOptions options;
  options.max_epochs = 12;
  options.min_epochs = 2;
  options.max_steps = 500;
  options.min_steps = 3;
  options.max_time = 90.5;
  options.val_check_interval = BatchLimit::batches(7);
  options.check_val_every_n_epoch = 0;
  options.num_sanity_val_steps = no_limit;
  options.limit_train_batches = BatchLimit::share_of(0.5);
  options.limit_val_batches = BatchLimit::batches(1);
  options.limit_predict_batches = BatchLimit::batches(4);
  options.fast_dev_run = 2;
  options.overfit_batches = BatchLimit::share_of(0.25);
  options.accumulate_grad_batches = 4;
  options.gradient_clip_val = 0.5;
  options.gradient_clip_algorithm = ClipAlgorithm::value;
  options.precision = Precision::bf16_mixed;
  options.log_every_n_steps = 9;
  options.deterministic = Deterministic::warn;
  options.detect_anomaly = true;
  options.seed = 77;
  options.threads = 3;
  options.device = "cuda:1";
  options.checkpoint_queue = CheckpointQueue::skip;
  options.default_root_dir = "out";
  const auto read_back = [](const TrainerOptions& given) {
    return from_text("{\"trainer\": " + json_text(write_trainer(given)) + "}").trainer;
  };
  const TrainerOptions read = read_back(options);
  BOOST_TEST(json_text(write_trainer(read)) == json_text(write_trainer(options)));
  BOOST_TEST(read.max_time == 90.5);
  BOOST_TEST(read.val_check_interval.count == 7u);
  BOOST_TEST(read.num_sanity_val_steps == no_limit);
  BOOST_TEST(read.limit_train_batches.share == 0.5);
  BOOST_TEST(read.limit_val_batches.count == 1u);
  BOOST_TEST(!read.limit_val_batches.is_share);
  BOOST_TEST((read.precision == Precision::bf16_mixed));
  BOOST_TEST(read.threads == 3u);
  BOOST_TEST((read.checkpoint_queue == CheckpointQueue::skip));
  BOOST_TEST((read_back({}).checkpoint_queue == CheckpointQueue::wait));

  options.limit_test_batches = BatchLimit::batches(no_limit);
  BOOST_TEST(read_back(options).limit_test_batches.share == 1.0);

  const TrainerOptions defaults = read_back({});
  BOOST_TEST(defaults.max_epochs == 1000u);
  BOOST_TEST(std::isinf(defaults.max_time));
  BOOST_TEST(defaults.val_check_interval.is_share);
  for (const auto& [key, schema] : manifest_schema().at("properties").at("trainer").at("properties").as_object())
    BOOST_TEST(write_trainer(options).contains(key), std::string(key) + " is not written");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::manifest
