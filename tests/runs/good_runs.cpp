// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>

#include "program.hpp"

namespace runs_test {

namespace {

const std::string digits = std::string(TENON_SOURCE_DIR) + "/examples/digits/run.json";

std::string without_times(const std::string& jsonl) {
  std::string out;
  for (std::string line : lines(jsonl)) {
    const std::size_t at = line.find("\"time\":");
    if (at != std::string::npos) line.erase(at, line.find(',', at) - at + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_digits_example_reaches_97_percent_and_leaves_what_it_promises) {
  const Workplace here;
  fs::copy_file(digits, here / "copied.json");  // a copy in any folder runs: it names nothing that it reads
  const Outcome run = here.run("train copied.json");
  BOOST_REQUIRE_MESSAGE(run.code == 0, run.err);
  const fs::path folder = here / "runs/copied";
  std::size_t csv = 0, jsonl = 0;
  for (const auto& e : fs::directory_iterator(folder)) {
    csv += e.path().extension() == ".csv";
    jsonl += e.path().extension() == ".jsonl";
  }
  BOOST_CHECK_EQUAL(csv, 1u);
  BOOST_CHECK_EQUAL(jsonl, 1u);
  double best = 0;
  std::uint64_t train_lines = 0, validations = 0;
  for (const std::string& line : lines(read(folder / "metrics.jsonl"))) {
    const boost::json::object o = boost::json::parse(line).as_object();
    if (o.at("event") == "on_train_batch_end") ++train_lines;
    if (o.at("event") != "on_validation_end") continue;
    ++validations;
    best = std::max(best, o.at("metrics").at("val_acc").to_number<double>());
  }
  BOOST_CHECK_GE(best, 0.97);
  BOOST_CHECK_GE(validations, 5u);
  BOOST_CHECK_GT(train_lines, 0u);
  BOOST_CHECK(lines(read(folder / "metrics.csv")).front().find("val_acc") != std::string::npos);
  const fs::path last = folder / "checkpoints/last.ckpt";
  BOOST_CHECK(fs::is_symlink(last));
  for (const char* file : {"model.safetensors", "training.safetensors", "checkpoint.json"})
    BOOST_CHECK(fs::exists(last / file));
  std::size_t deployed = 0;
  for (const auto& e : fs::directory_iterator(folder / "deploy"))
    if (e.path().extension() == ".ckpt") {
      ++deployed;
      BOOST_CHECK(!fs::exists(e.path() / "training.safetensors"));
      BOOST_CHECK(read(e.path() / "model.safetensors").find("\"F16\"") != std::string::npos);
    }
  BOOST_CHECK_EQUAL(deployed, 1u);
  for (const char* id : {"console", "csv_logger", "jsonl_logger", "stop", "best", "deploy"})
    BOOST_CHECK_MESSAGE(run.out.find(std::string("\n  ") + id + " (") != std::string::npos, "no account of " << id);
}

BOOST_AUTO_TEST_CASE(the_same_seed_gives_the_same_bytes_and_another_one_others) {
  const Workplace here;
  here.manifest(R"({"plugin": "jsonl_logger"}, {"plugin": "checkpoint", "config": {"filename": "m"}})");
  for (const char* out : {"a", "b"})
    BOOST_REQUIRE_EQUAL(here.run(std::string("train run.json --set trainer.seed=3 --out ") + out).code, 0);
  BOOST_REQUIRE_EQUAL(here.run("train run.json --set trainer.seed=4 --out c").code, 0);
  const auto weights = [&](const char* run) {
    return read(here / (std::string(run) + "/checkpoints/m-v1.ckpt/model.safetensors"));
  };
  BOOST_REQUIRE(!weights("a").empty());
  BOOST_CHECK(weights("a") == weights("b"));
  BOOST_CHECK(weights("a") != weights("c"));
  BOOST_CHECK_EQUAL(without_times(read(here / "a/metrics.jsonl")), without_times(read(here / "b/metrics.jsonl")));
}

BOOST_AUTO_TEST_CASE(a_dropped_in_plugin_runs_without_a_rebuild_and_its_absence_is_told) {
  const Workplace here;
  here.manifest(R"({"plugin": "loss_alarm", "config": {"limit": 0.001}})", R"(, "plugins": {"paths": ["mine"]})");
  fs::create_directory(here / "mine");
  fs::copy_file(build_folder / "examples/plugins/loss_alarm.so", here / "mine/loss_alarm.so");
  const Outcome with = here.run("train run.json");
  BOOST_CHECK_EQUAL(with.code, 0);
  BOOST_CHECK_MESSAGE(
      with.out.find("stopped after 1 epoch, 1 step: loss_alarm: train_loss has exploded") != std::string::npos,
      with.out);
  fs::remove(here / "mine/loss_alarm.so");
  const Outcome without = here.run("train run.json");
  BOOST_CHECK_EQUAL(without.code, 4);
  BOOST_CHECK_MESSAGE(without.err.find("loss_alarm") != std::string::npos &&
                          without.err.find((here / "mine").string()) != std::string::npos,
                      without.err);
}

BOOST_AUTO_TEST_CASE(with_json_standard_output_is_json_lines_alone_and_ends_with_the_summary) {
  const Workplace here;
  here.manifest(R"({"plugin": "console"}, {"plugin": "checkpoint", "id": "best", "config": {"monitor": "val_loss"}})");
  const Outcome run = here.run("train run.json --json");
  BOOST_REQUIRE_EQUAL(run.code, 0);
  const std::vector<std::string> all = lines(run.out);
  BOOST_REQUIRE(all.size() >= 3);
  std::set<std::string> actions;
  for (std::size_t i = 0; i + 1 < all.size(); ++i)
    actions.insert(boost::json::parse(all[i]).at("action").as_string().c_str());
  BOOST_CHECK(actions.count("save") && actions.count("remove"));
  const boost::json::value summary = boost::json::parse(all.back()).at("summary");
  BOOST_CHECK_EQUAL(summary.at("end").as_string(), "finished");
  BOOST_CHECK_EQUAL(summary.at("run_folder").as_string(), (here / "runs/run").string());
  BOOST_CHECK_EQUAL(summary.at("callbacks").at("best").at("kept").as_array().size(), 1u);
}

BOOST_AUTO_TEST_CASE(a_second_run_gets_a_folder_of_its_own) {
  const Workplace here;
  here.manifest("");
  BOOST_CHECK_EQUAL(here.run("train run.json").code, 0);
  BOOST_CHECK_EQUAL(here.run("train run.json").code, 0);
  BOOST_CHECK(fs::exists(here / "runs/run/manifest.json") && fs::exists(here / "runs/run-v1/manifest.json"));
}

}  // namespace runs_test
