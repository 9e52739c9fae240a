// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// validate, test, predict, --weights and the trying options, through the whole program.
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "program.hpp"

namespace runs_test {

namespace {

const std::string chain =
    R"({"plugin": "csv_logger"}, {"plugin": "jsonl_logger"}, {"plugin": "checkpoint", "config": {"monitor": "val_loss", "save_last": true}})";

/// A manifest and a training of it, in runs/run.
struct Trained : Workplace {
  Trained() {
    manifest(chain);
    const Outcome run = this->run("train run.json");
    BOOST_REQUIRE_MESSAGE(run.code == 0, run.err);
  }
  const std::string last = "runs/run/checkpoints/last.ckpt";
};

boost::json::object summary_of(const Outcome& run) {
  return boost::json::parse(lines(run.out).back()).at("summary").as_object();
}

double logged(const fs::path& jsonl, const char* event, const char* metric) {
  double value = std::nan("");
  for (const std::string& line : lines(read(jsonl))) {
    const boost::json::value o = boost::json::parse(line);
    if (o.at("event") == event) value = o.at("metrics").at(metric).to_number<double>();
  }
  return value;
}

}  // namespace

BOOST_AUTO_TEST_CASE(validate_and_test_measure_what_the_training_measured_and_log_it) {
  const Trained here;
  const double trained = logged(here / "runs/run/metrics.jsonl", "on_validation_end", "val_loss");
  for (const char* command : {"validate", "test"}) {
    BOOST_TEST_CONTEXT(command) {
      const Outcome run = here.run(std::string(command) + " run.json --json --weights " + here.last);
      BOOST_REQUIRE_MESSAGE(run.code == 0, run.err);
      BOOST_TEST(summary_of(run).at("metrics").at("val_loss").as_double() == trained);
      const fs::path folder = here / ("runs/run-" + std::string(command));
      const std::string event = std::string(command) == "test" ? "on_test_end" : "on_validation_end";
      BOOST_TEST(logged(folder / "metrics.jsonl", event.c_str(), "val_loss") == trained);
      BOOST_TEST(read(folder / "metrics.csv").find(event) != std::string::npos);
      BOOST_TEST(!fs::exists(folder / "checkpoints"), "an evaluation saves nothing and makes no folder for it");
    }
  }
}

BOOST_AUTO_TEST_CASE(predictions_are_written_as_safetensors_or_csv) {
  const Trained here;
  Outcome run = here.run("predict run.json --format csv --weights " + here.last + "/model.safetensors");
  BOOST_REQUIRE_MESSAGE(run.code == 0, run.err);
  const std::vector<std::string> rows = lines(read(here / "runs/run-predict/predictions.csv"));
  BOOST_REQUIRE(rows.size() == 361u);
  BOOST_TEST(rows.front().starts_with("digit,label,probability_0,probability_1,"));
  run = here.run("predict run.json --out p --weights " + here.last);
  BOOST_REQUIRE_MESSAGE(run.code == 0, run.err);
  BOOST_TEST(run.out.find("predictions: " + (here / "p/predictions.safetensors").string()) != std::string::npos);
  const std::string file = read(here / "p/predictions.safetensors");
  BOOST_TEST(file.find("\"digit\":{\"dtype\":\"I64\",\"shape\":[360]") != std::string::npos);
  BOOST_TEST(file.find("\"probability\":{\"dtype\":\"F32\",\"shape\":[360,10]") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(weights_that_are_missing_damaged_or_of_another_model_are_refused_with_code_8) {
  const Trained here;
  BOOST_TEST(here.run("test run.json").code == 2);
  BOOST_TEST(here.run("test run.json --weights none").code == 0);
  Outcome run = here.run("test run.json --weights nowhere.ckpt");
  BOOST_TEST(run.code == 8);
  BOOST_TEST(run.err.find("give a checkpoint's folder or a .safetensors file") != std::string::npos);
  run = here.run("train run.json --set task.config.hidden=32 --weights " + here.last);
  BOOST_TEST(run.code == 8);
  BOOST_TEST(run.err.find("first.weight: f32 [64, 64] in the file, f32 [32, 64] in the model") != std::string::npos);
  std::string bytes = read(here / (here.last + "/model.safetensors"));
  bytes[bytes.size() - 1] = static_cast<char>(bytes[bytes.size() - 1] ^ 1);
  here.write(here.last + "/model.safetensors", bytes);
  BOOST_TEST(here.run("test run.json --weights " + here.last).code == 8);
  run = here.run("test run.json --weights " + here.last + "/model.safetensors");
  BOOST_TEST(run.code == 8, "the file alone is read without the checkpoint's checksums");
}

BOOST_AUTO_TEST_CASE(a_run_s_folder_in_place_of_a_checkpoint_is_refused_with_its_newest_one) {
  const Trained here;
  const Outcome run = here.run("test run.json --weights runs/run");
  BOOST_TEST(run.code == 8);
  BOOST_TEST(run.err.find("'" + (here / "runs/run").string() +
                          "' is a run's folder, not a checkpoint; its newest state is --weights " +
                          (here / here.last).string()) != std::string::npos,
             run.err);
}

BOOST_AUTO_TEST_CASE(a_training_starts_from_given_weights) {
  const Trained here;
  const Outcome run =
      here.run("train run.json --out again --set trainer.limit_train_batches=1 --set trainer.max_epochs=1 " +
               ("--weights " + here.last));
  BOOST_REQUIRE_MESSAGE(run.code == 0, run.err);
  const double first = logged(here / "runs/run/metrics.jsonl", "on_validation_end", "val_loss");
  BOOST_TEST(logged(here / "again/metrics.jsonl", "on_validation_end", "val_loss") < first * 1.2);
}

BOOST_AUTO_TEST_CASE(a_fast_dev_run_tries_the_whole_chain_and_leaves_nothing) {
  const Workplace here;
  here.manifest(chain);
  const Outcome run = here.run("train run.json --set trainer.fast_dev_run=2");
  BOOST_REQUIRE_MESSAGE(run.code == 0, run.err);
  BOOST_TEST(run.out.find("finished after 1 epoch, 2 steps") != std::string::npos);
  BOOST_TEST(run.out.find("checkpoint (checkpoint): saved 1") != std::string::npos);
  BOOST_TEST(run.out.find("fast_dev_run: everything was tried, nothing is kept") != std::string::npos);
  BOOST_TEST(fs::is_empty(here / "runs"));
}

BOOST_AUTO_TEST_CASE(default_root_dir_holds_the_runs) {
  const Workplace here;
  here.manifest("");
  BOOST_TEST(here.run("train run.json --set trainer.default_root_dir=experiments/a").code == 0);
  BOOST_TEST(fs::exists(here / "experiments/a/run/manifest.json"));
}

BOOST_AUTO_TEST_CASE(libtorch_computes_on_as_many_threads_as_threads_says) {
  const Workplace here;
  here.manifest(R"({"plugin": "checkpoint", "config": {"filename": "m"}})");
  for (const int threads : {1, 3}) {
    const Outcome run = here.run("train run.json --out run --set trainer.max_epochs=1 --set trainer.threads=" +
                                 std::to_string(threads));
    BOOST_REQUIRE_MESSAGE(run.code == 0, run.err);
    const std::string folder = threads == 1 ? "run" : "run-v1";
    const boost::json::value document =
        boost::json::parse(read(here / (folder + "/checkpoints/m.ckpt/checkpoint.json")));
    BOOST_TEST(document.at("engine").at("libtorch").at("threads").as_int64() == threads);
  }
}

BOOST_AUTO_TEST_CASE(overfit_batches_trains_on_the_same_first_batches_in_each_epoch) {
  const auto losses = [](const std::string& limit) {
    const Workplace here;
    here.manifest(R"({"plugin": "jsonl_logger"})");
    // So small a learning rate changes no weight: only another batch can have another loss.
    const Outcome run = here.run("train run.json --set task.config.lr=1e-30 --set trainer.max_epochs=3 " +
                                 ("--set trainer.log_every_n_steps=1 --set trainer." + limit));
    BOOST_REQUIRE_MESSAGE(run.code == 0, run.err);
    std::vector<double> values;
    for (const std::string& line : lines(read(here / "runs/run/metrics.jsonl"))) {
      const boost::json::value o = boost::json::parse(line);
      if (o.at("event") == "on_train_batch_end") values.push_back(o.at("metrics").at("train_loss").to_number<double>());
    }
    BOOST_REQUIRE_EQUAL(values.size(), 6u);
    return values;
  };
  const std::vector<double> same = losses("overfit_batches=2"), other = losses("limit_train_batches=2");
  BOOST_TEST(same[0] != same[1]);
  for (const std::size_t i : {2, 3, 4, 5}) BOOST_TEST(same[i] == same[i % 2]);
  BOOST_TEST(other[2] != other[0]);
}

}  // namespace runs_test
