// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/account.hpp"

#include <tenon/hooks.h>

#include <array>
#include <boost/json/serialize.hpp>

namespace tenon::loop {

namespace json = boost::json;

namespace {

std::string plain(const json::value& value) {
  if (const auto* text = value.if_string()) return std::string(*text);
  if (const auto* number = value.if_double()) {
    std::array<char, 32> shown{};
    std::snprintf(shown.data(), shown.size(), "%.6g", *number);
    return shown.data();
  }
  return json::serialize(value);
}

/// What has a line of its own further down.
bool is_counter(std::string_view key) {
  for (const char* known : {"plugin", "saved", "removed", "failed", "denied", "kept", "troubles", "disabled"})
    if (key == known) return true;
  return false;
}

void add_counts(std::string& line, const json::object& account) {
  for (const char* key : {"saved", "removed", "failed", "denied"}) {
    const json::value* n = account.if_contains(key);
    if (n && (n->to_number<std::uint64_t>() > 0 || std::string_view(key) == "saved"))
      line += (line.empty() ? "" : ", ") + std::string(key) + " " + plain(*n);
  }
}

void add_callback(std::string& out, std::string_view id, const json::object& account) {
  std::string line;
  add_counts(line, account);
  for (const auto& [key, value] : account)
    if (!is_counter(key) && !value.is_null() && !(value.is_string() && value.get_string().empty()))
      line += (line.empty() ? "" : ", ") + std::string(key) + " " + plain(value);
  out += "  " + std::string(id) + " (" + plain(account.at("plugin")) + ")" + (line.empty() ? "" : ": " + line) + "\n";
  if (const json::value* kept = account.if_contains("kept"))
    for (const json::value& path : kept->as_array()) out += "    kept     " + plain(path) + "\n";
  if (const json::value* troubles = account.if_contains("troubles"))
    for (const auto& [reason, times] : troubles->as_object())
      out += "    because  " + std::string(reason) +
             (times.to_number<std::uint64_t>() > 1 ? " (" + plain(times) + " times)" : "") + "\n";
  if (const json::value* why = account.if_contains("disabled")) out += "    disabled " + plain(*why) + "\n";
  const json::value* saved = account.if_contains("saved");
  if (saved && saved->to_number<std::uint64_t>() == 0)
    out += "    WARNING  saved nothing" +
           std::string(account.contains("troubles") ? ", for the reasons above"
                                                    : ": none of its triggers fired in this run") +
           "\n";
}

}  // namespace

std::string_view end_name(std::int32_t reason) {
  switch (reason) {
    case TENON_END_FINISHED:
      return "finished";
    case TENON_END_STOPPED:
      return "stopped";
    case TENON_END_INTERRUPTED:
      return "interrupted";
    default:
      return "failed";
  }
}

std::string relative_to_run(const RunFacts& facts, const std::filesystem::path& path) {
  const std::filesystem::path relative = path.lexically_relative(facts.run_folder);
  return relative.empty() || *relative.begin() == ".." ? path.native() : relative.native();
}

std::string account_text(const json::object& summary) {
  std::string out = plain(summary.at("end")) + " after " + plain(summary.at("epochs")) + " epochs, " +
                    plain(summary.at("steps")) + " steps";
  if (const std::string detail = plain(summary.at("detail")); !detail.empty()) out += ": " + detail;
  out += "\n";
  for (const auto& [id, account] : summary.at("callbacks").as_object()) add_callback(out, id, account.as_object());
  return out;
}

}  // namespace tenon::loop
