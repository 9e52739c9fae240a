// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "installation.hpp"

namespace cli_test {

namespace {
const std::string good =
    "{\n\"task\": {\"library\": \"sample_task\"},\n\"callbacks\": [\n{\"plugin\": \"sample\", \"id\": \"a\"}]}";
}

BOOST_AUTO_TEST_SUITE(manifest_check)

BOOST_AUTO_TEST_CASE(a_good_manifest_passes_from_any_folder) {
  const Installation tenon;
  const std::string file = tenon.write("elsewhere/run.json", good).string();
  BOOST_TEST(tenon.run("manifest check ../elsewhere/run.json").out ==
             "../elsewhere/run.json: good; task sample_task, chain a\n");
  const Outcome outcome = tenon.run("manifest check --json '" + file + "'");
  BOOST_TEST(outcome.code == 0);
  BOOST_TEST(parse(outcome.out).at("ok") == boost::json::value(true));
  BOOST_TEST(parse(outcome.out).at("task") == boost::json::value("sample_task"));
}

BOOST_AUTO_TEST_CASE(a_manifest_without_a_task_is_good_but_cannot_be_trained) {
  const Installation tenon;
  tenon.write("work/run.json", "{\"callbacks\": [{\"plugin\": \"sample\", \"id\": \"a\"}]}");
  const Outcome outcome = tenon.run("manifest check run.json");
  BOOST_TEST(outcome.code == 0);
  BOOST_TEST(outcome.out == "run.json: good; but nothing could be trained with it: there is no \"task\", chain a\n");
}

BOOST_AUTO_TEST_CASE(a_pipe_or_a_device_is_refused_at_once) {
  const Installation tenon;
  BOOST_REQUIRE_EQUAL(mkfifo((tenon.root() / "work/pipe.json").c_str(), 0600), 0);
  for (const std::string name : {"pipe.json", "/dev/zero"}) {
    const Outcome outcome = tenon.run("manifest check " + name);
    BOOST_TEST(outcome.code == 3);
    BOOST_TEST(outcome.err ==
               name +
                   ": cannot be read: it is a pipe, a device or a socket, not a file; give the path of a "
                   "manifest (JSON)\n");
  }
}

BOOST_AUTO_TEST_CASE(a_folder_of_plugins_that_is_not_there_is_told_with_its_place) {
  const Installation tenon;
  tenon.write(
      "work/run.json",
      "{\"plugins\": {\"paths\": [\n\"../plugins\",\n\"nowhere\"]},\n\"callbacks\": [{\"plugin\": \"sample\"}]}");
  BOOST_TEST(tenon.run("manifest check run.json --plugins run.json").err ==
             "warning: --plugins: '<here>/work/run.json' is no folder, so that no plugin is found there; correct it or "
             "leave it out\n"
             "warning: run.json:3: /plugins/paths/1: there is no folder '<here>/work/nowhere', so that no plugin is "
             "found there; correct it or leave it out\n");
}

BOOST_AUTO_TEST_CASE(a_wrong_manifest_ends_with_3_and_every_message) {
  const Installation tenon;
  tenon.write("work/run.json", "{\n\"trainer\": {\"max_epoch\": 3},\n\"callbacks\": [{\"plugin\": 3}]}");
  const Outcome outcome = tenon.run("manifest check run.json");
  BOOST_TEST(outcome.code == 3);
  BOOST_TEST(outcome.out == "");
  BOOST_TEST(outcome.err ==
             "run.json:2: /trainer/max_epoch: unknown key 'max_epoch'; did you mean 'max_epochs'?\n"
             "run.json:3: /callbacks/0/plugin: expected text that is not empty, got 3; write \"3\" with quotes\n");
}

BOOST_AUTO_TEST_CASE(options_are_checked_against_the_plugins_schema) {
  const Installation tenon;
  tenon.write("work/run.json", good);
  const Outcome outcome = tenon.run("manifest check run.json --set callbacks.a.config.tpo=1");
  BOOST_TEST(outcome.code == 3);
  BOOST_TEST(outcome.err ==
             "--set callbacks.a.config.tpo=1: /callbacks/0/config/tpo: unknown key 'tpo' of plugin 'sample'; did you "
             "mean 'top'?\n");
}

BOOST_AUTO_TEST_CASE(options_are_checked_against_the_tasks_schema) {
  const Installation tenon;
  tenon.write("work/run.json", good);
  const Outcome outcome = tenon.run("manifest check run.json --set task.config.hidden=0");
  BOOST_TEST(outcome.code == 3);
  BOOST_TEST(
      outcome.err ==
      "--set task.config.hidden=0: /task/config/hidden: expected a whole number of at least 1, got 0; leave it out "
      "for its default 64\n");
}

BOOST_AUTO_TEST_CASE(a_plugin_that_is_found_twice_is_told_of) {
  const Installation tenon;
  tenon.write("work/run.json", good);
  fs::create_directories(tenon.root() / "data/tenon/plugins");
  fs::copy_file(tenon.root() / "plugins/sample.so", tenon.root() / "data/tenon/plugins/mine.so");
  const Outcome outcome = tenon.run("manifest check run.json");
  BOOST_TEST(outcome.code == 0);
  BOOST_TEST(outcome.err ==
             "info: plugin 'sample' is taken from '<here>/data/tenon/plugins/mine.so', which comes before "
             "'<here>/plugins/sample.so'\n");
}

BOOST_AUTO_TEST_CASE(a_missing_plugin_ends_with_4_and_a_missing_task_with_5) {
  const Installation tenon;
  tenon.write("work/run.json", good);
  const Outcome plugin = tenon.run("manifest check run.json --set callbacks.0.plugin=smple");
  BOOST_TEST(plugin.code == 4);
  BOOST_TEST(plugin.err.find("--set callbacks.0.plugin=smple: /callbacks/0/plugin: there is no plugin 'smple'; did you "
                             "mean 'sample'?\nlooked in:\n") == 0u,
             plugin.err);
  const Outcome task = tenon.run("manifest check run.json --set task.library=sample_tsk");
  BOOST_TEST(task.code == 5);
  BOOST_TEST(task.err.find("'sample_tsk'") != std::string::npos, task.err);
}

BOOST_AUTO_TEST_CASE(a_library_without_a_tasks_identity_is_no_task) {
  const Installation tenon;
  tenon.write("work/run.json", good);
  fs::copy_file(SAMPLE_PLUGIN, tenon.root() / "tasks/plugin.so");
  const Outcome outcome = tenon.run("manifest check run.json --set task.library=plugin");
  BOOST_TEST(outcome.code == 5);
  BOOST_TEST(outcome.err ==
             "--set task.library=plugin: /task/library: '<here>/tasks/plugin.so' is not a task (it has no section "
             ".tenon.task): a task library is built with tenon_add_task and TENON_TASK\n");
}

BOOST_AUTO_TEST_CASE(a_wrong_sum_ends_with_4_and_the_right_one_passes) {
  const Installation tenon;
  tenon.write("work/run.json", good);
  const std::string sum(parse(tenon.run("plugins show sample --json").out).at("sha256").as_string());
  BOOST_TEST(tenon.run("manifest check run.json --set 'callbacks.a.sha256=\"" + sum + "\"'").code == 0);
  const std::string wrong(64, 'a');
  const Outcome outcome = tenon.run("manifest check run.json --set callbacks.a.sha256=" + wrong);
  BOOST_TEST(outcome.code == 4);
  BOOST_TEST(outcome.err == "--set callbacks.a.sha256=" + wrong +
                                ": /callbacks/0/sha256: '<here>/plugins/sample.so' has the SHA-256 " + sum +
                                "; put back the file that was meant, or correct the sum\n");
}

BOOST_AUTO_TEST_CASE(a_world_writable_plugin_ends_with_4_unless_its_folder_is_trusted) {
  const Installation tenon;
  tenon.write("work/run.json", good);
  fs::permissions(tenon.root() / "plugins/sample.so", fs::perms::others_write, fs::perm_options::add);
  const Outcome outcome = tenon.run("manifest check run.json");
  BOOST_TEST(outcome.code == 4);
  BOOST_TEST(outcome.err.find("--trust") != std::string::npos, outcome.err);
  BOOST_TEST(tenon.run("manifest check run.json --trust ../plugins").code == 0);
}

BOOST_AUTO_TEST_CASE(problems_are_told_as_json) {
  const Installation tenon;
  tenon.write("work/run.json", good);
  const Outcome outcome =
      tenon.run("manifest check run.json --json --set callbacks.a.config.top=-2 --set task.library=x");
  BOOST_TEST(outcome.code == 5);
  BOOST_TEST(outcome.err == "");
  const boost::json::value report = parse(outcome.out);
  BOOST_TEST(report.at("ok") == boost::json::value(false));
  BOOST_TEST(report.at_pointer("/problems/0/exit_code") == boost::json::value(5));
  BOOST_TEST(report.at_pointer("/problems/1/exit_code") == boost::json::value(3));
  BOOST_TEST(parse(tenon.run("manifest check none.json --json").out).at_pointer("/problems/0/exit_code") ==
             boost::json::value(3));
}

BOOST_AUTO_TEST_CASE(the_schema_of_manifests_is_json) {
  const Installation tenon;
  const boost::json::value schema = parse(tenon.run("manifest schema").out);
  BOOST_TEST(schema.at_pointer("/properties/trainer/properties/max_epochs/minimum") == boost::json::value(-1));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace cli_test
