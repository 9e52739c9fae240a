// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/checkpoint_words.hpp"

#include <array>
#include <boost/json/array.hpp>
#include <cstdio>
#include <tenon/failure.hpp>

#include "checkpoint/format.hpp"
#include "checkpoint/names.hpp"
#include "loop/run_checkpoints.hpp"
#include "manifest/json_text.hpp"

namespace tenon::cli {

namespace json = boost::json;

std::string size_text(std::uint64_t bytes) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB"};
  double value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1024.0 && unit + 1 < units.size(); ++unit) value /= 1024.0;
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
  return text.data();
}

std::string number_text(double value) {
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%.6g", value);
  return text.data();
}

std::string text_at(const json::object& document, std::string_view path) {
  const json::object* at = &document;
  for (;;) {
    const std::size_t slash = path.find('/');
    const json::value* value = at->if_contains(path.substr(0, slash));
    if (!value) return {};
    if (slash == std::string_view::npos) {
      if (value->is_string()) return std::string(value->get_string());
      return value->is_double() ? number_text(value->get_double()) : manifest::json_text(*value);
    }
    if (!value->is_object()) return {};
    at = &value->get_object();
    path.remove_prefix(slash + 1);
  }
}

std::string kind_text(const json::object& document) {
  return document.contains("replay") ? "replay" : text_at(document, "kind");
}

std::string holders_text(const json::object& document) {
  const json::value* holders = document.if_contains("holders");
  if (!holders || !holders->is_array()) return {};
  std::string text;
  for (const json::value& each : holders->get_array()) {
    if (!each.is_object()) continue;
    const std::string monitor = text_at(each.get_object(), "monitor");
    text += (text.empty() ? "" : ", ") + text_at(each.get_object(), "callback");
    if (!monitor.empty()) text += " (" + monitor + " " + text_at(each.get_object(), "score") + ")";
  }
  return text;
}

void require_checkpoint(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  using checkpoint::ReadError;
  std::error_code ignored;
  if (fs::symlink_status(path, ignored).type() == fs::file_type::not_found)
    throw ReadError(ReadError::Reason::missing, "there is nothing at '" + path.string() +
                                                    "'; `tenon checkpoint list FOLDER` lists what a run has saved");
  if (const std::optional<fs::path> newest = loop::newest_state(path))
    throw ReadError(
        ReadError::Reason::damaged,
        "'" + path.string() + "' is a run's folder, not a checkpoint; its newest state is " + newest->string());
  if (fs::is_directory(path, ignored) && path.extension() != checkpoint::checkpoint_suffix &&
      !fs::exists(path / checkpoint::document_file, ignored))
    throw ReadError(ReadError::Reason::damaged,
                    "'" + path.string() + "' is a folder, not a checkpoint, and none lies in it");
}

void refuse_unreadable(const checkpoint::ReadError& error) { throw Failure(ExitCode::checkpoint, error.what()); }

}  // namespace tenon::cli
