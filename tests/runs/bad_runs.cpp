// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Every bad input ends in one clear message with its cure and a documented exit code, before training starts wherever
// it can be known then.
#include <sys/stat.h>

#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <functional>
#include <thread>

#include "program.hpp"

namespace runs_test {

namespace {

const std::string misbehaving =
    R"(, "plugins": {"paths": [")" + (build_folder / "tests/plugins_misbehaving").string() + "\"]}";

/// The message names what is expected of it, and nothing was trained when it could be known before.
void expect(const Workplace& here, const Outcome& run, int code, const std::vector<std::string>& words,
            bool trained = false) {
  BOOST_CHECK_MESSAGE(run.code == code, "exit code " << run.code << " instead of " << code << "\n" << run.err);
  for (const std::string& word : words)
    BOOST_CHECK_MESSAGE(run.err.find(word) != std::string::npos, "the message does not say '" << word << "':\n"
                                                                                              << run.err);
  const bool steps = read(here / "out.txt").find(" steps") != std::string::npos ||
                     read(here / "out.txt").find("1 step") != std::string::npos;
  BOOST_CHECK_MESSAGE(trained || !steps, "it trained all the same:\n" << run.out);
}

/// Within ten seconds.
bool appears(const std::function<bool()>& there) {
  for (int i = 0; i < 1000; ++i) {
    if (there()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

std::string misbehave(const std::string& hook, const std::string& how, const std::string& more = "") {
  return R"({"plugin": "misbehaving", "id": "bad")" + more + R"(, "config": {"hook": ")" + hook + R"(", "how": ")" +
         how + "\"}}";
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_wrong_type_in_the_manifest) {
  const Workplace here;
  here.manifest("");
  expect(here, here.run("train run.json --set trainer.max_epochs=many"), 3, {"/trainer/max_epochs", "many"});
}

BOOST_AUTO_TEST_CASE(an_unknown_key_in_a_callbacks_options) {
  const Workplace here;
  here.manifest(R"({"plugin": "checkpoint", "config": {"save_topk": 3}})");
  expect(here, here.run("train run.json"), 3,
         {"run.json:1", "/callbacks/0/config", "save_topk", "did you mean 'save_top_k'?"});
}

BOOST_AUTO_TEST_CASE(two_callbacks_of_one_id) {
  const Workplace here;
  here.manifest(R"({"plugin": "console"}, {"plugin": "csv_logger", "id": "console"})");
  expect(here, here.run("train run.json"), 3, {"/callbacks/1", "console"});
}

BOOST_AUTO_TEST_CASE(a_missing_plugin) {
  const Workplace here;
  here.manifest(R"({"plugin": "csv_loger"})");
  expect(here, here.run("train run.json"), 4,
         {"csv_loger", "did you mean 'csv_logger'?", "looked in", (build_folder / "plugins").string()});
}

BOOST_AUTO_TEST_CASE(a_metric_without_a_direction) {
  const Workplace here;
  here.manifest(R"({"plugin": "checkpoint", "config": {"monitor": "wobble", "save_top_k": 2}})");
  expect(here, here.run("train run.json"), 6, {"'mode' is missing", "\"mode\": \"min\""});
}

BOOST_AUTO_TEST_CASE(all_that_is_wrong_with_task_and_plugins_is_said_at_once) {
  const Workplace here;
  here.manifest(
      R"({"plugin": "csv_loger"}, {"plugin": "early_stopping", "config": {"monitor": "val_loss", "patiense": 3}})", "",
      R"({"library": "digits", "config": {"hiden": 3}})");
  expect(here, here.run("train run.json"), 4, {"csv_loger", "'patience'", "'hidden'"});
}

BOOST_AUTO_TEST_CASE(a_metric_that_the_task_does_not_declare) {
  const Workplace here;
  here.manifest(R"({"plugin": "early_stopping", "config": {"monitor": "val_los"}})");
  expect(here, here.run("train run.json --set callbacks.early_stopping.config.mode=min"), 3,
         {"'val_los'", "did you mean 'val_loss'?"});
}

BOOST_AUTO_TEST_CASE(a_mode_that_contradicts_the_metric) {
  const Workplace here;
  here.manifest(R"({"plugin": "checkpoint", "config": {"monitor": "val_acc", "mode": "min", "save_top_k": 3}})");
  expect(here, here.run("train run.json"), 6, {"contradicts the goal of 'val_acc'", "\"max\""});
}

BOOST_AUTO_TEST_CASE(two_save_last_in_one_folder) {
  const Workplace here;
  here.manifest(
      R"({"plugin": "checkpoint", "id": "one", "config": {"save_last": true}}, {"plugin": "checkpoint", "id": "two", "config": {"save_last": true}})");
  expect(here, here.run("train run.json"), 6, {"'last'", "belongs to callback 'one'", "callback 'two'", "dirpath"});
  BOOST_CHECK_MESSAGE(fs::is_empty(here / "runs/run"), "a run that could not start leaves something behind");
}

BOOST_AUTO_TEST_CASE(a_validation_metric_without_validation) {
  const Workplace here;
  here.manifest(R"({"plugin": "checkpoint", "config": {"monitor": "val_acc"}})");
  expect(here, here.run("train run.json --set trainer.limit_val_batches=0"), 6, {"'val_acc'", "no validation"});
}

BOOST_AUTO_TEST_CASE(a_plugin_of_a_newer_abi) {
  const Workplace here;
  here.manifest("{\"plugin\": \"" + (build_folder / "tests/plugins_bad/newer_abi.so").string() + "\"}");
  expect(here, here.run("train run.json"), 4, {"newer_abi.so", "1.0"});
}

BOOST_AUTO_TEST_CASE(a_text_file_named_so) {
  const Workplace here;
  here.manifest("{\"plugin\": \"" + (build_folder / "tests/plugins_bad/text_file.so").string() + "\"}");
  expect(here, here.run("train run.json"), 4, {"text_file.so", "ELF"});
}

BOOST_AUTO_TEST_CASE(a_library_without_the_symbol) {
  const Workplace here;
  here.manifest("{\"plugin\": \"" + (build_folder / "tests/plugins_bad/no_symbol.so").string() + "\"}");
  expect(here, here.run("train run.json"), 4, {"no_symbol.so", "tenon_entry_v1"});
}

BOOST_AUTO_TEST_CASE(a_world_writable_plugin) {
  const Workplace here;
  fs::create_directory(here / "mine");
  fs::copy_file(build_folder / "examples/plugins/loss_alarm.so", here / "mine/loss_alarm.so");
  ::chmod((here / "mine/loss_alarm.so").c_str(), 0666);
  here.manifest(R"({"plugin": "loss_alarm"})", R"(, "plugins": {"paths": ["mine"]})");
  expect(here, here.run("train run.json"), 4, {"loss_alarm.so", "--trust"});
  BOOST_CHECK_EQUAL(here.run("train run.json --trust mine").code, 0);
}

BOOST_AUTO_TEST_CASE(a_wrong_sha256) {
  const Workplace here;
  here.manifest("{\"plugin\": \"console\", \"sha256\": \"" + std::string(64, 'a') + "\"}");
  expect(here, here.run("train run.json"), 4, {"console.so", std::string(64, 'a')});
}

BOOST_DATA_TEST_CASE(a_create_that_fails_throws_or_answers_an_unknown_code,
                     boost::unit_test::data::make({"fail", "unknown", "silent"}), how) {
  const Workplace here;
  here.manifest(misbehave("create", how), misbehaving);
  expect(here, here.run("train run.json"), 6, {"'bad'", "create"});
}

BOOST_AUTO_TEST_CASE(an_exception_that_leaves_a_plugin_is_caught_at_the_barrier) {
  for (const char* hook : {"create", "on_train_batch_end"}) {
    const Workplace here;
    here.manifest(misbehave(hook, "throw"), misbehaving);
    const bool create = std::string(hook) == "create";
    expect(here, here.run("train run.json"), create ? 6 : 1, {"bad", hook, "thrown past the ABI"}, !create);
  }
}

BOOST_AUTO_TEST_CASE(a_failing_hook_aborts_disables_or_warns_as_the_manifest_says) {
  const Workplace here;
  here.manifest(misbehave("on_train_batch_end", "fail"), misbehaving);
  expect(here, here.run("train run.json"), 1, {"bad", "on_train_batch_end", "no space left on device"}, true);
  for (const char* policy : {"disable", "warn"}) {
    here.manifest(misbehave("on_train_batch_end", "fail", std::string(", \"on_error\": \"") + policy + "\""),
                  misbehaving);
    expect(here, here.run("train run.json"), 0, {"bad", "no space left on device"}, true);
  }
}

BOOST_AUTO_TEST_CASE(an_exit_in_a_hook_is_no_success_and_names_the_plugin) {
  const Workplace here;
  here.manifest(misbehave("on_train_batch_end", "exit"), misbehaving);
  const Outcome run = here.run("train run.json");
  BOOST_TEST(run.code == 1);
  BOOST_TEST(run.err.find("exit() was called in callback 'bad' (") != std::string::npos, run.err);
}

BOOST_AUTO_TEST_CASE(a_refused_start_takes_back_its_own_files_and_no_others) {
  const Workplace here;
  here.manifest("{\"plugin\": \"csv_logger\"}, " + misbehave("create", "slow") +
                    ", {\"plugin\": \"early_stopping\", \"config\": {\"monitor\": \"val_los\", \"mode\": \"min\"}}",
                misbehaving);
  std::thread somebody([&] {
    if (appears([&] { return fs::exists(here / "runs/run"); })) here.write("runs/run/notes.txt", "mine\n");
  });
  const Outcome run = here.run("train run.json");
  somebody.join();
  BOOST_TEST(run.code != 0);
  BOOST_TEST(read(here / "runs/run/notes.txt") == "mine\n");
  for (const auto& entry : fs::directory_iterator(here / "runs/run"))
    BOOST_TEST(entry.path().filename() == "notes.txt", entry.path().string() << " was left behind");
}

BOOST_AUTO_TEST_CASE(a_checkpoint_into_which_somebody_has_put_a_file_is_not_removed) {
  const Workplace here;
  here.manifest(
      R"({"plugin": "checkpoint", "id": "keep", "config": {"monitor": "val_loss", "save_top_k": 1, "filename": "{epoch}"}}, )" +
          misbehave("on_train_epoch_end", "slow"),
      misbehaving);
  const std::string first = "runs/run/checkpoints/epoch=0.ckpt";
  std::thread somebody([&] {
    if (appears([&] { return fs::exists(here / first); })) here.write(first + "/notes.txt", "precious\n");
  });
  const Outcome run = here.run("train run.json --set trainer.max_epochs=3");
  somebody.join();
  BOOST_TEST(run.code == 0, run.err);
  BOOST_TEST(read(here / (first + "/notes.txt")) == "precious\n");
  BOOST_TEST(fs::exists(here / (first + "/checkpoint.json")));
  BOOST_TEST(run.out.find("could not be removed") != std::string::npos, run.out);
}

BOOST_AUTO_TEST_CASE(a_text_too_long_for_the_validator_is_refused) {
  const Workplace here;
  here.manifest("{\"plugin\": \"csv_logger\", \"id\": \"" + std::string(50000, 'a') + "\"}");
  expect(here, here.run("train run.json"), 3, {"/callbacks/0/id: is a text of 50000 characters"});
}

BOOST_AUTO_TEST_CASE(weights_from_an_empty_variable_are_refused) {
  const Workplace here;
  here.manifest("");
  expect(here, here.run("validate run.json --weights ''"), 2, {"--weights is empty"});
}

BOOST_AUTO_TEST_CASE(a_reader_that_closes_the_output_does_not_end_the_training) {
  const Workplace here;
  here.manifest("{\"plugin\": \"console\"}, {\"plugin\": \"csv_logger\"}");
  here.run("train run.json | true");
  BOOST_TEST(lines(read(here / "runs/run/metrics.csv")).size() > 2u);
}

BOOST_AUTO_TEST_CASE(a_crash_in_a_hook_names_the_plugin) {
  const Workplace here;
  here.manifest(misbehave("on_train_batch_end", "null"), misbehaving);
  const Outcome run = here.run("train run.json");
  BOOST_CHECK_GE(run.code, 128);
  BOOST_CHECK_MESSAGE(run.err.find("SIGSEGV in callback 'bad' (") != std::string::npos &&
                          run.err.find("hook on_train_batch_end, step 1") != std::string::npos,
                      run.err);
}

BOOST_AUTO_TEST_CASE(a_task_built_for_another_libtorch) {
  const Workplace here;
  std::string library = read(build_folder / "tasks/digits.so");
  const std::size_t at = library.find("\"fingerprint\":\"libtorch=2.");
  BOOST_REQUIRE(at != std::string::npos);
  library[at + std::string("\"fingerprint\":\"libtorch=").size()] = '1';
  here.write("old/digits.so", library);
  here.manifest("", "", R"({"library": "old/digits.so"})");
  expect(here, here.run("train run.json"), 5, {"digits.so", "libtorch=1."});
}

BOOST_AUTO_TEST_CASE(a_data_file_with_a_bad_row) {
  const Workplace here;
  std::string csv = read(fs::path(TENON_SOURCE_DIR) / "examples/digits/digits.csv");
  csv.insert(csv.find('\n', 2000) + 1, "0,1,2,three\n");
  here.write("bad.csv", csv);
  here.manifest("", "", R"({"library": "digits", "config": {"data": "bad.csv"}})");
  expect(here, here.run("train run.json"), 5, {"bad.csv:"});
}

BOOST_AUTO_TEST_CASE(an_unwritable_output_folder) {
  const Workplace here;
  here.manifest("");
  expect(here, here.run("train run.json --out /proc/tenon-run"), 7, {"/proc/tenon-run", "--out DIR"});
  here.manifest(R"({"plugin": "checkpoint", "config": {"dirpath": "/proc/checkpoints"}})");
  expect(here, here.run("train run.json"), 7, {"/proc/checkpoints", "dirpath"});
}

}  // namespace runs_test
