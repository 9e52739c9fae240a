// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "manifest_texts.hpp"

namespace tenon::manifest {

namespace {
TrainerOptions trainer(const std::string& options) {
  return from_text("{\"trainer\": {" + options + "}}").trainer;
}
std::string refused_trainer(const std::string& options) { return refused("{\"trainer\": {" + options + "}}"); }
}  // namespace

BOOST_AUTO_TEST_SUITE(trainer_options)

BOOST_AUTO_TEST_CASE(defaults_are_lightnings) {
  const TrainerOptions options = trainer("");
  BOOST_TEST(options.max_epochs == 1000u);
  BOOST_TEST(options.max_steps == TENON_UNKNOWN);
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
    const TrainerOptions options =
        trainer("\"max_epochs\": " + given + ", \"max_steps\": " + given + ", \"min_epochs\": " + given +
                ", \"num_sanity_val_steps\": " + given + ", \"limit_train_batches\": " + given +
                ", \"limit_val_batches\": " + given);
    BOOST_TEST(options.max_epochs == TENON_UNKNOWN);
    BOOST_TEST(options.max_steps == TENON_UNKNOWN);
    BOOST_TEST(options.min_epochs == 0u);
    BOOST_TEST(options.num_sanity_val_steps == TENON_UNKNOWN);
    BOOST_TEST(options.limit_train_batches.is_share);
    BOOST_TEST(options.limit_train_batches.share == 1.0);
    BOOST_TEST(options.limit_val_batches.is_share);
  }
}

BOOST_AUTO_TEST_CASE(a_limit_of_steps_lifts_the_default_limit_of_epochs) {
  BOOST_TEST(trainer("\"max_steps\": 100").max_epochs == TENON_UNKNOWN);
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

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::manifest
