// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What both deciders do with each of their options, case by case: decisions.json has callbacks, a history, and the
// decisions that follow from the rules, written down before they were replayed.
#include <boost/json/serialize.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>

#include "../runs/program.hpp"

namespace replay_test {

namespace json = boost::json;
using namespace runs_test;

namespace {

struct Case {
  json::object what;
  std::string id() const { return std::string(what.at("id").as_string()); }
};

std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.id(); }

std::vector<Case> cases() {
  std::vector<Case> all;
  const json::value list = json::parse(read(std::string(TENON_SOURCE_DIR) + "/tests/replay/decisions.json"));
  for (const json::value& one : list.as_array()) all.push_back({one.as_object()});
  return all;
}

/// "best save epoch=0.ckpt @2": paths are shown within the folder "checkpoints".
std::string in_short(const json::object& decision) {
  const json::value& by = decision.at("callback");
  std::string text = by.is_null() ? "null" : std::string(by.as_string());
  text += " " + std::string(decision.at("action").as_string());
  for (const char* key : {"path", "target"}) {
    const json::value* given = decision.if_contains(key);
    if (!given) continue;
    const std::string path(given->as_string()), folder = "checkpoints/";
    text += " " + (path.starts_with(folder) ? path.substr(folder.size()) : path);
  }
  return text + " @" + json::serialize(decision.at("step"));
}

/// "callbacks.best.kept" of the summary.
json::value member(const json::object& summary, const std::string& path) {
  json::value value = summary;
  std::istringstream keys(path);
  for (std::string key; std::getline(keys, key, '.');) {
    const json::value* found = value.is_object() ? value.get_object().if_contains(key) : nullptr;
    if (!found) return "nothing";
    value = json::value(*found);
  }
  return value;
}

bool equal(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) return a.to_number<double>() == b.to_number<double>();
  return a == b;
}

}  // namespace

BOOST_DATA_TEST_CASE(callbacks_decide_over_a_history_as_their_rules_say, cases(), which) {
  const json::object& what = which.what;
  const Workplace here;
  here.write("run.json",
             json::serialize(json::object{{"trainer", what.at("trainer")}, {"callbacks", what.at("callbacks")}}));
  std::string history;
  for (const json::value& line : what.at("history").as_array()) history += json::serialize(line) + "\n";
  here.write("h.jsonl", history);
  const Outcome outcome = here.run("replay run.json --metrics h.jsonl --out out --json");

  std::vector<std::string> decisions, expected;
  json::object summary;
  for (const std::string& line : lines(outcome.out)) {
    const json::object o = json::parse(line).as_object();
    if (const json::value* found = o.if_contains("summary")) summary = found->as_object();
    if (o.contains("action")) decisions.push_back(in_short(o));
  }
  const json::value* code = what.if_contains("exit");
  BOOST_CHECK_MESSAGE(outcome.code == (code ? code->to_number<int>() : 0), outcome.code << ": " << outcome.err);
  if (const json::value* list = what.if_contains("decisions")) {
    for (const json::value& one : list->as_array()) expected.emplace_back(one.as_string());
    BOOST_CHECK_EQUAL_COLLECTIONS(decisions.begin(), decisions.end(), expected.begin(), expected.end());
  }
  if (const json::value* says = what.if_contains("says"))
    BOOST_CHECK_MESSAGE((outcome.out + outcome.err).find(says->as_string().c_str()) != std::string::npos,
                        "does not say '" << says->as_string() << "': " << outcome.out << outcome.err);
  if (const json::value* members = what.if_contains("summary"))
    for (const auto& [path, value] : members->as_object()) {
      const json::value found = member(summary, path);
      BOOST_CHECK_MESSAGE(equal(found, value), path << " is " << found << ", not " << value);
    }
}

}  // namespace replay_test
