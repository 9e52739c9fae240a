// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "lightning_recording.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <fstream>
#include <iterator>
#include <ostream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "lightning_deviations.hpp"

namespace tenon::tests {

namespace json = boost::json;

namespace {

std::string code_of(const std::string& event) { return event.substr(0, event.find(':')); }

/// Not of hooks that this loop does not have, calls at another place (zero_grad), or not in the sanity check.
bool compared(const std::string& event) {
  static const std::set<std::string> not_ours = {"ves", "vee", "xes", "xee", "pes", "pee", "zg"};
  return (event[0] != '~' || event.starts_with("~ex")) && !not_ours.contains(code_of(event));
}

std::vector<std::string> all_events(const json::object& recorded) {
  std::vector<std::string> events;
  for (const json::value& line : recorded.at("events").as_array()) {
    std::istringstream words(line.as_string().c_str());
    for (std::string word; words >> word;) events.push_back(word);
  }
  return events;
}

std::uint64_t count_of(const std::vector<std::string>& events, std::string_view code) {
  return static_cast<std::uint64_t>(
      std::count_if(events.begin(), events.end(), [&](const std::string& e) { return code_of(e) == code; }));
}

/// After an error, too, everyone is told that training, the fit and the run have ended (DESIGN: always).
void end_in_order(LightningCase& which) {
  std::vector<std::string>& events = which.events;
  const bool evaluates = which.recorded.at("command").as_string() != "fit";
  const bool training = evaluates || std::any_of(events.begin(), events.end(), [](const std::string& e) {
                          return e.starts_with("ts:") || e.starts_with("ss:");
                        });
  const std::string at = events.back().substr(events.back().find(':'));
  if (!training) events.pop_back();  // what refuses to start is told by the run's end alone
  if (!evaluates && training) events.push_back(without_epoch("te" + at));
  if (!evaluates) events.push_back(without_epoch("fe" + at));
  events.push_back(without_epoch("td" + at));
  which.deviation = "after an error on_train_end, on_fit_end and on_teardown follow, always";
}

/// From the first event of `instead` on, that happens.
void replace_end(LightningCase& which, const Deviation& deviation) {
  std::istringstream words{std::string(deviation.instead)};
  std::vector<std::string> instead{std::istream_iterator<std::string>(words), {}};
  const auto from = std::find(which.events.begin(), which.events.end(), instead.at(0));
  if (from == which.events.end()) throw std::logic_error(which.id + " has no event " + instead[0]);
  which.events.erase(from, which.events.end());
  which.events.insert(which.events.end(), instead.begin(), instead.end());
  which.deviation = deviation.reason;
}

LightningCase to_case(json::object recorded) {
  LightningCase which;
  which.id = recorded.at("id").as_string();
  const std::vector<std::string> all = all_events(recorded);
  which.sanity_batches = count_of(all, "~vbe");
  which.zero_grads = count_of(all, "zg");
  for (const std::string& event : all)
    if (compared(event)) which.events.push_back(without_epoch(event.substr(event[0] == '~')));
  const bool failed = recorded.contains("error");
  const json::value* script = recorded.if_contains("script");
  const bool scripted = script && script->as_object().contains("raise");
  which.recorded = std::move(recorded);
  which.refused = failed && !scripted;
  if (failed && scripted) end_in_order(which);
  for (const Deviation& deviation : deviations())
    if (deviation.id == which.id) replace_end(which, deviation);
  return which;
}

std::string our_name(const std::string& hook) {
  if (hook == "setup" || hook == "teardown") return "on_" + hook;
  if (hook.starts_with("on_sanity_check_")) return "on_sanity_" + hook.substr(16);
  return hook;
}

LightningRecording read() {
  std::ifstream in(TENON_SOURCE_DIR "/tests/conformance/lightning/trainer_cases.json");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  json::value document = json::parse(text);
  LightningRecording recording;
  for (const auto& [code, hook] : document.at("hooks").as_object())
    recording.codes[our_name(hook.as_string().c_str())] = code;
  for (json::value& recorded : document.at("cases").as_array())
    recording.cases.push_back(to_case(std::move(recorded.as_object())));
  return recording;
}

}  // namespace

const json::value* LightningCase::part(std::string_view object, std::string_view key) const {
  const json::value* found = recorded.if_contains(object);
  return found ? found->as_object().if_contains(key) : nullptr;
}

std::ostream& operator<<(std::ostream& out, const LightningCase& which) { return out << which.id; }

const LightningRecording& lightning_recording() {
  static const LightningRecording recording = read();
  return recording;
}

std::string without_epoch(const std::string& event) {
  const std::string code = code_of(event);
  if (code != "te" && code != "fe" && code != "td") return event;
  return code + ":_" + event.substr(event.find('.'));
}

}  // namespace tenon::tests
