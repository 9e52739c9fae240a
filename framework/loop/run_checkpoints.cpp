// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/run_checkpoints.hpp"

#include <fcntl.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "checkpoint/document.hpp"
#include "checkpoint/format.hpp"
#include "checkpoint/inspect.hpp"
#include "checkpoint/names.hpp"
#include "loop/document_members.hpp"

namespace tenon::loop {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

std::uint64_t number_at(const json::object& o, std::string_view key, std::uint64_t otherwise) {
  boost::system::error_code wrong;
  const json::value* value = o.if_contains(key);
  const std::uint64_t number = value ? value->to_number<std::uint64_t>(wrong) : otherwise;
  return wrong ? otherwise : number;
}

bool is_text(const json::object& o, std::string_view key, std::string_view text) {
  const json::value* value = o.if_contains(key);
  return value && value->is_string() && std::string_view(value->get_string()) == text;
}

bool is_true(const json::object& o, std::string_view key) {
  const json::value* value = o.if_contains(key);
  return value && value->is_bool() && value->get_bool();
}

RunCheckpoint read_facts(const fs::path& folder, checkpoint::ListedCheckpoint listed, const RunRecord& record) {
  RunCheckpoint c;
  c.folder = folder;
  c.name = std::move(listed.name);
  c.path = std::move(listed.path);
  c.document = std::move(listed.document);
  c.refs = std::move(listed.refs);
  c.bytes = listed.bytes;
  c.sequence = number_at(c.document, "sequence", 0);
  c.attempt = number_at(c.document, "attempt", 1);
  c.full = is_text(c.document, "kind", "full") && !c.document.contains("replay");
  c.consistent = is_true(c.document, "consistent");
  c.left_behind = record.leaves_behind(c.attempt, c.sequence);
  return c;
}

/// By its document, where that at least is whole: several runs may save in one folder.
bool is_of_another_run(const fs::path& checkpoint, const std::string& run_id) {
  try {
    checkpoint::FileSystem& files = checkpoint::real_file_system();
    const checkpoint::Descriptor folder =
        checkpoint::open_file(files, AT_FDCWD, checkpoint.string(), O_RDONLY | O_DIRECTORY);
    return !is_text(checkpoint::read_document(files, folder.number()), "run_id", run_id);
  } catch (const std::exception&) {  // nobody can tell
    return false;
  }
}

/// Every folder below, itself included, that has a checkpoint directly in it; follows no links but one.
std::set<fs::path> folders_with_checkpoints(const fs::path& run_folder) {
  std::set<fs::path> found;
  std::error_code wrong;
  const fs::path usual = run_folder / usual_folder;
  if (fs::is_symlink(usual, wrong) && fs::is_directory(usual, wrong)) found = folders_with_checkpoints(usual);
  constexpr fs::directory_options options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator entry(run_folder, options, wrong), end; !wrong && entry != end;
       entry.increment(wrong)) {
    if (entry->is_symlink(wrong) || !entry->is_directory(wrong)) continue;
    const std::string name = entry->path().filename().string();
    if (name.starts_with(checkpoint::private_prefix)) entry.disable_recursion_pending();
    if (!name.ends_with(checkpoint::checkpoint_suffix)) continue;
    entry.disable_recursion_pending();
    found.insert(entry->path().parent_path());
  }
  return found;
}

bool holds(const RunCheckpoint& c, std::string_view callback, std::uint64_t ticket) {
  const json::value* holders = c.document.if_contains("holders");
  if (!holders || !holders->is_array()) return false;
  return std::any_of(holders->get_array().begin(), holders->get_array().end(), [&](const json::value& holder) {
    return holder.is_object() && is_text(holder.get_object(), "callback", callback) &&
           number_at(holder.get_object(), "ticket", 0) == ticket;
  });
}

}  // namespace

RunCheckpoints find_run_checkpoints(const RunRecord& record, const fs::path& run_folder) {
  std::vector<fs::path> folders = record.folders;
  folders.push_back(run_folder / recovery_folder);
  RunCheckpoints found;
  std::set<fs::path> seen;  // one claimed folder may lie in another
  std::error_code wrong;
  for (const fs::path& folder : folders) {
    if (!fs::is_directory(folder, wrong)) {
      if (folder != folders.back())
        found.remarks.push_back("the run's checkpoints in '" + folder.string() + "' are gone, and so is that folder");
      continue;
    }
    for (checkpoint::ListedCheckpoint& listed : checkpoint::list_checkpoints(folder).checkpoints) {
      if (!seen.insert(listed.path).second) continue;
      if (!listed.problem.empty()) {
        if (!is_of_another_run(listed.path, record.run_id))
          found.damaged.push_back({listed.path, listed.problem, listed.reason, listed.refs});
        continue;
      }
      if (!is_text(listed.document, "run_id", record.run_id)) continue;
      if (const std::string other = member_of_other_type(listed.document); !other.empty())
        found.damaged.push_back({listed.path, "'" + listed.path.string() + "': " + other,
                                 checkpoint::ReadError::Reason::damaged, listed.refs});
      else
        found.own.push_back(read_facts(folder, std::move(listed), record));
    }
  }
  std::sort(found.own.begin(), found.own.end(), [](const RunCheckpoint& a, const RunCheckpoint& b) {
    return std::tie(a.sequence, a.path) < std::tie(b.sequence, b.path);
  });
  return found;
}

