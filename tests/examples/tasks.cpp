// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The tutorial's tasks, trained as framework/TASKS.md says, and the messages that it quotes.
#include <boost/test/unit_test.hpp>

#include "example_run.hpp"

using namespace examples_test;

namespace {

const std::string first = (examples / "tasks/first/run.json").string();
const std::string tour = (examples / "tasks/tour.json").string();

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

/// Every line, as it would be printed in /home/you/tenon, stands in the tutorial; the host's own fingerprint may
/// differ.
void expect_in_page(std::string printed) {
  static const std::string page = runs_test::read(TENON_SOURCE_DIR "/framework/TASKS.md");
  replace_all(printed, TENON_BINARY_DIR, "/home/you/tenon/build");
  replace_all(printed, TENON_SOURCE_DIR, "/home/you/tenon");
  BOOST_TEST(!printed.empty());
  for (const std::string& line : runs_test::lines(printed))
    BOOST_TEST((line.starts_with("  this host: ") || page.find(line) != std::string::npos), line);
}

void expect_refusal(const std::string& arguments, int code) {
  const Workplace here;
  const Outcome run = here.run(arguments);
  BOOST_TEST(run.code == code, run.err);
  expect_in_page(run.err);
}

/// Trains the tour into `run`.
void train_tour(const Workplace& here, const std::string& settings) {
  const Outcome run = here.run("train " + tour + " --out run " + settings);
  BOOST_REQUIRE_MESSAGE(run.code == 0, run.err);
}

boost::json::object engine_of(const Workplace& here) {
  return document(here / "run/checkpoints/last.ckpt").at("engine").as_object();
}

double last_lr(const Workplace& here) {
  const boost::json::value group = engine_of(here).at("optimizers").at(0).at("groups").at(0);
  return group.at("options").at("lr").as_double();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tasks)

BOOST_AUTO_TEST_CASE(the_first_task_trains_and_prints_what_the_tutorial_says) {
  const Workplace here;
  const Outcome run = here.run("train " + first);
  BOOST_REQUIRE_MESSAGE(run.code == 0, run.err);
  std::vector<double> losses;
  const std::size_t end = run.out.find("finished ");
  BOOST_REQUIRE_MESSAGE(end != std::string::npos, run.out);
  for (const std::string& line : runs_test::lines(run.out.substr(0, end)))
    if (const std::size_t at = line.find("train_loss "); at != std::string::npos)
      losses.push_back(std::stod(line.substr(at + 11)));
  expect_in_page(run.out.substr(0, run.out.find('\n')));
  expect_in_page(run.out.substr(end, run.out.find("run folder: ") - end));
  BOOST_REQUIRE(losses.size() == 10u);
  BOOST_TEST(losses.back() < 0.5 * losses.front());
}

BOOST_AUTO_TEST_CASE(the_tour_learns_its_text_measures_and_predicts) {
  const Workplace here;
  train_tour(here, "");
  BOOST_TEST(column(here, "val_acc/dataloader_idx_0").back() > 0.9);
  BOOST_TEST(column(here, "val_loss/dataloader_idx_1").back() > column(here, "val_loss/dataloader_idx_0").back());
  BOOST_CHECK_CLOSE(last_lr(here), 0.001, 1e-6);

  // Tied: once, under the name that comes first. Frozen: there, and no optimizer remembers anything of it.
  const auto weights = tensors(here / "run/checkpoints/last.ckpt/model.safetensors");
  BOOST_TEST(weights.size() == 4u);
  BOOST_TEST(weights.count("output_weight") == 1u);
  BOOST_TEST(engine_of(here).at("aliases").at("embedding.weight").as_string() == "output_weight");
  BOOST_TEST(weights.count("position") == 1u);
  const auto state = tensors(here / "run/checkpoints/last.ckpt/training.safetensors");
  BOOST_TEST(state.count("optimizer/main/output_weight/exp_avg") == 1u);
  BOOST_TEST(state.count("optimizer/main/position/exp_avg") == 0u);

  const std::string with_weights = tour + " --weights run/checkpoints/last.ckpt";
  const Outcome test = here.run("test " + with_weights);
  BOOST_TEST(test.out.find("val_acc/dataloader_idx_1") != std::string::npos, test.out + test.err);
  const Outcome predict = here.run("predict " + with_weights + " --format csv --out p");
  BOOST_TEST(predict.code == 0, predict.err);
  const std::vector<std::string> rows = runs_test::lines(runs_test::read(here / "p/predictions.csv"));
  BOOST_REQUIRE(rows.size() == 184u);
  BOOST_TEST(rows[0] == "letter,probability");
  BOOST_TEST(rows[1].starts_with("0,"), "a space follows the first eight letters, 'to be or'");
}

BOOST_AUTO_TEST_CASE(the_tour_reads_its_text_in_three_ways_and_schedules_in_four) {
  struct Way {
    const char* settings;
    const char* scheduler;
    double lr;
  };
  for (const Way& way :
       {Way{"task.config.data=stream --set task.config.schedule=step", "ExponentialLR", 0.01 * 0.6970466},
        Way{"task.config.data=torch_data --set task.config.schedule=plateau", "ReduceLROnPlateau", 0.01},
        Way{"trainer.precision=bf16-mixed --set task.config.schedule=epoch", "StepLR", 0.005}}) {
    BOOST_TEST_CONTEXT(way.settings) {
      const Workplace here;
      train_tour(here,
                 std::string("--set trainer.max_epochs=12 --set trainer.log_every_n_steps=1 --set ") + way.settings);
      const std::vector<double> losses = column(here, "train_loss");
      BOOST_REQUIRE(losses.size() == 72u);
      BOOST_TEST(losses.back() < 0.8 * losses.front());
      BOOST_TEST(engine_of(here).at("schedulers").at(0).at("state").at("type").as_string() == way.scheduler);
      BOOST_CHECK_CLOSE(last_lr(here), way.lr, 0.01);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_tutorial_quotes_messages_as_they_are_printed) {
  expect_refusal("train " + first + " --set task.library=first_tsk", 5);
  expect_refusal("train " + first + " --set task.library=./first_task.so", 5);
  expect_refusal("train " + first + " --set task.library=" TENON_BINARY_DIR "/lib/libtenon.so", 5);
  expect_refusal("train " + first + " --set task.library=" TENON_BINARY_DIR "/tests/tasks/foreign_task.so", 5);
  expect_refusal("predict " + first + " --weights none", 5);
  expect_refusal("train " + tour + " --set task.config.widht=3", 3);
  expect_refusal("train " + tour + " --set task.config.width=0", 3);
  expect_refusal("train " + tour + " --set callbacks.best.config.monitor=val_accuracy", 3);
  expect_refusal("train " + tour + " --set callbacks.best.config.mode=min", 6);
  expect_refusal("train " + tour + " --set task.config.data=stream --set trainer.limit_train_batches=0.5", 3);
}

BOOST_AUTO_TEST_SUITE_END()
