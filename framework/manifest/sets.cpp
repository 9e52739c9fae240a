// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "manifest/sets.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "manifest/json_source.hpp"
#include "manifest/json_text.hpp"
#include "tenon/did_you_mean.hpp"

namespace tenon::manifest {
namespace {

namespace json = boost::json;

[[noreturn]] void refuse(const std::string& set, const std::string& why) {
  throw Failure(ExitCode::manifest, "--set " + set + ": " + why);
}

std::string callback_id(const json::value& entry) {
  if (!entry.is_object()) return {};
  for (const char* key : {"id", "plugin"})
    if (const json::value* name = entry.get_object().if_contains(key); name && name->is_string())
      return std::string(name->get_string());
  return {};
}

/// Takes the next key off the path.
std::string next_key(std::string_view& path) {
  const std::size_t dot = path.find('.');
  std::string key(path.substr(0, dot));
  path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  return key;
}

std::optional<std::size_t> as_index(std::string_view key) {
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
  if (error != std::errc() || end != key.data() + key.size()) return std::nullopt;
  return index;
}

/// Ids may have dots of their own: the longest one that the path begins with counts.
std::size_t next_callback(const std::string& set, std::string_view& path, const json::array& callbacks) {
  std::size_t found = callbacks.size(), length = 0;
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < callbacks.size(); ++i) {
    ids.push_back(callback_id(callbacks[i]));
    const std::string& id = ids.back();
    const bool fits =
        !id.empty() && path.substr(0, id.size()) == id && (path.size() == id.size() || path[id.size()] == '.');
    if (!fits || id.size() <= length) continue;
    found = i;
    length = id.size();
  }
  if (found < callbacks.size()) {
    path.remove_prefix(std::min(path.size(), length + 1));
    return found;
  }
  const std::string key = next_key(path);
  const auto index = as_index(key);
  if (!index) refuse(set, "no callback has the id '" + key + "'" + did_you_mean(key, ids));
  if (*index < callbacks.size()) return *index;
  refuse(set,
         "there is no callback " + key + ": the manifest has " + std::to_string(callbacks.size()) + ", counted from 0");
}

std::size_t next_entry(const std::string& set, std::string_view& path, const json::array& list,
                       const std::string& pointer) {
  if (pointer == "/callbacks") return next_callback(set, path, list);
  const std::string key = next_key(path);
  const auto index = as_index(key);
  if (index && *index < list.size()) return *index;
  refuse(set, pointer + " is a list of " + std::to_string(list.size()) + ", counted from 0; it has no '" + key + "'");
}

json::value parse_value(const std::string& text) {
  try {
    return parse_json(text, "--set").value;
  } catch (const SyntaxError&) {
    return json::value(text);
  }
}

}  // namespace

void apply_set(const std::string& set, json::value& document, Origins& origins) {
  const std::size_t equals = set.find('=');
  if (equals == std::string::npos || equals == 0)
    throw Failure(ExitCode::usage, "--set " + set + ": write path=value, for example --set trainer.max_epochs=3");
  std::string_view path = std::string_view(set).substr(0, equals);
  json::value* at = &document;
  std::string pointer, made;
  while (!path.empty()) {
    if (path.front() == '.' || path.back() == '.') refuse(set, "a name between two dots of the path is missing");
    if (at->is_array()) {
      const std::size_t index = next_entry(set, path, at->get_array(), pointer);
      pointer += "/" + std::to_string(index);
      at = &at->get_array()[index];
      continue;
    }
    if (at->is_null()) at->emplace_object();
    if (!at->is_object()) refuse(set, pointer + " is " + brief(*at) + ", which has no '" + std::string(path) + "'");
    const std::string key = next_key(path);
    pointer += pointer_step(key);
    if (!at->get_object().contains(key) && made.empty()) made = pointer;
    at = &at->get_object()[key];
  }
  *at = parse_value(set.substr(equals + 1));
  const std::string inside = pointer + "/";
  std::erase_if(origins.lines, [&](const auto& line) { return line.first.rfind(inside, 0) == 0; });
  std::erase_if(origins.sets, [&](const auto& earlier) { return earlier.first.rfind(inside, 0) == 0; });
  for (const std::string& blamed : {made, pointer})
    if (!blamed.empty()) origins.sets[blamed] = "--set " + set;
}

}  // namespace tenon::manifest