std::optional<fs::path> newest_state(const fs::path& run_folder) {
  std::error_code ignored;
  if (!fs::is_directory(run_folder, ignored) || fs::exists(run_folder / checkpoint::document_file, ignored)) return {};
  const fs::path last = run_folder / usual_folder / "last.ckpt";
  if (fs::exists(last, ignored)) return last;
  std::optional<fs::path> newest;
  std::uint64_t latest = 0;
  for (const checkpoint::ListedCheckpoint& listed : checkpoint::list_checkpoints(run_folder).checkpoints) {
    const std::uint64_t sequence = number_at(listed.document, "sequence", 0);
    if (!listed.problem.empty() || (newest && sequence <= latest)) continue;
    newest = listed.path;
    latest = sequence;
  }
  return newest;
}

RunRecord rebuild_record(const fs::path& run_folder) {
  RunRecord record;
  std::map<std::string, std::uint64_t> attempts;
  std::optional<fs::file_time_type> newest;
  const std::set<fs::path> folders = folders_with_checkpoints(run_folder);
  for (const fs::path& folder : folders)
    for (const checkpoint::ListedCheckpoint& listed : checkpoint::list_checkpoints(folder).checkpoints) {
      if (!listed.problem.empty() || listed.document.contains("replay")) continue;
      const std::string run_id(listed.document.at("run_id").as_string());
      std::uint64_t& attempt = attempts[run_id];
      attempt = std::max(attempt, number_at(listed.document, "attempt", 1));
      std::error_code wrong;
      const auto written = fs::last_write_time(listed.path / checkpoint::document_file, wrong);
      if (wrong || (newest && written <= *newest)) continue;
      newest = written;
      record.run_id = run_id;
      if (const json::value* task = listed.document.if_contains("task"); task && task->is_string())
        record.task = task->get_string();
      record.seed = number_at(listed.document, "seed", 0);
    }
  if (record.run_id.empty()) return {};
  // The number stands in a file; no run has had a million processes.
  record.attempt = std::clamp<std::uint64_t>(attempts[record.run_id], 1, 1'000'000);
  record.resumed_from.assign(record.attempt - 1, no_limit);
  record.folders.assign(folders.begin(), folders.end());
  record.begun_with.with = RunBeginning::With::unknown;
  return record;
}

bool is_of_a_replay(const fs::path& run_folder) {
  bool any = false;
  for (const fs::path& folder : folders_with_checkpoints(run_folder))
    for (const checkpoint::ListedCheckpoint& listed : checkpoint::list_checkpoints(folder).checkpoints) {
      if (!listed.problem.empty()) continue;
      if (!listed.document.contains("replay")) return false;
      any = true;
    }
  return any;
}

std::map<std::string, const RunCheckpoint*> best_of_each(const std::vector<RunCheckpoint>& own) {
  std::map<std::string, const RunCheckpoint*> bests;
  for (auto knowing = own.rbegin(); knowing != own.rend(); ++knowing) {
    const json::value* told = knowing->document.if_contains("bests");
    if (knowing->left_behind || !told || !told->is_object()) continue;
    for (const auto& [callback, ticket] : told->get_object()) {
      const std::uint64_t wanted = number_at(told->get_object(), callback, 0);
      for (const RunCheckpoint& c : own)
        if (!c.left_behind && holds(c, callback, wanted)) bests.try_emplace(std::string(callback), &c);
    }
  }
  return bests;
}

fs::path quarantine(const fs::path& checkpoint, const checkpoint::Folder& locked, const std::string& run_id) {
  std::vector<std::unique_ptr<checkpoint::Folder>> between;
  for (fs::path at = checkpoint.parent_path(); at != locked.path() && at != at.parent_path(); at = at.parent_path())
    if (fs::exists(at / checkpoint::lock_file_name)) between.push_back(checkpoint::Folder::open(at, run_id));
  checkpoint::FileSystem& files = checkpoint::real_file_system();
  const checkpoint::Descriptor folder =
      checkpoint::open_file(files, AT_FDCWD, checkpoint.parent_path().string(), O_RDONLY | O_DIRECTORY);
  const std::string from = checkpoint.filename().string();
  for (unsigned number = 0;; ++number) {
    const std::string to = from + ".damaged" + (number == 0 ? "" : "-" + std::to_string(number));
    if (checkpoint::status_at(files, folder.number(), to)) continue;
    if (checkpoint::uninterrupted(
            [&] { return files.rename_at(folder.number(), from.c_str(), folder.number(), to.c_str()); }) == -1)
      checkpoint::throw_system_error("rename", from);
    checkpoint::sync(files, folder.number(), checkpoint.parent_path().string());
    return checkpoint.parent_path() / to;
  }
}

}  // namespace tenon::loop
