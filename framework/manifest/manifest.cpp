// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "manifest/manifest.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <system_error>

#include "manifest/fit_schema.hpp"
#include "manifest/json_source.hpp"
#include "manifest/manifest_schema.hpp"
#include "manifest/read_trainer.hpp"
#include "manifest/sets.hpp"

namespace tenon::manifest {
namespace {

namespace json = boost::json;

/// The nearest place around `pointer` whose line is known.
std::uint32_t line_of(const Origins& origins, std::string_view pointer) {
  for (;;) {
    if (const auto line = origins.lines.find(pointer); line != origins.lines.end()) return line->second;
    if (pointer.empty()) return 0;
    pointer = pointer.substr(0, pointer.rfind('/'));
  }
}

const std::string* set_of(const Origins& origins, std::string_view pointer) {
  for (;;) {
    if (const auto set = origins.sets.find(pointer); set != origins.sets.end()) return &set->second;
    if (origins.lines.contains(pointer) || pointer.empty()) return nullptr;
    pointer = pointer.substr(0, pointer.rfind('/'));
  }
}

[[noreturn]] void refuse(const Manifest& manifest, std::vector<Complaint> complaints) {
  std::ranges::stable_sort(complaints, {}, [&](const Complaint& c) { return line_of(manifest.origins, c.pointer); });
  std::string text;
  for (const Complaint& complaint : complaints) {
    const std::string line = manifest.where(complaint.pointer) + ": " + complaint.text;
    if (text.find(line) == std::string::npos) text += (text.empty() ? "" : "\n") + line;
  }
  throw Failure(ExitCode::manifest, text);
}

/// Takes out the keys that have an answer of their own, so that the schema does not call them unknown.
void answer_keys(json::object& object, const std::string& pointer, std::vector<Complaint>& complaints) {
  std::vector<std::string> answered;
  for (const auto& member : object)
    if (const std::string_view answer = answer_to_key(pointer + pointer_step(member.key())); !answer.empty()) {
      answered.emplace_back(member.key());
      complaints.push_back({pointer + pointer_step(member.key()), std::string(answer)});
    }
  for (const std::string& key : answered) object.erase(key);
}

/// The validator's regular expressions need stack for each character.
constexpr std::size_t longest_text = 8192;

void check_lengths(const json::value& value, const std::string& pointer, std::vector<Complaint>& complaints) {
  if (value.is_string() && value.get_string().size() > longest_text) {
    complaints.push_back({pointer, "is a text of " + std::to_string(value.get_string().size()) +
                                       " characters; at most " + std::to_string(longest_text) + " are allowed"});
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.get_array().size(); ++i)
      check_lengths(value.get_array()[i], pointer + "/" + std::to_string(i), complaints);
  } else if (value.is_object()) {
    for (const auto& member : value.get_object())
      check_lengths(member.value(), pointer + pointer_step(member.key()), complaints);
  }
}

std::vector<Complaint> check_document(json::value& document) {
  std::vector<Complaint> complaints;
  check_lengths(document, "", complaints);
  if (!complaints.empty()) return complaints;
  if (document.is_object()) {
    answer_keys(document.get_object(), "", complaints);
    if (json::value* trainer = document.get_object().if_contains("trainer"); trainer && trainer->is_object())
      answer_keys(trainer->get_object(), "/trainer", complaints);
  }
  for (Complaint& complaint : fit_schema(document, manifest_schema(), "", Null::may_be_meant))
    complaints.push_back(std::move(complaint));
  return complaints;
}

CallbackEntry read_callback(json::object& entry, std::string pointer) {
  CallbackEntry callback;
  callback.plugin = entry.at("plugin").as_string();
  if (!entry.contains("id"))
    entry["id"] = callback.plugin.find('/') == std::string::npos
                      ? callback.plugin
                      : std::filesystem::path(callback.plugin).stem().string();
  callback.id = entry.at("id").as_string();
  if (const json::value* policy = entry.if_contains("on_error")) callback.on_error = policy->as_string();
  if (const json::value* digest = entry.if_contains("sha256")) callback.sha256 = digest->as_string();
  for (char& digit : callback.sha256)
    if (digit >= 'A' && digit <= 'F') digit = static_cast<char>(digit - 'A' + 'a');
  callback.config = entry.at("config").as_object();
  callback.pointer = std::move(pointer);
  return callback;
}

void check_callbacks(const Manifest& manifest, std::vector<Complaint>& complaints) {
  for (auto callback = manifest.callbacks.begin(); callback != manifest.callbacks.end(); ++callback) {
    if (manifest.pin == "required" && callback->sha256.empty())
      complaints.push_back({callback->pointer,
                            "has no 'sha256', but plugins.pin is \"required\"; add the sum that "
                            "`tenon plugins show " +
                                callback->plugin + "` prints"});
    const auto first = std::ranges::find(manifest.callbacks.begin(), callback, callback->id, &CallbackEntry::id);
    if (first == callback) continue;
    complaints.push_back({callback->pointer, "a second callback with the id '" + callback->id + "' (the first is at " +
                                                 manifest.where(first->pointer) +
                                                 "); give one of them an \"id\" of its own"});
  }
}

}  // namespace

