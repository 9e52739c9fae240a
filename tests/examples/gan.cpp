// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "example_run.hpp"

using namespace examples_test;

BOOST_AUTO_TEST_SUITE(gan)

BOOST_AUTO_TEST_CASE(two_optimizers_step_on_each_batch_and_both_are_in_the_checkpoint) {
  const Workplace here;
  train(here, "gan",
        "--set trainer.max_epochs=2 --set trainer.limit_train_batches=3 --set trainer.check_val_every_n_epoch=1 "
        "--set trainer.log_every_n_steps=1");
  BOOST_TEST(column(here, "g_loss").size() == 6u);
  BOOST_TEST(column(here, "d_loss").size() == 6u);

  const auto last = here / "run/checkpoints/last.ckpt";
  const boost::json::object document = examples_test::document(last);
  const boost::json::value& progress = document.at("progress");
  BOOST_TEST(progress.at("step").to_number<int>() == 6);
  BOOST_TEST(progress.at("optimizer_steps").to_number<int>() == 12);
  const auto state = tensors(last / "training.safetensors");
  for (const char* name : {"optimizer/generator/generator.first.weight/exp_avg",
                           "optimizer/discriminator/discriminator.first.weight/exp_avg"})
    BOOST_TEST(state.count(name) == 1u, name);
  BOOST_TEST(state.count("optimizer/generator/discriminator.first.weight/exp_avg") == 0u);
}

BOOST_AUTO_TEST_CASE(what_it_makes_comes_nearer_to_the_data) {
  const Workplace here;
  const Outcome run = train(here, "gan",
                            "--set task.config.repeat=1 --set task.config.lr=0.001 --set trainer.max_epochs=60 "
                            "--set trainer.check_val_every_n_epoch=20");
  const std::vector<double> distances = column(here, "val_distance");
  BOOST_REQUIRE_EQUAL(distances.size(), 3u);
  BOOST_TEST(distances.back() < 0.8 * distances.front());
  BOOST_TEST(run.out.find("  made:\n") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
