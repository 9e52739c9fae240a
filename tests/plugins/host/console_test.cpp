// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <regex>

#include "plugin_run.hpp"

using namespace tenon;
using namespace tenon::tests;

namespace {

/// What a stream of this process carries while it lives.
class Capture {
 public:
  Capture(std::FILE* stream, const std::string& file) : stream_(stream), file_(file), saved_(dup(fileno(stream))) {
    std::fflush(stream_);
    std::FILE* to = std::fopen(file_.c_str(), "w");
    dup2(fileno(to), fileno(stream_));
    std::fclose(to);
  }
  std::string end() {
    std::fflush(stream_);
    dup2(saved_, fileno(stream_));
    close(saved_);
    return content_of(file_);
  }

 private:
  std::FILE* stream_;
  std::string file_;
  int saved_;
};

std::string printed(PluginRun& run, std::FILE* stream = stdout) {
  Capture capture(stream, run.folder() / "printed");
  run.run();
  return std::regex_replace(capture.end(), std::regex("  [0-9.e-]+ s\n"), "  <time> s\n");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(console_plugin)

BOOST_AUTO_TEST_CASE(plain_lines_tell_epochs_and_decisions) {
  PluginRun run(
      R"([{"plugin": "console"}, {"plugin": "checkpoint", "id": "best", "config": {"monitor": "val_loss", "filename": "{epoch}"}}])",
      R"("max_epochs": 2, "seed": 7)");
  run.log_step("train_loss", {0.123456, 0.5});
  run.log_validation("val_loss", {2, 3});
  BOOST_TEST(printed(run) ==
             "test: up to 2 epochs of 2 batches, seed 7\n"
             "epoch 0  step 2  train_loss 0.5  val_loss 2  <time> s\n"
             "  save checkpoints/epoch=0.ckpt  (best: val_loss 2 is the best so far)\n"
             "epoch 1  step 4  train_loss 0.5  val_loss 3  <time> s\n");
}

BOOST_AUTO_TEST_CASE(the_heading_tells_what_limits_the_run) {
  const auto heading = [](const std::string& trainer) {
    PluginRun run(R"([{"plugin": "console"}])", trainer);
    const std::string text = printed(run);
    return text.substr(0, text.find('\n'));
  };
  BOOST_TEST(heading(R"("max_epochs": 1)") == "test: up to 1 epoch of 2 batches, seed 0");
  BOOST_TEST(heading(R"("max_steps": 3)") == "test: up to 3 steps, epochs of 2 batches, seed 0");
  BOOST_TEST(heading(R"("max_epochs": 2, "max_steps": 3)") ==
             "test: up to 2 epochs of 2 batches, up to 3 steps, seed 0");
}

BOOST_AUTO_TEST_CASE(the_model_stands_below_the_heading) {
  const auto first_lines = [](const std::string& config) {
    PluginRun run(R"([{"plugin": "console", "config": )" + config + "}]");
    run.engine.module_tree = {{"", "Net", 0, TENON_NO_MODULE, "{}", 20, 16, 1, 84},
                              {"layer", "Linear", 1, 0, R"({"weight":[4,4]})", 16, 16, 0, 64},
                              {"scale", "Scale", 1, 0, R"({"factor":[4]})", 4, 0, 1, 20}};
    const std::string text = printed(run);
    return text.substr(0, text.find("epoch 0 "));
  };
  const std::string heading = "test: up to 1 epoch of 2 batches, seed 0\n";
  BOOST_TEST(first_lines("{}") == heading +
                                      "model Net: 20 parameters, 4 of them frozen, 84 bytes\n"
                                      "  layer  Linear  16\n"
                                      "  scale  Scale   4, frozen\n");
  BOOST_TEST(first_lines(R"({"model_summary": false})") == heading);
}

BOOST_AUTO_TEST_CASE(only_the_metrics_that_were_asked_for_are_printed_in_that_order) {
  PluginRun run(R"([{"plugin": "console", "config": {"metrics": ["val_loss", "train_loss"]}}])");
  run.log_step("noise", {1});
  run.log_step("train_loss", {0.5});
  run.log_validation("val_loss", {2});
  const std::string text = printed(run);
  BOOST_TEST(text.find("epoch 0  step 2  val_loss 2  train_loss 0.5  <time> s\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_validation_within_the_epoch_has_a_line_of_its_own) {
  PluginRun run(R"([{"plugin": "console"}])", R"("max_epochs": 1, "val_check_interval": 1)");
  run.log_validation("val_loss", {2, 3});
  const std::string text = printed(run);
  BOOST_TEST(text.find("\nepoch 0  step 1  val_loss 2\nepoch 0  step 2  val_loss 3  <time> s\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_failed_save_and_a_stop_are_told) {
  PluginRun run(
      R"([{"plugin": "console"}, {"plugin": "checkpoint", "id": "c", "config": {"filename": "taken", "enable_version_counter": false}},
    {"plugin": "early_stopping", "id": "stop", "config": {"monitor": "val_loss", "patience": 1}}])",
      R"("max_epochs": 5)");
  run.log_validation("val_loss", {1});
  std::filesystem::create_directories(run.folder().path() / "checkpoints/taken.ckpt");
  const std::string text = printed(run);
  BOOST_TEST(text.find("  NOT SAVED taken: ") != std::string::npos);
  BOOST_TEST(text.find("  stop  (stop: val_loss did not improve for 1 check: best 1, now 1)\n") != std::string::npos);
}

namespace {

/// A run whose first batch puts this text on record.
std::string told(const std::string& text, const std::string& config) {
  PluginRun run(R"([{"plugin": "console", "config": )" + config + "}]");
  run.engine.on_backward = [&] {
    if (run.engine.batch <= 1) run.engine.listener->record({TENON_RECORD_TEXT, "sample", "text/plain", text, nullptr});
  };
  return printed(run);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_text_on_record_is_printed_line_by_line_and_cannot_command_the_terminal) {
  BOOST_TEST(told("To be,\n\nor\x1b[2J not\n\n", "{}")
                 .find("\n  sample:\n    To be,\n    \n    or?[2J not\nepoch 0  step 2") != std::string::npos);
  BOOST_TEST(told("To be", R"({"texts": false})").find("To be") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_name_or_a_reason_cannot_command_the_terminal) {
  PluginRun run(R"([{"plugin": "console"}])", R"("max_epochs": 1)");
  run.log_step("l\x1b]0;oss\xc2\x9b\xff\xe2\x82\xac", {0.5});
  BOOST_TEST(printed(run).find("  l?]0;oss???\xe2\x82\xac 0.5") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_terminal_gets_a_bar_that_lines_do_not_run_into) {
  PluginRun run(R"([{"plugin": "console", "config": {"refresh_seconds": 0}}])");
  run.on_terminal = true;
  run.log_step("train_loss", {0.5});
  const std::string text = printed(run);
  BOOST_TEST(text.find("\repoch 0 [##########----------]  50% 1/2") != std::string::npos);
  BOOST_TEST(text.find("\r\x1b[Kepoch 0  step 2  train_loss 0.5") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_bar_can_be_left_out) {
  PluginRun run(R"([{"plugin": "console", "config": {"progress_bar": false}}])");
  run.on_terminal = true;
  BOOST_TEST(printed(run).find('\r') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(standard_output_is_left_to_json) {
  const std::string console = R"([{"plugin": "console"}])";
  PluginRun quiet(console);
  quiet.stdout_taken = true;
  BOOST_TEST(printed(quiet).empty());
  PluginRun beside(console);
  beside.stdout_taken = true;
  BOOST_TEST(printed(beside, stderr).find("epoch 0  step 2") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_resumed_run_says_once_where_it_goes_on) {
  const std::string callbacks =
      R"([{"plugin": "console"}, {"plugin": "checkpoint", "config": {"every_n_train_steps": 1, "save_top_k": -1, "filename": "{step}"}}])";
  PluginRun first(callbacks, R"("max_epochs": 2, "seed": 7)");
  first.engine.trains = true;
  printed(first);
  PluginRun second(callbacks, R"("max_epochs": 2, "seed": 7)");
  second.engine.trains = true;
  second.take_over(first);
  second.resume_from("checkpoints/step=3.ckpt");
  const std::string text = printed(second);
  BOOST_TEST(text.find("test: up to 2 epochs of 2 batches, seed 7\nresumed from " +
                       (second.folder() / "checkpoints/step=3.ckpt") + " at step 3, epoch 1\n") == 0u);
  BOOST_TEST(text.find("epoch 0") == std::string::npos);
  BOOST_TEST(text.find("resumed", text.find("resumed") + 1) == std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
