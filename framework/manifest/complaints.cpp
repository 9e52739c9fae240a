// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "manifest/complaints.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "manifest/json_source.hpp"
#include "manifest/json_text.hpp"
#include "tenon/did_you_mean.hpp"

namespace tenon::manifest {
namespace {

namespace json = boost::json;

bool starts_with(std::string_view text, std::string_view head) { return text.substr(0, head.size()) == head; }

SchemaPlace place_of(const json::value& root_value, const json::value& schema, std::string_view pointer) {
  SchemaPlace place(schema);
  std::string walked;
  for (const std::string& key : pointer_keys(pointer)) {
    const json::value* holder = find_value(root_value, walked);
    std::size_t index = 0;
    if (holder && holder->is_array() && std::from_chars(key.data(), key.data() + key.size(), index).ec == std::errc())
      place = place.entry(index);
    else
      place = place.member(key);
    walked += pointer_step(key);
  }
  return place;
}

/// A text that says `3` or `true` where just that is wanted.
std::optional<std::string> unquoted(const json::value& value, const SchemaPlace& place) {
  if (!value.is_string() || place.allows_type("string")) return std::nullopt;
  try {
    const json::value inner = parse_json(value.get_string(), "").value;
    if (inner.is_int64() && place.allows_type("integer")) return json_text(inner);
    if (inner.is_number() && place.allows_type("number")) return json_text(inner);
    if (inner.is_bool() && place.allows_type("boolean")) return json_text(inner);
  } catch (const Failure&) {
  }
  return std::nullopt;
}

std::string cure(const json::value& value, const SchemaPlace& place) {
  if (const auto plain = unquoted(value, place)) return "; write " + *plain + " without quotes";
  if (value.is_primitive() && !value.is_string() && !value.is_null() && place.allowed_texts().empty() &&
      place.allows_type("string"))
    return "; write \"" + json_text(value) + "\" with quotes";
  if (value.is_double() && place.allows_type("integer") && std::abs(value.get_double()) < 1e15 &&
      std::trunc(value.get_double()) == value.get_double())
    return "; write " + std::to_string(static_cast<std::int64_t>(value.get_double())) + " without a point";
  if (value.is_string()) {
    const std::string nearest = did_you_mean(std::string_view(value.get_string()), place.allowed_texts());
    if (starts_with(nearest, "; did you mean")) return nearest;
  }
  if (const json::value* standard = place.annotation("default"))
    return "; leave it out for its default " + brief(*standard);
  if (const json::value* examples = place.annotation("examples");
      examples && examples->is_array() && !examples->get_array().empty())
    return "; for example " + brief(examples->get_array().front());
  if (const json::value* description = place.annotation("description"); description && description->is_string())
    return " (" + std::string(description->get_string()) + ")";
  return "";
}

/// Sentences that `describe` says better. What else valijson finds is passed on in its own words.
bool is_described(std::string_view finding) {
  for (const std::string_view head :
       {"Value type not permitted", "Failed to match against any enum", "Failed to match expected value",
        "Failed to match regex", "Expected number", "String should be no", "Array should contain no",
        "Object should have no", "Elements at indexes", "Failed to validate against any",
        "Target value and comparison value", "Missing required property", "Object contains a property",
        "Value should be a multiple"})
    if (starts_with(finding, head)) return true;
  return false;
}

/// "Failed to validate against schema associated with property name 'x'": says only that x was found at fault.
bool is_echo(std::string_view finding) {
  return starts_with(finding, "Failed to validate against schema associated") ||
         starts_with(finding, "Failed to validate against additional") ||
         starts_with(finding, "Failed to validate item") ||
         starts_with(finding, "Failed to validate against child schema");
}

std::vector<std::string> missing_keys(const std::vector<std::string>& findings) {
  constexpr std::string_view head = "Missing required property '";
  std::vector<std::string> keys;
  for (const std::string_view finding : findings)
    if (starts_with(finding, head))
      if (std::string key(finding.substr(head.size(), finding.rfind('\'') - head.size()));
          std::ranges::find(keys, key) == keys.end())
        keys.push_back(std::move(key));
  return keys;
}

bool is_alternative(const SchemaPlace& place) { return place.annotation("anyOf") || place.annotation("oneOf"); }

Complaint missing(const std::string& pointer, const std::string& key, const SchemaPlace& place) {
  const json::value* description = place.member(key).annotation("description");
  return {pointer, "'" + key + "' is missing" +
                       (description && description->is_string() ? " (" + std::string(description->get_string()) + ")"
                                                                : std::string()) +
                       "; add it"};
}

Complaint misfit(const std::string& pointer, const json::value& value, const SchemaPlace& place,
                 const std::vector<std::string>& findings) {
  const std::string expected = place.describe();
  const auto other =
      std::ranges::find_if(findings, [](const std::string& f) { return !is_described(f) && !is_echo(f); });
  std::string text =
      expected.empty() ? "is not allowed: " + brief(value) : "expected " + expected + ", got " + brief(value);
  if (other != findings.end()) text += " (" + *other + ")";
  return {pointer, text + cure(value, place)};
}

}  // namespace

void complain_of_unknown_keys(const json::value& value, const SchemaPlace& place, std::string_view owner,
                              const std::string& pointer, std::vector<Complaint>& complaints) {
  if (value.is_array())
    for (std::size_t i = 0; i < value.get_array().size(); ++i)
      complain_of_unknown_keys(value.get_array()[i], place.entry(i), owner, pointer + "/" + std::to_string(i),
                               complaints);
  if (!value.is_object()) return;
  const std::vector<std::string> known = place.keys();
  const bool takes_none = pointer.empty() && known.empty() && !place.annotation("additionalProperties") &&
                          !place.annotation("patternProperties");
  for (const auto& member : value.get_object()) {
    const std::string key(member.key());
    const std::string at = pointer + pointer_step(key);
    const std::string whose = owner.empty() ? "" : " of " + std::string(owner);
    if (takes_none)
      complaints.push_back({at, "unknown key '" + key + "'" + whose + ", which has no options; remove it"});
    else if (!place.is_open() && std::ranges::find(known, key) == known.end())
      complaints.push_back({at, "unknown key '" + key + "'" + whose + did_you_mean(key, known)});
    else
      complain_of_unknown_keys(member.value(), place.member(key), owner, at, complaints);
  }
}

void complain_of_findings(const json::value& value, const json::value& schema, const Findings& findings,
                          std::vector<Complaint>& complaints) {
  const auto is_known = [&](const std::string& pointer) {
    return std::ranges::any_of(complaints, [&](const Complaint& known) {
      return starts_with(known.pointer, pointer) &&
             (known.pointer.size() == pointer.size() || known.pointer[pointer.size()] == '/');
    });
  };
  // Innermost first: the map is sorted, so what is inside a place comes after it.
  for (auto found = findings.rbegin(); found != findings.rend(); ++found) {
    const auto& [pointer, sentences] = *found;
    const SchemaPlace place = place_of(value, schema, pointer);
    const std::vector<std::string> keys = missing_keys(sentences);
    const bool is_inner = !is_known(pointer);
    if (!is_alternative(place))
      for (const std::string& key : keys) complaints.push_back(missing(pointer, key, place));
    const json::value* at = find_value(value, pointer);
    if (is_inner && at && (keys.empty() || is_alternative(place)))
      complaints.push_back(misfit(pointer, *at, place, sentences));
  }
  if (complaints.empty()) complaints.push_back({"", "does not fit its schema"});
}

}  // namespace tenon::manifest
