// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include "manifest_texts.hpp"

namespace tenon::manifest {

namespace {
const std::string text = R"({"task": {"library": "digits"}, "callbacks": [
  {"plugin": "console"},
  {"plugin": "checkpoint", "id": "best", "config": {"save_top_k": 3, "list": [1, 2]}},
  {"plugin": "org.acme.csv"},
  {"plugin": "org.acme.csv", "id": "org.acme.csv.two"}]})";
}

BOOST_AUTO_TEST_SUITE(sets)

BOOST_AUTO_TEST_CASE(a_value_is_json_and_else_a_text) {
  const Manifest manifest = from_text(text, {"trainer.max_epochs=3", "trainer.device=auto", "task.config.a=[1, 2.0]",
                                             "task.config.b=", "task.config.c=a=b", "task.config.d=true",
                                             "task.config.e=\"3\"", "trainer.limit_val_batches=1.0"});
  BOOST_TEST(manifest.trainer.max_epochs == 3u);
  BOOST_TEST(manifest.trainer.device == "auto");
  BOOST_TEST(manifest.trainer.limit_val_batches.is_share);
  BOOST_TEST(boost::json::serialize(manifest.task->config) == R"({"a":[1,2E0],"b":"","c":"a=b","d":true,"e":"3"})");
}

BOOST_AUTO_TEST_CASE(a_callback_is_named_by_its_id_or_its_index) {
  const Manifest manifest = from_text(
      text, {"callbacks.best.config.save_top_k=5", "callbacks.0.config.every=2", "callbacks.org.acme.csv.config.a=1",
             "callbacks.org.acme.csv.two.config.a=2", "callbacks.console.on_error=warn"});
  BOOST_TEST(manifest.callbacks[1].config.at("save_top_k") == boost::json::value(5));
  BOOST_TEST(manifest.callbacks[0].config.at("every") == boost::json::value(2));
  BOOST_TEST(manifest.callbacks[2].config.at("a") == boost::json::value(1));
  BOOST_TEST(manifest.callbacks[3].config.at("a") == boost::json::value(2));
  BOOST_TEST(manifest.callbacks[0].on_error.value() == "warn");
}

BOOST_AUTO_TEST_CASE(a_later_set_wins) {
  BOOST_TEST(from_text(text, {"trainer.seed=1", "trainer.seed=2"}).trainer.seed == 2u);
  BOOST_TEST(from_text(text, {"trainer.seed=1", "trainer={}"}).trainer.seed == 0u);
}

BOOST_AUTO_TEST_CASE(an_entry_of_a_list_is_named_by_its_index) {
  BOOST_TEST(from_text(text, {"callbacks.best.config.list.1=7"}).callbacks[1].config.at("list").at(1) ==
             boost::json::value(7));
  BOOST_TEST(refused(text, {"callbacks.best.config.list.2=7"}) ==
             "--set callbacks.best.config.list.2=7: /callbacks/1/config/list is a list of 2, counted from 0; it has no "
             "'2'");
}

BOOST_AUTO_TEST_CASE(a_wrong_path_is_refused_with_the_nearest_name) {
  BOOST_TEST(refused(text, {"callbacks.bets.config.save_top_k=5"}) ==
             "--set callbacks.bets.config.save_top_k=5: no callback has the id 'bets'; did you mean 'best'?");
  BOOST_TEST(refused(text, {"callbacks.4.config.a=5"}) ==
             "--set callbacks.4.config.a=5: there is no callback 4: the manifest has 4, counted from 0");
  BOOST_TEST(refused(text, {"trainer.max_epoch=3"}) ==
             "--set trainer.max_epoch=3: /trainer/max_epoch: unknown key 'max_epoch'; did you mean 'max_epochs'?");
  BOOST_TEST(refused(text, {"trainr.max_epochs=3"}) ==
             "--set trainr.max_epochs=3: /trainr: unknown key 'trainr'; did you mean 'trainer'?");
  BOOST_TEST(refused(text, {"task.library.x=3"}) ==
             "--set task.library.x=3: /task/library is \"digits\", which has no 'x'");
  for (const char* path : {"trainer..seed", ".seed", "trainer."})
    BOOST_TEST(refused(text, {path + std::string("=3")}) ==
               "--set " + std::string(path) + "=3: a name between two dots of the path is missing");
}

BOOST_AUTO_TEST_CASE(a_wrong_value_is_blamed_on_the_set) {
  BOOST_TEST(refused(text, {"trainer.seed=x"}) ==
             "--set trainer.seed=x: /trainer/seed: expected a whole number from 0 to 9223372036854775807, got \"x\"; "
             "leave it out for "
             "its default 0");
}

BOOST_AUTO_TEST_CASE(a_set_without_a_value_is_a_wrong_command_line) {
  for (const char* set : {"trainer.seed", "=3"}) {
    const Refusal given = refusal([&] { from_text(text, {set}); });
    BOOST_TEST((given.code == ExitCode::usage));
    BOOST_TEST(given.text ==
               "--set " + std::string(set) + ": write path=value, for example --set trainer.max_epochs=3");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::manifest
