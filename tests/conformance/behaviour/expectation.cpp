// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "expectation.hpp"

#include <boost/json/parse.hpp>
#include <map>

#include "runs/program.hpp"

namespace conformance_test {

namespace {

const json::object& better() {
  static const json::value document =
      json::parse(runs_test::read(std::string(TENON_SOURCE_DIR) + "/tests/conformance/behaviour/better.json"));
  return document.as_object();
}

/// Of Lightning's `last` or the state that ours alone holds: names differ, and are compared by the step.
bool is_last(std::string_view file) { return file.substr(file.rfind('/') + 1).substr(0, 4) == "last"; }

json::value reason_of(std::string_view theirs) {
  static const std::map<std::string_view, const char*> ours = {{"PATIENCE_EXHAUSTED", "patience"},
                                                               {"STOPPING_THRESHOLD", "stopping_threshold"},
                                                               {"DIVERGENCE_THRESHOLD", "divergence_threshold"},
                                                               {"NON_FINITE_METRIC", "not_finite"}};
  const auto found = ours.find(theirs);
  return found == ours.end() ? json::value(nullptr) : json::value(found->second);
}

void add_files(const json::object& theirs, json::object& ours) {
  const json::value* given = theirs.if_contains("file_content");
  const json::object* content = given ? given->if_object() : nullptr;
  if (const json::value* files = theirs.if_contains("files")) {
    json::array names;
    json::value last = nullptr;
    bool is_told = true;
    for (const json::value& file : files->as_array()) {
      if (!is_last(std::string_view(file.as_string())))
        names.push_back(file);
      else if (content)
        last = content->at(file.as_string()).at("global_step");
      else
        is_told = false;
    }
    ours["files"] = std::move(names);
    if (is_told) ours["last_step"] = std::move(last);
  }
  if (!content) return;
  json::object own;
  for (const auto& [file, at] : *content)
    if (!is_last(std::string_view(file.data(), file.size())) && at.as_object().contains("epoch"))
      own[file] = {at.at("epoch"), at.at("global_step")};
  ours["content"] = std::move(own);
}

void add_actions(const json::value* trace, json::array& actions) {
  if (!trace || !trace->is_array()) return;
  for (const json::value& hook : trace->as_array())
    if (const json::value* list = hook.as_object().if_contains("actions"))
      for (const json::value& action : list->as_array()) {
        const std::string op(action.at("op").as_string());
        const std::string path(action.at("path").as_string());
        if (op != "link" && !is_last(path)) actions.emplace_back(op + " " + path);
      }
}

void add_early_stopping(const json::value& state, json::object& ours) {
  if (const json::array* several = state.if_array()) {  // those that have stopped
    for (const json::value& one : *several)
      if (one.at("stopping_reason") != "NOT_STOPPED") return add_early_stopping(one, ours);
    return;
  }
  const json::object& theirs = state.as_object();
  const json::value reason = reason_of(std::string_view(theirs.at("stopping_reason").as_string()));
  json::object own{{"stopping_reason", reason}, {"wait_count", theirs.at("wait_count")}};
  const json::value& best = theirs.at("best_score");
  own["best_score"] = best == "inf" || best == "-inf" ? json::value(nullptr) : best;  // theirs before the first
  own["stopped_epoch"] = reason.is_null() ? json::value(nullptr) : theirs.at("stopped_epoch");
  ours["early_stopping"] = std::move(own);
}

void add_run(const json::object& theirs, json::object& ours) {
  for (const auto& [from, to] : {std::pair{"epochs_completed", "epochs"}, std::pair{"global_step", "steps"},
                                 std::pair{"validations_run", "validations"}, std::pair{"epochs_trained", "epochs"}})
    if (const json::value* n = theirs.if_contains(from)) ours[to] = *n;
  if (const json::value* error = theirs.if_contains("error"); error && error->is_object())
    ours["error"] = error->at("type") == "RuntimeError" ? error->at("message") : json::value("");
  if (const json::value* state = theirs.if_contains("es_state")) add_early_stopping(*state, ours);
  const json::value* state = theirs.if_contains("state");
  if (state && state->is_object() && state->as_object().contains("best_k_models") &&
      !state->at("best_k_models").as_object().empty())
    ours["best"] = {state->at("best_model_path"), state->at("best_model_score")};
}

/// Checks of TorchTNT are made once an epoch here.
void add_checks(const json::object& theirs, json::object& ours) {
  if (const json::value* stops = theirs.if_contains("stops_at_check_index"))
    ours["epochs"] = stops->is_null() ? json::value(nullptr) : json::value(stops->to_number<std::uint64_t>() + 1);
  if (const json::value* folders = theirs.if_contains("dirs")) {
    json::array names;
    for (const json::value& folder : folders->as_array()) {
      const std::string name(folder.as_string());
      names.emplace_back(name.substr(0, name.find("_loss")) + ".ckpt");
    }
    ours["files"] = std::move(names);
  }
  if (const json::value* best = theirs.if_contains("best"); best && theirs.contains("epochs_trained")) {
    json::object own{{"best_score", *best}};
    const std::uint64_t stopped = theirs.at("stopped_epoch").to_number<std::uint64_t>();
    own["stopped_epoch"] = stopped == 0 ? json::value(nullptr) : json::value(stopped);
    ours["early_stopping"] = std::move(own);
    ours["weights_step"] = theirs.at("final_weights_of_epoch").to_number<std::uint64_t>() + 1;
  }
}

}  // namespace

json::object expectation_of(const json::object& recorded) {
  const json::object& theirs = recorded.at("expected").as_object();
  json::object ours;
  json::array actions;
  add_files(theirs, ours);
  add_run(theirs, ours);
  add_checks(theirs, ours);
  const json::value* runs = theirs.if_contains("runs");
  if (runs) {
    for (const json::value& run : runs->as_array()) add_actions(run.as_object().if_contains("trace"), actions);
    add_run(runs->as_array().back().as_object(), ours);
  } else {
    add_actions(theirs.if_contains("trace"), actions);
  }
  const bool is_traced = runs ? runs->as_array().front().as_object().contains("trace") : theirs.contains("trace");
  if (theirs.contains("files") && is_traced) ours["actions"] = std::move(actions);
  if (const json::value* names = theirs.if_contains("name")) ours = {{"files", json::array{*names}}};
  if (const json::value* mine = better().if_contains(recorded.at("id").as_string())) {
    if (mine->as_object().contains("only")) return mine->at("only").as_object();
    for (const auto& [key, value] : mine->as_object()) ours[key] = value;
    for (const char* key : {"why", "not"}) ours.erase(key);
    if (const json::value* dropped = mine->as_object().if_contains("not"))
      for (const json::value& key : dropped->as_array()) ours.erase(key.as_string());
  }
  return ours;
}

std::vector<std::string> ids_with_better() {
  std::vector<std::string> ids;
  for (const auto& each : better()) ids.emplace_back(each.key());
  return ids;
}

}  // namespace conformance_test
