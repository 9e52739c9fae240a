// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <limits>
#include <sstream>
#include <stdexcept>

#include "plugin_run.hpp"

using namespace tenon;
using namespace tenon::tests;
namespace json = boost::json;

namespace {

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();
const std::string csv = R"([{"plugin": "csv_logger"}])";
const std::string jsonl = R"([{"plugin": "jsonl_logger"}])";

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}
/// The third cell, the time, is another one in every run.
std::string without_time(const std::string& row) {
  const std::size_t begin = row.find(',', row.find(',') + 1) + 1;
  return row.substr(0, begin) + row.substr(row.find(',', begin));
}
std::vector<json::object> events(const std::string& text) {
  std::vector<json::object> out;
  for (const std::string& line : lines(text)) out.push_back(json::parse(line).as_object());
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(loggers)

BOOST_AUTO_TEST_CASE(csv_has_a_row_for_each_event_that_logged_something) {
  PluginRun run(csv);
  run.log_step("train_loss", {0.5, 0.25});
  run.log_validation("val_loss", {nan_value});
  run.run();
  const auto rows = lines(run.read("metrics.csv"));
  BOOST_REQUIRE(rows.size() == 4u);
  BOOST_TEST(rows[0] == "epoch,step,time,event,train_loss,val_loss");
  BOOST_TEST(without_time(rows[1]) == "0,1,,on_train_batch_end,0.5,");
  BOOST_TEST(without_time(rows[2]) == "0,2,,on_train_batch_end,0.25,");
  BOOST_TEST(without_time(rows[3]) == "0,2,,on_validation_end,,nan");
}

BOOST_AUTO_TEST_CASE(csv_has_columns_of_declared_metrics_from_the_start) {
  PluginRun run(R"([{"plugin": "csv_logger", "config": {"filename": "logs/all.csv"}}])");
  run.engine.facts_.declares_metrics = true;
  run.engine.facts_.metrics = {{"val_loss", loop::Goal::minimize, loop::Stage::validation},
                               {"train_loss", loop::Goal::minimize, loop::Stage::train}};
  run.log_step("train_loss", {0.5});
  run.run();
  BOOST_TEST(lines(run.read("logs/all.csv")).at(0) == "epoch,step,time,event,val_loss,train_loss");
}

BOOST_AUTO_TEST_CASE(csv_keeps_a_metric_apart_that_is_called_like_a_column) {
  PluginRun run(csv);
  run.log_step("time", {7.0});
  run.run();
  const auto rows = lines(run.read("metrics.csv"));
  BOOST_TEST(rows.at(0) == "epoch,step,time,event,metric time");
  BOOST_TEST(without_time(rows.at(1)) == "0,1,,on_train_batch_end,7.0");
}

BOOST_AUTO_TEST_CASE(jsonl_has_the_history_that_replay_reads) {
  PluginRun run(jsonl);
  run.log_step("train_loss", {0.5, 2});
  run.log_validation("val_loss", {nan_value});
  run.run();
  const std::string text = run.read("metrics.jsonl");
  BOOST_TEST(text.find(R"({"event":"on_train_batch_end","epoch":0,"step":1,"time":)") == 0u);
  const auto all = events(text);
  BOOST_REQUIRE(all.size() == 4u);
  BOOST_TEST(all[1].at("metrics").as_object().at("train_loss").to_number<double>() == 2.0);
  BOOST_TEST(all[2].at("event").as_string() == "on_validation_end");
  BOOST_TEST(all[2].at("metrics").as_object().at("val_loss").as_string() == "nan");
  BOOST_TEST(all[3].at("event").as_string() == "on_train_epoch_end");
  BOOST_TEST(all[3].at("metrics").as_object().empty());
  std::string keys;
  for (const auto& [key, value] : all[0]) keys += std::string(key) + " ";
  BOOST_TEST(keys == "event epoch step time metrics ");
}

BOOST_AUTO_TEST_CASE(jsonl_writes_an_exception_with_its_message) {
  PluginRun run(jsonl);
  run.before_run = [&](PluginRun::Fit&) {
    run.engine.on_backward = [&] {
      if (run.engine.steps == 1) throw std::runtime_error("out of \"memory\"\n");
    };
  };
  run.run();
  const auto all = events(run.read("metrics.jsonl"));
  BOOST_TEST(all.back().at("event").as_string() == "on_exception");
  BOOST_TEST(all.back().at("step").to_number<int>() == 1);
  BOOST_TEST(std::string(all.back().at("message").as_string()).find("out of \"memory\"\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_monitored_metric_is_written_whatever_log_every_n_steps_says) {
  PluginRun run(R"([{"plugin": "jsonl_logger"}, {"plugin": "csv_logger"},
    {"plugin": "early_stopping", "config": {"monitor": "train_loss", "patience": 9}}])",
                R"("max_epochs": 1)");
  run.log_step("train_loss", {0.5});
  run.log_step("other", {1});
  run.log_every_n_steps = 50;
  run.run();
  const auto all = events(run.read("metrics.jsonl"));
  BOOST_TEST(all.at(0).at("metrics").as_object().size() == 1u);
  BOOST_TEST(all.at(0).at("metrics").as_object().contains("train_loss"));
  BOOST_TEST(lines(run.read("metrics.csv")).size() == 3u);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_made_is_refused_before_training) {
  for (const std::string plugin : {"csv_logger", "jsonl_logger"}) {
    PluginRun run(R"([{"plugin": ")" + plugin + R"(", "config": {"filename": "taken"}}])");
    std::filesystem::create_directories(run.folder().path() / "taken");
    run.run();
    BOOST_TEST(run.result.refused);
    BOOST_TEST(run.result.detail.find("taken cannot be opened: Is a directory") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(the_account_says_where_the_numbers_are) {
  PluginRun run(R"([{"plugin": "csv_logger", "id": "csv"}, {"plugin": "jsonl_logger", "id": "jsonl"}])");
  run.log_step("train_loss", {0.5});
  run.run();
  BOOST_TEST(run.account("csv").at("file").as_string() == "metrics.csv");
  BOOST_TEST(run.account("csv").at("rows").to_number<int>() == 2);
  BOOST_TEST(run.account("jsonl").at("file").as_string() == "metrics.jsonl");
  BOOST_TEST(run.account("jsonl").at("lines").to_number<int>() == 4);
}

BOOST_AUTO_TEST_CASE(a_full_disk_ends_the_log_and_not_the_training) {
  for (const std::string plugin : {"csv_logger", "jsonl_logger"}) {
    PluginRun run(R"([{"plugin": ")" + plugin + R"(", "id": "log", "config": {"filename": "full"}}])");
    run.log_step("train_loss", {0.5});
    std::filesystem::create_symlink("/dev/full", run.folder().path() / "full");
    run.run();
    if (plugin == "jsonl_logger") {
      BOOST_TEST((run.result.reason == TENON_END_FINISHED));
      BOOST_TEST(std::string(run.account("log").at("disabled").as_string())
                     .find("full cannot be written: No space left on device") != std::string::npos);
    } else {
      BOOST_TEST(run.result.refused);  // the header is written before training
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
