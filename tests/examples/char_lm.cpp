// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "example_run.hpp"

using namespace examples_test;

namespace {

const std::string small =
    "--set task.config.width=32 --set task.config.window=32 --set trainer.val_check_interval=20 "
    "--set trainer.limit_val_batches=4 --set trainer.log_every_n_steps=5 ";

}  // namespace

BOOST_AUTO_TEST_SUITE(char_lm)

BOOST_AUTO_TEST_CASE(it_learns_and_tells_text_of_its_own_after_each_validation) {
  const Workplace here;
  const Outcome run = train(here, "char_lm", small + "--set trainer.max_steps=40");
  const std::vector<double> losses = column(here, "val_loss");
  BOOST_REQUIRE_EQUAL(losses.size(), 2u);
  BOOST_TEST(losses.back() < losses.front());
  BOOST_TEST(losses.back() < std::log(65.0) - 0.8);
  BOOST_TEST(!column(here, "train_loss").empty());

  std::size_t samples = 0;
  for (std::size_t at = run.out.find("  sample:\n    "); at != std::string::npos;
       at = run.out.find("  sample:\n    ", at + 1))
    ++samples;
  BOOST_TEST(samples == 2u, run.out);
}

BOOST_AUTO_TEST_CASE(what_is_sampled_does_not_change_what_is_learned) {
  const Workplace with, without;
  const std::string dropout = small + "--set trainer.max_steps=25 --set task.config.dropout=0.1 ";
  train(with, "char_lm", dropout);
  train(without, "char_lm", dropout + "--set task.config.sample_length=0");
  BOOST_TEST(column(with, "train_loss") == column(without, "train_loss"), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(it_trains_in_bf16) {
  const Workplace here;
  train(here, "char_lm", small + "--set trainer.max_steps=20 --set trainer.precision=bf16-mixed");
  BOOST_TEST(column(here, "val_loss").back() < std::log(65.0));
}

BOOST_AUTO_TEST_CASE(a_text_that_is_too_short_and_a_prompt_that_it_lacks_are_refused) {
  const Workplace here;
  here.write("run.json", R"({"task": {"library": "char_lm", "config": {"data": "short.txt"}}})");
  here.write("short.txt", "To be, or not to be");
  const Outcome shortage = here.run("train run.json");
  BOOST_TEST(shortage.code == 5);
  BOOST_TEST(
      shortage.err.find("short.txt has 19 bytes, too few for windows of this length: at least 1300 are needed") !=
          std::string::npos,
      shortage.err);
  const Outcome prompt = here.run("train run.json --set task.config.data=null --set 'task.config.prompt=\"#\"'");
  BOOST_TEST(prompt.code == 5);
  BOOST_TEST(prompt.err.find("the text has no '#'; give a prompt of characters that it has") != std::string::npos,
             prompt.err);
}

BOOST_AUTO_TEST_SUITE_END()
