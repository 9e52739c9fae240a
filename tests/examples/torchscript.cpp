// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "example_run.hpp"

using namespace examples_test;

namespace {

/// A manifest with the example's model and data, by absolute paths, and `more` of the task's options.
void manifest(const Workplace& here, const std::string& target, const std::string& more) {
  here.write("run.json", R"({"task": {"library": "torchscript", "config": {"model": ")" +
                             (examples / "torchscript/digits.pt").string() + R"(", "data": "rows.csv", "target": )" +
                             target + more + "}}, \"trainer\": {\"max_epochs\": 2, \"threads\": 1}}");
}

void check_refusal(const Workplace& here, int code, const std::string& expected) {
  const Outcome outcome = here.run("train run.json --out run");
  BOOST_TEST(outcome.code == code);
  BOOST_TEST(outcome.err.find(expected) != std::string::npos, outcome.err);
  std::error_code ignored;
  runs_test::fs::remove_all(here / "run", ignored);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(torchscript)

BOOST_AUTO_TEST_CASE(a_scripted_model_learns_the_digits_and_keeps_its_names) {
  const Workplace here;
  train(here, "torchscript", "--set trainer.max_epochs=2");
  const std::vector<double> accuracies = column(here, "val_acc");
  BOOST_TEST(*std::max_element(accuracies.begin(), accuracies.end()) > 0.9);

  // The scripted module's state_dict, as make_model.py prints it.
  const std::map<std::string, std::vector<std::int64_t>> names{{"features.0.weight", {16, 64}},
                                                               {"features.0.bias", {16}},
                                                               {"features.1.weight", {16}},
                                                               {"features.1.bias", {16}},
                                                               {"features.1.running_mean", {16}},
                                                               {"features.1.running_var", {16}},
                                                               {"features.1.num_batches_tracked", {}},
                                                               {"scores.weight", {10, 16}},
                                                               {"scores.bias", {10}}};
  for (const auto& entry : runs_test::fs::directory_iterator(here / "run/checkpoints"))
    BOOST_CHECK(tensors(entry.path() / "model.safetensors") == names);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_s_weights_validate_as_they_did_in_training) {
  const Workplace here;
  train(here, "torchscript", "--set trainer.max_epochs=1 --set callbacks.best.config.filename=one");
  const double trained = column(here, "val_loss").back();
  const Outcome again = here.run("validate '" + (examples / "torchscript/run.json").string() +
                                 "' --out again --json --set trainer.threads=1 --weights run/checkpoints/one.ckpt");
  BOOST_REQUIRE_MESSAGE(again.code == 0, again.err);
  const boost::json::value summary = boost::json::parse(runs_test::lines(again.out).back()).at("summary");
  BOOST_TEST(summary.at("metrics").at("val_loss").to_number<double>() == trained, boost::test_tools::tolerance(1e-6));
}

BOOST_AUTO_TEST_CASE(training_and_evaluation_mode_reach_the_script) {
  const Workplace here;
  train(here, "torchscript", "--set trainer.max_epochs=1 --set callbacks.best.config.filename=one");
  // Batch normalisation counts the batches of training alone: 45, and not those of two evaluations.
  BOOST_TEST(whole_number(here / "run/checkpoints/one.ckpt/model.safetensors", "features.1.num_batches_tracked") == 45);
}

BOOST_AUTO_TEST_CASE(columns_can_be_named_and_wrong_ones_are_refused) {
  const Workplace here;
  std::string rows;
  for (int i = 1; i <= 64; ++i) rows += "p" + std::to_string(i) + ",";
  rows += "digit\n";
  for (int row = 0; row < 40; ++row) {
    for (int i = 0; i < 64; ++i) rows += std::to_string((row * 7 + i) % 17) + ",";
    rows += std::to_string(row % 10) + "\n";
  }
  here.write("rows.csv", rows);
  manifest(here, R"(["digit"])", R"(, "header": true)");
  BOOST_TEST(here.run("train run.json --out named").code == 0);

  manifest(here, R"(["digit"])", "");
  check_refusal(here, 5, "rows.csv:1: column 1 is 'p1', not a number; correct it, or say \"header\": true");
  manifest(here, R"(["digits"])", R"(, "header": true)");
  check_refusal(here, 5, "rows.csv has no column 'digits'; its columns are 1 to 65, the first is named 'p1'");
  manifest(here, R"(["digit"])", R"(, "header": true, "loss": "mse")");
  check_refusal(here, 1, "the scripted model gives [");
}

BOOST_AUTO_TEST_CASE(a_script_that_puts_another_tensor_in_a_buffer_s_place_is_refused) {
  const Workplace here;
  const Outcome outcome =
      here.run("train '" + (examples / "torchscript/run.json").string() +
               "' --out run --set 'task.config.model=\"" TENON_SOURCE_DIR "/tests/examples/assigned_buffer.pt\"'");
  BOOST_TEST(outcome.code == 1);
  BOOST_TEST(outcome.err.find("assigns a new tensor to its buffer 'counter.seen', which checkpoints would miss; change "
                              "it in place, as in self.seen.copy_(...)") != std::string::npos,
             outcome.err);
}

BOOST_AUTO_TEST_CASE(what_is_no_scripted_model_is_refused) {
  const Workplace here;
  here.write("rows.csv", "1,2\n3,4\n");
  here.write("not.pt", "no zip file");
  manifest(here, "[2]", "");
  const Outcome outcome = here.run("train run.json --out run --set task.config.model=not.pt");
  BOOST_TEST(outcome.code == 5);
  BOOST_TEST(outcome.err.find("not.pt cannot be read (") != std::string::npos, outcome.err);
  BOOST_TEST(outcome.err.find("\"model\" names a file that torch.jit.save wrote") != std::string::npos, outcome.err);
}

BOOST_AUTO_TEST_SUITE_END()
