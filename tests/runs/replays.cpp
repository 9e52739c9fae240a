// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a real training has logged is replayed.
#include <boost/json/object.hpp>
#include <boost/test/unit_test.hpp>

#include "program.hpp"

namespace runs_test {

namespace json = boost::json;

namespace {

/// Saves are waited for, so that each removal has its step.
constexpr const char* chain = R"(
  {"plugin": "csv_logger"}, {"plugin": "jsonl_logger"},
  {"plugin": "early_stopping", "id": "stop", "config": {"monitor": "val_loss", "patience": 2, "min_delta": 0.05}},
  {"plugin": "early_stopping", "id": "steps", "config": {"monitor": "train_loss", "divergence_threshold": 100}},
  {"plugin": "checkpoint", "id": "best",
   "config": {"monitor": "val_acc", "save_top_k": 3, "save_last": true, "async": false, "filename": "{epoch}-{val_acc:.3f}"}},
  {"plugin": "checkpoint", "id": "often", "config": {"every_n_train_steps": 4, "async": false, "dirpath": "often"}},
  {"plugin": "transform_saver", "id": "half",
   "config": {"monitor": "val_loss", "dirpath": "half", "async": false, "transforms": [{"cast": "f16"}]}})";

struct Decided {
  std::vector<std::string> lines;
  json::object summary;
};

Decided decided(const Outcome& outcome) {
  Decided all;
  for (const std::string& line : lines(outcome.out)) {
    const json::object o = json::parse(line).as_object();
    if (const json::value* summary = o.if_contains("summary"))
      all.summary = summary->as_object();
    else if (o.at("action") != "warn")  // of what a task declares, a replay hears when it is logged
      all.lines.push_back(line);
  }
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_history_of_a_training_replays_to_the_same_decisions_and_answers_what_if) {
  const Workplace here;
  here.manifest(chain);
  const std::string longer = " --set trainer.max_epochs=12 --set trainer.log_every_n_steps=3";
  const Outcome training = here.run("train run.json --json --out trained" + longer);
  BOOST_REQUIRE_MESSAGE(training.code == 0, training.err);
  const std::string again = "replay run.json --json --metrics trained/metrics.jsonl --out ";
  const Outcome replayed = here.run(again + "replayed" + longer);
  BOOST_REQUIRE_MESSAGE(replayed.code == 0, replayed.err);
  const Decided then = decided(training), now = decided(replayed);
  BOOST_CHECK_GT(then.lines.size(), 20u);
  BOOST_CHECK_EQUAL_COLLECTIONS(now.lines.begin(), now.lines.end(), then.lines.begin(), then.lines.end());
  for (const char* key : {"end", "epochs", "steps", "callbacks"})
    BOOST_CHECK_MESSAGE(now.summary.at(key) == then.summary.at(key), "another " << key);
  BOOST_CHECK_EQUAL(read(here / "replayed/metrics.jsonl"), read(here / "trained/metrics.jsonl"));

  const Outcome other =
      here.run(again +
               "other --set callbacks.stop.config.patience=1 --set callbacks.best.config.save_top_k=1 "
               "--set callbacks.stop.config.min_delta=10" +
               longer);
  const Decided what_if = decided(other);
  BOOST_CHECK_EQUAL(what_if.summary.at("end"), "stopped");
  BOOST_CHECK_EQUAL(what_if.summary.at("epochs"), 2);
  BOOST_CHECK_EQUAL(what_if.summary.at("callbacks").at("best").at("kept").as_array().size(), 1u);

  const Outcome resumed = here.run("train run.json --out trained --resume ../" + here.root().filename().string() +
                                   "/replayed/checkpoints/last.ckpt");
  BOOST_CHECK_EQUAL(resumed.code, 8);
  BOOST_CHECK_MESSAGE(resumed.err.find("made by a replay") != std::string::npos, resumed.err);
  BOOST_CHECK(here.run("checkpoint list replayed").out.find(" replay ") != std::string::npos);
  BOOST_CHECK(here.run("checkpoint show replayed/checkpoints/last.ckpt").out.find(": replay, ") != std::string::npos);
  BOOST_CHECK(here.run("checkpoint verify replayed/checkpoints/last.ckpt").out.find("a replay's, without tensors") !=
              std::string::npos);
  const std::string history = read(here / "replayed/metrics.jsonl");
  for (const char* word : {"auto", "last"}) {
    const Outcome refused = here.run(std::string("train run.json --out replayed --resume ") + word);
    BOOST_CHECK_EQUAL(refused.code, 8);
    BOOST_CHECK_MESSAGE(refused.err.find("is the folder of a replay") != std::string::npos, refused.err);
  }
  BOOST_CHECK_EQUAL(read(here / "replayed/metrics.jsonl"), history);
  BOOST_CHECK(std::filesystem::exists(here / "replayed/checkpoints/last.ckpt"));
}

}  // namespace runs_test
