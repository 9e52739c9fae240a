// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/account.hpp"

#include <tenon/hooks.h>

#include <array>
#include <map>
#include <utility>
#include <vector>

#include "loop/tally.hpp"
#include "tenon/harmless_text.hpp"
#include "tenon/json_text.hpp"

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
  return json_text(value);
}

std::string counted(const json::value& n, const std::string& what) {
  return plain(n) + " " + what + (n.to_number<std::uint64_t>() == 1 ? "" : "s");
}

/// Reasons that differ in nothing but numbers, once each with an ellipsis for what differs: "val_acc … is not better".
std::vector<std::pair<std::string, std::uint64_t>> alike(const json::object& reasons) {
  struct Group {
    std::string only, pattern;
    std::uint64_t kinds = 0, times = 0;
  };
  std::map<std::string, Group> groups;
  for (const auto& [reason, times] : reasons) {
    const std::string text(reason);
    Group& group = groups[without_numbers(text)];
    group.only = text;
    ++group.kinds;
    group.times += times.to_number<std::uint64_t>();
  }
  std::vector<std::pair<std::string, std::uint64_t>> out;
  for (const auto& [pattern, group] : groups) out.emplace_back(group.kinds == 1 ? group.only : pattern, group.times);
  return out;
}

void add_counts(std::string& line, const json::object& account) {
  for (const char* key : {"saved", "removed", "failed", "denied"}) {
    const json::value* n = account.if_contains(key);
    if (n && (n->to_number<std::uint64_t>() > 0 || std::string_view(key) == "saved"))
      line += (line.empty() ? "" : ", ") + std::string(key) + " " + plain(*n);
  }
}

/// Why a saver saved nothing, behind the lines that tell what became of each try.
std::string why_nothing_was_saved(const json::object& account, std::string_view end) {
  for (const char* told : {"skipped", "warnings", "disabled"})
    if (account.contains(told)) return ", for the reasons above";
  if (end == "failed") return ": the run failed before it could";
  if (end == "interrupted") return ": the run was interrupted before it could";
  return ": none of its triggers fired in this run";
}

void add_callback(std::string& out, std::string_view id, const json::object& account, std::string_view end) {
  std::string line;
  add_counts(line, account);
  for (const auto& [key, value] : account)
    if (!is_hosts_own(key) && !value.is_null() && !(value.is_string() && value.get_string().empty()))
      line += (line.empty() ? "" : ", ") + std::string(key) + " " + plain(value);
  out += "  " + std::string(id) + " (" + plain(account.at("plugin")) + ")" + (line.empty() ? "" : ": " + line) + "\n";
  if (const json::value* kept = account.if_contains("kept"))
    for (const json::value& path : kept->as_array()) out += "    kept     " + plain(path) + "\n";
  if (const json::value* leaving = account.if_contains("leaving"))
    for (const json::value& path : leaving->as_array())
      out += "    leaving  " + plain(path) + " (let go, and still there: a run that goes on from here removes it)\n";
  for (const auto& [key, label] : {std::pair{"skipped", "skipped  "}, std::pair{"warnings", "WARNING  "}})
    if (const json::value* reasons = account.if_contains(key))
      for (const auto& [reason, times] : alike(reasons->as_object()))
        out +=
            "    " + std::string(label) + reason + (times > 1 ? " (" + std::to_string(times) + " times)" : "") + "\n";
  if (const json::value* why = account.if_contains("disabled")) out += "    disabled " + plain(*why) + "\n";
  const json::value* saved = account.if_contains("saved");
  if (saved && saved->to_number<std::uint64_t>() == 0)
    out += "    WARNING  saved nothing" + why_nothing_was_saved(account, end) + "\n";
}

}  // namespace

bool is_hosts_own(std::string_view key) {
  for (const char* own :
       {"plugin", "saved", "removed", "failed", "denied", "kept", "leaving", "skipped", "warnings", "disabled"})
    if (key == own) return true;
  return false;
}

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

namespace {

std::string evaluation_text(const json::object& summary, const json::object& metrics) {
  std::size_t width = 0;
  for (const auto& metric : metrics) width = std::max(width, metric.key().size());
  std::string out;
  for (const auto& [name, value] : metrics)
    out += "  " + std::string(name) + std::string(width - name.size() + 2, ' ') + plain(value) + "\n";
  if (const std::string detail = plain(summary.at("detail")); !detail.empty())
    out += plain(summary.at("end")) + ": " + detail + "\n";
  return out;
}

}  // namespace

std::string account_text(const json::object& summary) {
  if (const json::value* metrics = summary.if_contains("metrics"))
    return terminal_text(evaluation_text(summary, metrics->as_object()));
  const json::value& end = summary.at("end");
  std::string out = (end == "history" ? "the history ended" : plain(end)) + " after " +
                    counted(summary.at("epochs"), "epoch") + ", " + counted(summary.at("steps"), "step");
  if (const std::string detail = plain(summary.at("detail")); !detail.empty()) out += ": " + detail;
  out += "\n";
  for (const auto& [id, account] : summary.at("callbacks").as_object())
    add_callback(out, id, account.as_object(), end.as_string());
  return terminal_text(out);
}

}  // namespace tenon::loop
