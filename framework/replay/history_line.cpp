// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "replay/history_line.hpp"

#include <array>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "checkpoint/json.hpp"
#include "tenon/did_you_mean.hpp"
#include "tenon/json_text.hpp"

namespace tenon::replay {

namespace json = boost::json;

namespace {

constexpr std::array<std::pair<std::string_view, EventKind>, 4> events = {{
    {"on_train_batch_end", EventKind::batch},
    {"on_validation_end", EventKind::validation},
    {"on_train_epoch_end", EventKind::epoch_end},
    {"on_exception", EventKind::exception},
}};
constexpr std::array<std::string_view, 6> keys = {"event", "epoch", "step", "time", "metrics", "message"};

std::string_view view(json::string_view text) { return {text.data(), text.size()}; }

std::string list(const std::vector<std::string>& known) {
  std::string text;
  for (const auto& name : known) text += (text.empty() ? "" : ", ") + name;
  return text;
}

[[noreturn]] void refuse(const std::string& why) { throw LineError(why); }

const json::value& needed(const json::object& line, const char* key, const char* cure) {
  if (const json::value* value = line.if_contains(key)) return *value;
  refuse("\"" + std::string(key) + "\" is missing: " + cure);
}

EventKind event_of(const json::object& line) {
  std::vector<std::string> known;
  for (const auto& [name, kind] : events) known.emplace_back(name);
  const json::value& value = needed(line, "event", ("name one of " + list(known)).c_str());
  if (const json::string* text = value.if_string())
    for (const auto& [name, kind] : events)
      if (name == view(*text)) return kind;
  refuse("the event " + json_text(value) + " is none of a training's" +
         did_you_mean(value.is_string() ? view(value.get_string()) : "", known));
}

std::uint64_t count(const json::object& line, const char* key) {
  const json::value& value = needed(line, key, "an integer from 0 on is needed");
  if (const auto* n = value.if_int64(); n && *n >= 0) return static_cast<std::uint64_t>(*n);
  refuse("\"" + std::string(key) + "\" is " + json_text(value) + ": an integer from 0 on is needed");
}

double seconds(const json::object& line) {
  const json::value* value = line.if_contains("time");
  if (!value || value->is_null()) return std::numeric_limits<double>::quiet_NaN();
  const double time = value->is_number() ? value->to_number<double>() : -1.0;
  if (time >= 0.0 && std::isfinite(time)) return time;
  refuse("\"time\" is " + json_text(*value) + ": seconds since the start are needed, or leave it out");
}

/// Nothing where it is null: it was not logged.
std::optional<double> metric(std::string_view name, const json::value& value) {
  if (value.is_null()) return std::nullopt;
  if (value.is_number()) return value.to_number<double>();
  if (const json::string* text = value.if_string()) {
    if (*text == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (*text == "inf") return std::numeric_limits<double>::infinity();
    if (*text == "-inf") return -std::numeric_limits<double>::infinity();
  }
  refuse("the metric '" + std::string(name) + "' is " + json_text(value) +
         ": a number is needed, one of the texts \"nan\", \"inf\" and \"-inf\", or null where it was not logged");
}

void check_keys(const json::object& line) {
  for (const auto& member : line) {
    bool known = false;
    for (const std::string_view key : keys) known = known || key == view(member.key());
    if (known) continue;
    const std::vector<std::string> names(keys.begin(), keys.end());
    refuse("unknown key '" + std::string(view(member.key())) + "'" + did_you_mean(view(member.key()), names) +
           "; metrics stand within \"metrics\"");
  }
}

std::string cure_of_syntax(std::string_view line) {
  for (const std::string_view bare : {"NaN", "Infinity", "nan", "inf"})
    if (const std::size_t at = line.find(bare); at != std::string_view::npos && at > 0 && line[at - 1] != '"')
      return "; write numbers that are not finite as the texts \"nan\", \"inf\" and \"-inf\"";
  return "; each line is one JSON object, as jsonl_logger writes it";
}

json::value parse(std::string_view line) {
  try {
    return checkpoint::parse_exactly(line);
  } catch (const std::invalid_argument& error) {
    refuse(error.what() + cure_of_syntax(line));
  }
}

}  // namespace

std::uint32_t LineReader::name(std::string_view text) {
  key_.assign(text);
  const auto [it, is_new] = ids_.try_emplace(key_, static_cast<std::uint32_t>(history_.names.size()));
  if (is_new) history_.names.push_back(key_);
  return it->second;
}

Event LineReader::read(std::string_view text) {
  const json::value parsed = parse(text);
  const json::object* line = parsed.if_object();
  if (!line) refuse("a JSON object is needed, as in {\"event\":\"on_validation_end\",\"epoch\":0,\"step\":2,...}");
  check_keys(*line);
  Event event;
  event.kind = event_of(*line);
  event.epoch = count(*line, "epoch");
  event.step = count(*line, "step");
  event.seconds = seconds(*line);

  const json::value* metrics = line->if_contains("metrics");
  if (metrics && !metrics->is_object())
    refuse("\"metrics\" is " + json_text(*metrics) + ": an object is needed, as in {\"val_loss\":0.5}");
  const json::value* message = line->if_contains("message");
  if (message && !message->is_string()) refuse("\"message\" is " + json_text(*message) + ": a text is needed");
  const std::size_t first = history_.values.size();
  event.first_value = first;
  try {
    if (metrics)
      for (const auto& member : metrics->get_object())
        if (const std::optional<double> value = metric(view(member.key()), member.value()))
          history_.values.push_back({name(view(member.key())), *value});
  } catch (const LineError&) {
    history_.values.resize(first);
    throw;
  }
  event.value_count = static_cast<std::uint32_t>(history_.values.size() - first);
  if (event.kind == EventKind::exception) {
    event.message = static_cast<std::uint32_t>(history_.messages.size());
    history_.messages.emplace_back(message ? view(message->get_string()) : "an error that the history does not name");
  }
  return event;
}

}  // namespace tenon::replay
