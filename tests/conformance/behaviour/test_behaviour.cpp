// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <set>

#include "behaviour_run.hpp"
#include "expectation.hpp"

namespace conformance_test {

namespace fs = std::filesystem;

namespace {

bool is_last_alone(const std::string& file) { return fs::path(file).filename().string().starts_with("last"); }

std::vector<std::string> texts(const json::value& list) {
  std::vector<std::string> all;
  for (const json::value& one : list.as_array()) all.emplace_back(one.as_string());
  return all;
}

std::string joined(const std::vector<std::string>& all) {
  std::string text;
  for (const std::string& one : all) text += (text.empty() ? "" : ", ") + one;
  return text;
}

/// Checkpoints, and files that somebody else has made, below the case's folder.
std::vector<std::string> files_in(const fs::path& folder) {
  std::vector<std::string> files;
  if (!fs::exists(folder)) return files;
  for (auto entry = fs::recursive_directory_iterator(folder); entry != fs::recursive_directory_iterator(); ++entry) {
    const std::string name = entry->path().lexically_relative(folder).string();
    if (entry->path().extension() == ".ckpt" && entry->is_directory()) entry.disable_recursion_pending();
    if (entry->path().extension() == ".ckpt" && !is_last_alone(name)) files.push_back(name);
  }
  std::sort(files.begin(), files.end());
  return files;
}

json::object document_of(const fs::path& checkpoint) {
  return json::parse(runs_test::read(checkpoint / "checkpoint.json")).as_object();
}

std::vector<std::string> actions_of(const std::vector<Told>& runs) {
  std::vector<std::string> actions;
  for (const Told& run : runs)
    for (const std::string& line : run.decisions) {
      const json::object decision = json::parse(line).as_object();
      const std::string action(decision.at("action").as_string());
      if (action != "save" && action != "remove") continue;
      const std::string path(decision.at("path").as_string());
      if (!is_last_alone(path)) actions.push_back(action + " " + path);
    }
  return actions;
}

/// The `last` of any folder below, resolved.
json::value last_step(const fs::path& folder) {
  if (fs::exists(folder))
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      if (entry.is_symlink() && fs::exists(entry.path() / "checkpoint.json"))
        return document_of(entry.path()).at("progress").at("step");
  return nullptr;
}

std::vector<json::object> accounts_of(const Told& run, const char* plugin) {
  std::vector<json::object> accounts;
  if (const json::value* callbacks = run.summary.if_contains("callbacks"))
    for (const auto& [id, account] : callbacks->as_object())
      if (account.at("plugin") == plugin && id != "somebody_else") accounts.push_back(account.as_object());
  return accounts;
}

void check(const char* what, const json::value& ours, const json::value& expected) {
  const bool both_numbers = ours.is_number() && expected.is_number();
  // Recorded scores are rounded.
  const bool equal =
      both_numbers ? std::abs(ours.to_number<double>() - expected.to_number<double>()) < 1e-6 : ours == expected;
  BOOST_CHECK_MESSAGE(equal, what << ": " << json::serialize(ours) << ", expected " << json::serialize(expected));
}

void check_list(const char* what, const std::vector<std::string>& ours, const std::vector<std::string>& expected) {
  BOOST_CHECK_MESSAGE(ours == expected, what << ": " << joined(ours) << "; expected " << joined(expected));
}

json::value counted(const Told& run, const char* key) {
  const json::value* n = run.summary.if_contains(key);
  return n ? *n : json::value(nullptr);
}

void check_early_stopping(const Told& run, const json::object& expected) {
  std::vector<json::object> accounts = accounts_of(run, "early_stopping");
  const auto has_stopped = [](const json::object& account) { return !account.at("stopping_reason").is_null(); };
  std::stable_partition(accounts.begin(), accounts.end(), has_stopped);
  BOOST_REQUIRE(!accounts.empty());
  for (const auto& [key, value] : expected) {
    const json::value* ours = accounts.front().if_contains(key);
    check(std::string(key).c_str(), ours ? *ours : json::value(nullptr), value);
  }
}

void check_best(const Told& run, const json::value& expected) {
  const std::vector<json::object> accounts = accounts_of(run, "checkpoint");
  BOOST_REQUIRE(!accounts.empty());
  check("best_model_path", accounts.front().at("best_model_path"), expected.at(0));
  check("best_model_score", accounts.front().at("best_model_score"), expected.at(1));
}

void check_error(const Told& run, const json::value* expected) {
  if (!expected) {
    BOOST_CHECK_EQUAL(run.error, "");
    return;
  }
  BOOST_CHECK_MESSAGE(!run.error.empty(), "nothing has failed or was refused");
  const std::string part(expected->as_string());
  BOOST_CHECK_MESSAGE(run.error.find(part) != std::string::npos, "error: " << run.error << "; expected " << part);
}

void check_warned(const Told& run, const std::string& expected) {
  const std::string callbacks = json::serialize(counted(run, "callbacks"));
  BOOST_CHECK_MESSAGE(callbacks.find(expected) != std::string::npos, "no '" << expected << "' in " << callbacks);
}

void check_content(const fs::path& folder, const json::object& expected) {
  for (const auto& [file, at] : expected) {
    const fs::path checkpoint = folder / std::string(file);
    if (!fs::exists(checkpoint / "checkpoint.json")) continue;  // told by `files`
    const json::object document = document_of(checkpoint);
    check((std::string(file) + ": epoch").c_str(), document.at("commit_point").at("epoch"), at.at(0));
    check((std::string(file) + ": step").c_str(), document.at("progress").at("step"), at.at(1));
  }
}

void check_expected(const json::object& expected, const std::vector<Told>& runs, const fs::path& folder) {
  const Told& last = runs.back();
  const auto given = [&](const char* key) { return expected.if_contains(key); };
  if (const json::value* files = given("files")) {
    std::vector<std::string> names = texts(*files);
    std::sort(names.begin(), names.end());
    check_list("files", files_in(folder), names);
  }
  if (const json::value* content = given("content")) check_content(folder, content->as_object());
  if (const json::value* actions = given("actions")) check_list("actions", actions_of(runs), texts(*actions));
  if (const json::value* step = given("last_step")) check("the step of last", last_step(folder), *step);
  if (const json::value* best = given("best")) check_best(last, *best);
  if (const json::value* state = given("early_stopping")) check_early_stopping(last, state->as_object());
  for (const char* key : {"epochs", "steps"})
    if (const json::value* n = given(key)) check(key, counted(last, key), *n);
  if (const json::value* n = given("validations")) check("validations", last.validations, *n);
  if (const json::value* step = given("weights_step")) check("the step of the weights", last.weights, *step);
  if (const json::value* warned = given("warned")) check_warned(last, std::string(warned->as_string()));
  check_error(last, given("error"));
}

/// After each check, by a replay up to it.
void check_each(const BehaviourCase& which, BehaviourRun& run, const Told& recorded) {
  for (const json::value& each : which.checks) {
    CaseRun up_to = which.runs.front();
    up_to.trainer["max_steps"] = each.at("global_step");
    const Told told = run.replay(up_to, recorded);
    for (const json::object& account : accounts_of(told, "early_stopping")) {
      if (account.at("best_score").is_null() && each.at("best_score").is_string()) continue;  // none yet
      check("best_score", account.at("best_score"), each.at("best_score"));
      check("wait_count", account.at("wait_count"), each.at("wait_count"));
    }
  }
}

/// A table row `| id | ... |` of the page beside this file.
std::set<std::string> listed_ids() {
  std::set<std::string> ids;
  const std::string page = std::string(TENON_SOURCE_DIR) + "/tests/conformance/behaviour/README.md";
  for (const std::string& line : runs_test::lines(runs_test::read(page)))
    if (line.starts_with("| `")) ids.insert(line.substr(3, line.find('`', 3) - 3));
  return ids;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_recorded_case_is_run_or_listed_with_its_reason) {
  std::set<std::string> run;
  for (const BehaviourCase& one : behaviour_cases()) run.insert(one.id);
  for (const json::object& one : recorded_stops()) run.insert(std::string(one.at("id").as_string()));
  const std::set<std::string> listed = listed_ids();
  for (const std::string& id : recorded_ids())
    BOOST_CHECK_MESSAGE(run.contains(id) != listed.contains(id), id << " must be run, or listed in README.md");
  for (const std::string& id : ids_with_better())
    BOOST_CHECK_MESSAGE(run.contains(id), "better.json has " << id << ", which is not run");
}

/// Whatever a run decided is decided again from its history, in the same order and with the same reasons.
BOOST_DATA_TEST_CASE(a_recorded_case_ends_as_expected_and_so_does_its_replay, behaviour_cases(), which) {
  if (which.expected.contains("not_yet")) {
    BOOST_TEST_MESSAGE(which.id << " is not met yet: " << which.expected.at("not_yet").as_string());
    return;
  }
  BehaviourRun run(which);
  const std::vector<Told> told = run.run();
  const Told& recorded = told.front();
  check_expected(which.expected, told, run.folder());
  if (which.runs.size() > 1 || recorded.history.empty() || !fs::exists(recorded.history)) return;
  if (fs::is_empty(recorded.history) || recorded.error.starts_with("callback '")) return;  // that fails by itself again
  const Told replayed = run.replay(which.runs.front(), recorded);
  BOOST_CHECK_EQUAL_COLLECTIONS(replayed.decisions.begin(), replayed.decisions.end(), recorded.decisions.begin(),
                                recorded.decisions.end());
  for (const char* key : {"end", "epochs", "steps", "callbacks"})
    check(key, counted(replayed, key), counted(recorded, key));
  BOOST_CHECK_EQUAL(replayed.validations, recorded.validations);
  check_each(which, run, recorded);
}

}  // namespace conformance_test
