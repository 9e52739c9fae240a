// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>

#include "manifest/manifest_schema.hpp"
#include "manifest_texts.hpp"

namespace tenon::manifest {

BOOST_AUTO_TEST_SUITE(read_manifest)

BOOST_AUTO_TEST_CASE(all_parts_of_a_manifest_arrive) {
  const Manifest manifest = read_text(R"({
    // the task
    "task": {"library": "digits", "config": {"hidden": 64}},
    "trainer": {"max_epochs": 20, "seed": 7},
    "plugins": {"paths": ["plugins", "/opt/acme/plugins"]},
    "callbacks": [
      {"plugin": "console"},
      {"plugin": "checkpoint", "id": "best", "on_error": "warn", "config": {"save_top_k": 3}, "sha256":
       "ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789"},
    ],
  })",
                                      "folder/digits.json", {});
  BOOST_TEST(manifest.file == std::filesystem::absolute("folder/digits.json"));
  BOOST_TEST(manifest.name == "digits");
  BOOST_REQUIRE(manifest.task);
  BOOST_TEST(manifest.task->library == "digits");
  BOOST_TEST(manifest.task->config.at("hidden") == boost::json::value(64));
  BOOST_TEST(manifest.trainer.max_epochs == 20u);
  BOOST_TEST(manifest.trainer.seed == 7u);
  BOOST_REQUIRE_EQUAL(manifest.plugin_paths.size(), 2u);
  BOOST_TEST(manifest.plugin_paths[0] == std::filesystem::absolute("folder/plugins"));
  BOOST_TEST(manifest.plugin_paths[1] == "/opt/acme/plugins");
  BOOST_REQUIRE_EQUAL(manifest.callbacks.size(), 2u);
  BOOST_TEST(manifest.callbacks[0].id == "console");
  BOOST_TEST(!manifest.callbacks[0].on_error);
  BOOST_TEST(manifest.callbacks[1].id == "best");
  BOOST_TEST(manifest.callbacks[1].on_error.value() == "warn");
  BOOST_TEST(manifest.callbacks[1].sha256 == "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789");
  BOOST_TEST(boost::json::serialize(manifest.callbacks[1].config) == R"({"save_top_k":3})");
  BOOST_TEST(manifest.callbacks[1].pointer == "/callbacks/1");
}

BOOST_AUTO_TEST_CASE(an_empty_object_is_a_manifest_with_every_default_written_out) {
  const Manifest manifest = from_text("{}");
  BOOST_TEST(!manifest.task);
  BOOST_TEST(manifest.callbacks.empty());
  BOOST_TEST(manifest.document.at("trainer").at("max_epochs") == boost::json::value(1000));
  BOOST_TEST(manifest.document.at("trainer").at("log_every_n_steps") == boost::json::value(50));
  BOOST_TEST(manifest.document.at("plugins").at("pin") == boost::json::value("optional"));
}

BOOST_AUTO_TEST_CASE(where_names_the_line_of_the_nearest_value_around_a_pointer) {
  const Manifest manifest = from_text("{\n\"callbacks\": [\n{\"plugin\": \"checkpoint\",\n\"config\": {}}]}");
  BOOST_TEST(manifest.where("/callbacks/0/config/monitor") == "run.json:4: /callbacks/0/config/monitor");
  BOOST_TEST(manifest.where("/callbacks/0/id") == "run.json:3: /callbacks/0/id");
  BOOST_TEST(manifest.where("") == "run.json:1");
  BOOST_TEST(Manifest{}.where("/callbacks/0") == ": /callbacks/0");
}

BOOST_AUTO_TEST_CASE(a_wrong_type_is_refused_with_line_pointer_and_cure) {
  BOOST_TEST(refused("{\n\"trainer\": {\n\"max_epochs\": \"3\"}}") ==
             "run.json:3: /trainer/max_epochs: expected a whole number of at least -1 or null, got \"3\"; write 3 "
             "without quotes");
  BOOST_TEST(refused("{\"trainer\": {\"max_steps\": 10.0}}") ==
             "run.json:1: /trainer/max_steps: expected a whole number of at least -1 or null, got 10.0; write 10 "
             "without a point");
  BOOST_TEST(refused("{\"trainer\": {\"log_every_n_steps\": true}}") ==
             "run.json:1: /trainer/log_every_n_steps: expected a whole number of at least 1, got true; leave it out "
             "for its default 50");
  BOOST_TEST(refused("{\"trainer\": {\"max_epochs\": []}}") ==
             "run.json:1: /trainer/max_epochs: expected a whole number of at least -1 or null, got []; for example 20");
  BOOST_TEST(refused("{\"task\": \"digits\"}") ==
             "run.json:1: /task: expected an object with \"library\", got \"digits\" (what is trained)");
  BOOST_TEST(refused("[1]") == "run.json:1: expected an object, got [1]");
  BOOST_TEST(refused("{\"callbacks\": {}}") ==
             "run.json:1: /callbacks: expected a list (each: an object with \"plugin\"), got {}; leave it out for its "
             "default []");
}

BOOST_AUTO_TEST_CASE(a_word_that_is_nearly_right_is_guessed) {
  BOOST_TEST(refused("{\"callbacks\": [{\"plugin\": \"a\", \"on_error\": \"disabel\"}]}") ==
             "run.json:1: /callbacks/0/on_error: expected \"abort\", \"disable\" or \"warn\", got \"disabel\"; did you "
             "mean 'disable'?");
  BOOST_TEST(
      refused("{\"trainer\": {\"gradient_clip_algorithm\": \"values\"}}") ==
      "run.json:1: /trainer/gradient_clip_algorithm: expected \"norm\", \"value\" or null, got \"values\"; did you "
      "mean 'value'?");
}

