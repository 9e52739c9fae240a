// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What `tenon train` refuses before anything is loaded. Training itself is tested where LibTorch is.
#include <boost/test/unit_test.hpp>

#include "installation.hpp"

namespace cli_test {

BOOST_AUTO_TEST_SUITE(train)

BOOST_AUTO_TEST_CASE(a_manifest_without_a_task_is_refused) {
  const Installation tenon;
  tenon.write("work/run.json", "{}");
  const Outcome outcome = tenon.run("train run.json");
  BOOST_TEST(outcome.code == 3);
  BOOST_TEST(outcome.err.find("tenon: run.json:1: there is no \"task\"") == 0u, outcome.err);
  BOOST_TEST(!fs::exists(tenon.root() / "work/runs"));
}

BOOST_AUTO_TEST_CASE(wrong_options_are_refused_before_any_plugin_or_folder_is_touched) {
  const Installation tenon;
  tenon.write("work/run.json", R"({"task": {"library": "sample_task"}, "callbacks": [{"plugin": "sample"}]})");
  const Outcome outcome = tenon.run("train run.json --set callbacks.sample.config.top=-2 --json");
  BOOST_TEST(outcome.code == 3);
  BOOST_TEST(parse(outcome.out).at_pointer("/error/exit_code") == boost::json::value(3));
  BOOST_TEST(!fs::exists(tenon.root() / "work/runs"));
}

BOOST_AUTO_TEST_CASE(a_missing_plugin_is_refused_with_4_and_a_missing_task_with_5) {
  const Installation tenon;
  tenon.write("work/run.json", R"({"task": {"library": "smple_task"}, "callbacks": []})");
  BOOST_TEST(tenon.run("train run.json --set 'callbacks=[{\"plugin\": \"smple\"}]'").code == 4);
  BOOST_TEST(tenon.run("train run.json").code == 5);
}

BOOST_AUTO_TEST_CASE(folders_of_the_command_line_are_told_apart_from_the_manifests) {
  const Installation tenon;
  tenon.write(
      "work/run.json",
      R"({"task": {"library": "sample_task"}, "plugins": {"paths": ["mine"]}, "callbacks": [{"plugin": "smple"}]})");
  for (const char* folder : {"work/mine", "work/yours"}) fs::create_directory(tenon.root() / folder);
  for (const char* command : {"train", "manifest check"}) {
    const Outcome outcome = tenon.run(std::string(command) + " run.json --plugins yours");
    BOOST_TEST(outcome.code == 4);
    BOOST_TEST(outcome.err.find("looked in:\n  <here>/work/yours (--plugins)\n  <here>/work/mine (plugins.paths of the "
                                "manifest)\n") != std::string::npos,
               outcome.err);
  }
}

BOOST_AUTO_TEST_CASE(a_libtorch_that_cannot_be_loaded_is_told_with_the_loaders_own_words_and_the_cure) {
  const Installation tenon;
  fs::create_directory(tenon.root() / "lib");
  fs::copy_file(fs::path(TENON_PROGRAM).parent_path() / "../lib/libtenon.so.0", tenon.root() / "lib/libtenon.so.0");
  tenon.write("lib/libtenon_torch.so",
              "not a library, however long the text in it may be made to look like one that is");
  tenon.write("work/run.json", R"({"task": {"library": "sample_task"}})");
  const Outcome outcome = tenon.run("train run.json");
  BOOST_TEST(outcome.code == 5);
  BOOST_TEST(outcome.err ==
             "tenon: '<here>/bin/../lib/libtenon_torch.so', which knows LibTorch, cannot be loaded: "
             "<here>/bin/../lib/libtenon_torch.so: invalid ELF header\n"
             "  LibTorch must be where it was when Tenon was built. `bash packaging/setup.sh` brings back what it had "
             "downloaded into its cache; to use another LibTorch, build again with it\n");
}

BOOST_AUTO_TEST_CASE(a_run_folder_that_cannot_be_written_is_refused_with_7) {
  const Installation tenon;
  tenon.write("work/run.json", R"({"task": {"library": "sample_task"}})");
  const Outcome outcome = tenon.run("train run.json --out /dev/null/run");
  BOOST_TEST(outcome.code == 7);
  BOOST_TEST(outcome.err ==
             "tenon: the run's folder '/dev/null/run' cannot be written: Not a directory; choose another with --out "
             "DIR\n");
}

BOOST_AUTO_TEST_CASE(words_of_resume_and_restore_that_make_no_sense_are_refused_with_2) {
  const Installation tenon;
  tenon.write("work/run.json", R"({"task": {"library": "sample_task"}})");
  const auto refusal = [&](const std::string& arguments) {
    const Outcome outcome = tenon.run("train run.json " + arguments);
    BOOST_TEST(outcome.code == 2, arguments);
    return outcome.err.substr(0, outcome.err.find('\n'));
  };
  BOOST_TEST(refusal("--resume ''") == "tenon: --resume is empty: say auto, last, best, best:ID or a path");
  BOOST_TEST(refusal("--resume last --weights none").find("leave out one of them") != std::string::npos);
  BOOST_TEST(refusal("--restore model") ==
             "tenon: --restore takes over parts of a given checkpoint: name it with --resume PATH");
  BOOST_TEST(refusal("--resume last --restore model").find("name it with --resume PATH") != std::string::npos);
  BOOST_TEST(refusal("--resume x.ckpt --restore model,optimiser") ==
             "tenon: --restore: there is no part 'optimiser' of a checkpoint; did you mean 'optimizer'?");
  BOOST_TEST(refusal("--resume auto --set trainer.fast_dev_run=true").find("fast_dev_run") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_resumed_is_refused_with_8_before_any_folder_is_touched) {
  const Installation tenon;
  tenon.write("work/run.json", R"({"task": {"library": "sample_task"}})");
  Outcome outcome = tenon.run("train run.json --resume last");
  BOOST_TEST(outcome.code == 8);
  BOOST_TEST(outcome.err.find("tenon: --resume: there is no run in '<here>/work/runs/run', which does not exist") == 0u,
             outcome.err);
  outcome = tenon.run("train run.json --resume lost.ckpt");
  BOOST_TEST(outcome.code == 8);
  BOOST_TEST(outcome.err.find("tenon: --resume: there is no '<here>/work/lost.ckpt'") == 0u, outcome.err);
  BOOST_TEST(!fs::exists(tenon.root() / "work/runs"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace cli_test