std::string Manifest::where(std::string_view pointer) const {
  const std::string behind = pointer.empty() ? "" : ": " + std::string(pointer);
  if (const std::string* set = set_of(origins, pointer)) return *set + behind;
  const std::uint32_t line = line_of(origins, pointer);
  return origins.name + (line ? ":" + std::to_string(line) : "") + behind;
}

Manifest read(const std::filesystem::path& file, std::span<const std::string> sets) {
  std::error_code ignored;  // what cannot be looked at cannot be opened either
  const std::filesystem::file_status status = std::filesystem::status(file, ignored);
  // Opening a pipe waits for somebody who writes; a device may never end.
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status) &&
      !std::filesystem::is_directory(status))
    throw Failure(ExitCode::manifest, file.string() +
                                          ": cannot be read: it is a pipe, a device or a socket, not a file; give the "
                                          "path of a manifest (JSON)");
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  const bool is_folder = std::filesystem::is_directory(file);
  if (!stream || is_folder || (stream.peek() != std::ifstream::traits_type::eof() && !(text << stream.rdbuf())))
    throw Failure(ExitCode::manifest, file.string() + ": cannot be read: " +
                                          std::generic_category().message(is_folder ? EISDIR
                                                                          : errno   ? errno
                                                                                    : EIO) +
                                          "; give the path of a manifest (JSON)");
  return read_text(text.str(), file, sets);
}

Manifest read_text(std::string_view text, const std::filesystem::path& file, std::span<const std::string> sets) {
  Origins origins;
  origins.name = file.string();
  JsonSource source = parse_json(text, origins.name);
  origins.lines = std::move(source.lines);
  if (source.value.is_object())
    for (const std::string& set : sets) apply_set(set, source.value, origins);
  return read_value(std::move(source.value), file, std::move(origins));
}

Manifest read_value(json::value value, const std::filesystem::path& file, Origins origins) {
  Manifest manifest;
  manifest.file = std::filesystem::absolute(file);
  manifest.name = file.stem().string();
  manifest.origins = std::move(origins);
  std::vector<Complaint> complaints = check_document(value);
  if (!complaints.empty()) refuse(manifest, std::move(complaints));
  manifest.document = std::move(value.get_object());
  json::object& document = manifest.document;

  if (const json::value* task = document.if_contains("task"))
    manifest.task = TaskEntry{std::string(task->at("library").as_string()), task->at("config").as_object()};
  manifest.trainer = read_trainer(document.at("trainer").as_object(), complaints);
  for (Complaint& complaint : complaints) complaint.pointer = "/trainer" + complaint.pointer;
  for (const json::value& path : document.at("plugins").at("paths").as_array())
    manifest.plugin_paths.push_back(manifest.file.parent_path() / std::string(path.as_string()));
  manifest.pin = document.at("plugins").at("pin").as_string();
  json::array& callbacks = document.at("callbacks").as_array();
  for (std::size_t i = 0; i < callbacks.size(); ++i)
    manifest.callbacks.push_back(read_callback(callbacks[i].as_object(), "/callbacks/" + std::to_string(i)));
  check_callbacks(manifest, complaints);
  if (!complaints.empty()) refuse(manifest, std::move(complaints));
  return manifest;
}

void check_options(const Manifest& manifest, std::string_view pointer, json::object& options, const json::value& schema,
                   std::string_view owner) {
  json::value value = std::move(options);
  std::vector<Complaint> complaints;
  try {
    complaints = fit_schema(value, schema, owner, Null::is_default);
  } catch (const SchemaError& error) {
    const bool is_callback = pointer.substr(0, 10) == "/callbacks";
    throw Failure(is_callback ? ExitCode::plugin : ExitCode::task,
                  manifest.where(pointer) + ": the options schema of " + std::string(owner) +
                      " is not usable: " + error.what() + "; tell its author");
  }
  for (Complaint& complaint : complaints) complaint.pointer = std::string(pointer) + complaint.pointer;
  if (!complaints.empty()) refuse(manifest, std::move(complaints));
  options = std::move(value.get_object());
}

}  // namespace tenon::manifest