BOOST_AUTO_TEST_CASE(an_unknown_key_is_refused_with_the_nearest_one) {
  BOOST_TEST(refused("{\n\"trainer\": {\n\"max_epoch\": 3}}") ==
             "run.json:3: /trainer/max_epoch: unknown key 'max_epoch'; did you mean 'max_epochs'?");
  BOOST_TEST(refused("{\"zzz\": 3}") ==
             "run.json:1: /zzz: unknown key 'zzz'; known are '$schema', 'task', 'trainer', 'plugins', 'callbacks'");
}

BOOST_AUTO_TEST_CASE(resume_from_checkpoint_is_answered_with_the_right_spelling) {
  for (const char* text : {"{\"trainer\": {\"resume_from_checkpoint\": \"x\"}}", "{\"resume_from_checkpoint\": \"x\"}"})
    BOOST_TEST(refused(text).find("`tenon train run.json --resume auto`") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(two_callbacks_of_one_id_are_refused) {
  BOOST_TEST(refused("{\"callbacks\": [\n{\"plugin\": \"a\", \"id\": \"x\"},\n{\"plugin\": \"b\", \"id\": \"x\"}]}") ==
             "run.json:3: /callbacks/1: a second callback with the id 'x' (the first is at run.json:2: /callbacks/0); "
             "give one of them an \"id\" of its own");
}

BOOST_AUTO_TEST_CASE(a_second_entry_of_one_plugin_needs_an_id) {
  BOOST_TEST(refused("{\"callbacks\": [{\"plugin\": \"a\"},\n{\"plugin\": \"a\"}]}") ==
             "run.json:2: /callbacks/1: a second callback with the id 'a' (the first is at run.json:1: /callbacks/0); "
             "give one of them an \"id\" of its own");
  BOOST_TEST(refused("{\"callbacks\": [{\"plugin\": \"a\"}, {\"plugin\": \"a\", \"id\": \"b\"}]}") == "");
}

BOOST_AUTO_TEST_CASE(an_entry_without_a_plugin_is_refused) {
  BOOST_TEST(refused("{\"callbacks\": [{\"id\": \"x\"}]}") ==
             "run.json:1: /callbacks/0: 'plugin' is missing (the plugin's name, as `tenon plugins list` shows it); add "
             "it");
}

BOOST_AUTO_TEST_CASE(an_id_that_could_not_name_a_folder_or_a_set_path_is_refused) {
  for (const char* id : {"", "a/b", "3", "a b"})
    BOOST_TEST(refused("{\"callbacks\": [{\"plugin\": \"a\", \"id\": \"" + std::string(id) + "\"}]}")
                   .find("/callbacks/0/id: expected text matching") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_required_pin_asks_every_callback_for_its_sum) {
  BOOST_TEST(refused("{\"plugins\": {\"pin\": \"required\"}, \"callbacks\": [{\"plugin\": \"a\"}]}") ==
             "run.json:1: /callbacks/0: has no 'sha256', but plugins.pin is \"required\"; add the sum that `tenon "
             "plugins show a` prints");
}

BOOST_AUTO_TEST_CASE(a_null_is_the_default) {
  const Manifest manifest = from_text(
      "{\"trainer\": {\"log_every_n_steps\": null}, \"plugins\": null, \"callbacks\": [{\"plugin\": \"a\", \"id\": "
      "null, "
      "\"on_error\": null, \"config\": null}]}");
  BOOST_TEST(manifest.trainer.log_every_n_steps == 50u);
  BOOST_TEST(manifest.callbacks.at(0).id == "a");
  BOOST_TEST(!manifest.callbacks.at(0).on_error);
}

BOOST_AUTO_TEST_CASE(every_complaint_is_said_in_the_order_of_the_file) {
  BOOST_TEST(refused("{\n\"callbacks\": [{\"plugin\": 1}],\n\"trainer\": {\"detect_anomaly\": 1,\n\"seed\": -1}}") ==
             "run.json:2: /callbacks/0/plugin: expected text that is not empty, got 1; write \"1\" with quotes\n"
             "run.json:3: /trainer/detect_anomaly: expected true, false or null, got 1; leave it out for its default "
             "false\n"
             "run.json:4: /trainer/seed: expected a whole number from 0 to 9223372036854775807, got -1; leave it out "
             "for its default "
             "0");
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_or_is_a_folder_is_said_so) {
  const Refusal gone = refusal([] { read("/nonexistent/run.json", {}); });
  BOOST_TEST((gone.code == ExitCode::manifest));
  BOOST_TEST(gone.text ==
             "/nonexistent/run.json: cannot be read: No such file or directory; give the path of a manifest (JSON)");
  BOOST_TEST(refusal([] { read("/", {}); }).text ==
             "/: cannot be read: Is a directory; give the path of a manifest (JSON)");
}

BOOST_AUTO_TEST_CASE(the_manifests_own_schema_describes_every_trainer_option) {
  for (const auto& property : manifest_schema().at("properties").at("trainer").at("properties").as_object())
    BOOST_TEST((property.value().as_object().contains("description")), property.key());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::manifest
