// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <set>
#include <tuple>

#include "checkpoint/format.hpp"
#include "checkpoint/inspect.hpp"
#include "checkpoint/names.hpp"
#include "cli/checkpoint_words.hpp"
#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "loop/run_checkpoints.hpp"
#include "manifest/json_text.hpp"

namespace tenon::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

struct Row {
  std::string name;  ///< relative to the folder that was named
  checkpoint::ListedCheckpoint listed;
  std::uint64_t sequence = 0;
};

/// What `--resume` has moved aside, relative to the folder that was named.
std::vector<std::string> set_aside_below(const fs::path& folder, const fs::path& named) {
  std::vector<std::string> names;
  std::error_code wrong;
  constexpr fs::directory_options options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator entry(folder, options, wrong), end; !wrong && entry != end;
       entry.increment(wrong)) {
    const std::string name = entry->path().filename().string();
    if (name.find(std::string(checkpoint::checkpoint_suffix) + ".damaged") == std::string::npos) continue;
    entry.disable_recursion_pending();
    names.push_back(entry->path().lexically_relative(named).string());
  }
  return names;
}

struct Listing {
  std::string run_id;
  std::vector<Row> rows;  ///< oldest first, then what cannot be read
  json::object dangling;
  std::set<std::string> set_aside;
};

/// A run's folder has its record, or checkpoints somewhere below.
std::vector<fs::path> folders_of(const fs::path& named, std::string& run_id) {
  std::optional<loop::RunRecord> record;
  try {
    record = loop::read_run_record(named);
  } catch (const checkpoint::ReadError&) {  // it is no checkpoint that is asked for
  }
  if (!record) record = loop::rebuild_record(named);
  run_id = record->run_id;
  std::vector<fs::path> folders = record->folders;
  folders.push_back(named / loop::recovery_folder);
  std::error_code wrong;
  std::erase_if(folders, [&](const fs::path& folder) { return !fs::is_directory(folder, wrong); });
  return folders.empty() ? std::vector<fs::path>{named} : folders;
}

void require_folder(const fs::path& named) {
  std::error_code wrong;
  const bool is_checkpoint = fs::exists(named / checkpoint::document_file, wrong);
  if (!is_checkpoint && (fs::is_directory(named, wrong) || !fs::exists(named, wrong))) return;
  throw checkpoint::ReadError(checkpoint::ReadError::Reason::damaged,
                              "'" + named.string() + "' is " + (is_checkpoint ? "a checkpoint itself" : "no folder") +
                                  ": `tenon checkpoint show " + named.string() + "` shows what is in it");
}

Listing list(const fs::path& named) {
  Listing listing;
  for (const fs::path& folder : folders_of(named, listing.run_id)) {
    checkpoint::FolderListing found = checkpoint::list_checkpoints(folder);
    for (checkpoint::ListedCheckpoint& each : found.checkpoints) {
      if (std::ranges::any_of(listing.rows, [&](const Row& row) { return row.listed.path == each.path; })) continue;
      const fs::path relative = each.path.lexically_relative(named);
      Row row{relative.empty() || *relative.begin() == ".." ? each.path.string() : relative.string(), {}, 0};
      boost::system::error_code wrong;
      if (const json::value* sequence = each.document.if_contains("sequence"))
        row.sequence = sequence->to_number<std::uint64_t>(wrong);
      row.listed = std::move(each);
      listing.rows.push_back(std::move(row));
    }
    for (std::string& name : set_aside_below(folder, named)) listing.set_aside.insert(std::move(name));
    for (const auto& [ref, target] : found.dangling_refs)
      listing.dangling[(folder / (ref + ".ckpt")).lexically_relative(named).string()] = target;
  }
  std::ranges::sort(listing.rows, [](const Row& a, const Row& b) {
    return std::tuple(!a.listed.problem.empty(), a.sequence, a.name) <
           std::tuple(!b.listed.problem.empty(), b.sequence, b.name);
  });
  return listing;
}

std::string refs_text(const checkpoint::ListedCheckpoint& listed) {
  std::string text;
  for (const std::string& ref : listed.refs) text += (text.empty() ? "" : ", ") + ref;
  return text;
}

std::string as_text(const Listing& listing, const fs::path& named) {
  std::string aside;
  for (const std::string& name : listing.set_aside) aside += "set aside as damaged: " + name + "\n";
  if (listing.rows.empty()) return "no checkpoint in " + named.string() + "\n" + aside;
  std::vector<std::vector<std::string>> rows{{"checkpoint", "kind", "epoch", "step", "size", "held by", "ref"}};
  std::string problems;
  for (const Row& row : listing.rows) {
    const json::object& document = row.listed.document;
    if (!row.listed.problem.empty()) {
      problems += styled("damaged: ", Style::error, STDOUT_FILENO) + row.listed.problem + "\n";
      continue;
    }
    const bool usable = text_at(document, "consistent") != "false";
    rows.push_back({row.name, kind_text(document) + (usable ? "" : ", inconsistent"),
                    text_at(document, "commit_point/epoch"), text_at(document, "progress/step"),
                    size_text(row.listed.bytes), holders_text(document), refs_text(row.listed)});
  }
  std::string text = rows.size() > 1 ? table(rows, "") : "";
  for (const auto& [ref, target] : listing.dangling)
    problems += std::string(ref) + " points at '" + std::string(target.as_string()) + "', which is not there\n";
  return text + problems + aside;
}

json::object as_json(const Listing& listing, const fs::path& named) {
  json::array checkpoints;
  for (const Row& row : listing.rows) {
    json::object o{{"name", row.name}, {"path", row.listed.path.string()}};
    if (!row.listed.problem.empty()) {
      o["problem"] = row.listed.problem;
      checkpoints.push_back(std::move(o));
      continue;
    }
    const json::object& document = row.listed.document;
    for (const char* key : {"kind", "run_id", "sequence", "commit_point", "progress", "consistent", "holders"})
      if (const json::value* value = document.if_contains(key)) o[key] = *value;
    o["kind"] = kind_text(document);
    o["bytes"] = row.listed.bytes;
    o["refs"] = json::array(row.listed.refs.begin(), row.listed.refs.end());
    checkpoints.push_back(std::move(o));
  }
  return {{"folder", named.string()},
          {"run_id", listing.run_id.empty() ? json::value() : json::value(listing.run_id)},
          {"checkpoints", std::move(checkpoints)},
          {"dangling_refs", listing.dangling},
          {"set_aside", json::array(listing.set_aside.begin(), listing.set_aside.end())}};
}

}  // namespace

ExitCode checkpoint_list(const CommandLine& line) {
  const fs::path& named = line.paths.at(0);
  try {
    require_folder(named);
    const Listing listing = list(named);
    print(line.json ? manifest::json_text(as_json(listing, named)) + "\n" : as_text(listing, named));
  } catch (const checkpoint::ReadError& error) {
    refuse_unreadable(error);
  }
  return ExitCode::ok;
}

}  // namespace tenon::cli
