// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/resume_choice.hpp"

#include <tenon/hooks.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <system_error>
#include <tenon/did_you_mean.hpp>
#include <tenon/failure.hpp>

#include "checkpoint/folder.hpp"
#include "checkpoint/format.hpp"
#include "checkpoint/names.hpp"
#include "loop/run_beginning.hpp"

namespace tenon::loop {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using checkpoint::Checkpoint;
using checkpoint::ReadError;

constexpr std::string_view best_of = "best:";
constexpr const char* or_auto = "`--resume auto` goes on from the newest that is whole";

std::string in_quotes(const fs::path& path) { return "'" + path.string() + "'"; }

[[noreturn]] void refuse(const std::string& why) { throw Failure(ExitCode::checkpoint, "--resume: " + why); }

/// Nothing in it but what is hidden and our own, or not there at all.
bool is_vacant(const fs::path& folder) {
  std::error_code wrong;
  if (!fs::exists(folder, wrong)) return true;
  for (fs::directory_iterator entry(folder, wrong), end; !wrong && entry != end; entry.increment(wrong))
    if (!entry->path().filename().string().starts_with(checkpoint::private_prefix)) return false;
  return !wrong;
}

struct KnownRun {
  RunRecord record;  ///< without a run_id where nothing is known
  std::vector<std::string> warnings;
};

KnownRun know_run(const fs::path& run_folder) {
  std::string problem = "there is no run.json in " + in_quotes(run_folder);
  try {
    if (const std::optional<RunRecord> record = read_run_record(run_folder)) return {*record, {}};
  } catch (const ReadError& error) {
    if (error.reason() != ReadError::Reason::damaged)
      refuse(in_quotes(run_folder) + " cannot be gone on with: " + error.what());
    problem = in_quotes(run_folder) + ": " + error.what();
  }
  KnownRun known{rebuild_record(run_folder), {}};
  if (!is_vacant(run_folder)) known.record.begun_with.with = RunBeginning::With::unknown;
  if (known.record.run_id.empty() && is_of_a_replay(run_folder))
    refuse(in_quotes(run_folder) +
           " is the folder of a replay, whose checkpoints have no weights: name that of the run, or another for a new "
           "one");
  if (!known.record.run_id.empty())
    known.warnings.push_back(problem + "; the checkpoints of run '" + known.record.run_id +
                             "' were found by looking for them below that folder, and nowhere else");
  return known;
}

bool is_run_folder(const fs::path& folder) {
  std::error_code wrong;
  return fs::exists(folder / run_record_file, wrong) || fs::exists(folder / "manifest.json", wrong) ||
         !rebuild_record(folder).run_id.empty();
}

/// What a path is that is no checkpoint, and what it is good for.
void explain(const fs::path& path) {
  std::error_code wrong;
  if (!fs::exists(path, wrong)) {
    if (fs::is_symlink(path, wrong))
      refuse(in_quotes(path) + " points at " + in_quotes(fs::read_symlink(path, wrong)) +
             ", which is not there any more; " + or_auto);
    refuse("there is no " + in_quotes(path) + did_you_mean(path.filename().string(), {"auto", "last", "best"}));
  }
  if (path.extension() == ".safetensors")
    refuse(in_quotes(path) + " holds weights alone, and a run cannot go on from them; start a new one from them with " +
           "--weights " + path.string());
  if (!fs::is_directory(path, wrong))
    refuse(in_quotes(path) + " is no checkpoint of Tenon's: those are folders that end in .ckpt");
  if (fs::exists(path / "checkpoint.json", wrong)) return;
  if (fs::exists(path / run_record_file, wrong))
    refuse(in_quotes(path) + " is the folder of a run, not a checkpoint; `--out " + path.string() +
           " --resume last` goes on with that run");
  std::vector<std::string> names;
  for (fs::directory_iterator entry(path, wrong), end; !wrong && entry != end; entry.increment(wrong))
    if (entry->path().extension() == checkpoint::checkpoint_suffix) names.push_back(entry->path().filename().string());
  if (names.empty() || path.extension() == checkpoint::checkpoint_suffix) return;
  std::sort(names.begin(), names.end());
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  refuse(in_quotes(path) + " is a folder of checkpoints; name one of them: " + all);
}

[[noreturn]] void refuse_unreadable(const ReadError& error) {
  refuse(std::string(error.what()) +
         (error.reason() == ReadError::Reason::unsupported ? "" : std::string("; ") + or_auto));
}

Checkpoint open_named(const fs::path& path) {
  explain(path);
  try {
    return Checkpoint::open(path);
  } catch (const ReadError& error) {
    refuse_unreadable(error);
  }
}

void require_training_state(const Checkpoint& named) {
  if (named.is_replay()) refuse(in_quotes(named.path()) + " was made by a replay and holds nothing to go on from");
  if (!named.is_full())
    refuse(in_quotes(named.path()) + " holds weights only, and a run cannot go on from them; start a new one from " +
           "them with --weights " + named.path().string());
}

bool is_in_part(const ResumeRequest& request) { return request.parts != restore_everything; }

/// "model, optimizer".
std::string listed(std::uint32_t parts) {
  std::string all;
  for (const std::string& word : restore_words(parts)) all += (all.empty() ? "" : ", ") + word;
  return all;
}

std::string counts(const RunEnd& end) {
  return std::to_string(end.epochs) + " epochs, " + std::to_string(end.steps) + " steps";
}

/// Why there is nothing left to do; empty where there is.
std::string finished_text(const RunRecord& record, const RunLimits& now, const fs::path& folder) {
  if (!record.ended) return {};
  const RunEnd& end = *record.ended;
  const RunLimits& then = end.limits;
  if (end.reason == "finished") {
    const bool is_raised =
        now.max_epochs > then.max_epochs || now.max_steps > then.max_steps || now.max_time > then.max_time;
    if (is_raised) return {};
    return "the run in " + in_quotes(folder) + " is finished: " + counts(end) +
           (end.detail.empty() ? "" : " (" + end.detail + ")") +
           ". To train on, raise its limit, as in `--set trainer.max_epochs=" + std::to_string(2 * end.epochs) +
           "`, or max_steps or max_time; to train anew, choose another folder with --out DIR";
  }
  if (end.reason != "stopped" || now.settings != then.settings) return {};
  return "the run in " + in_quotes(folder) + " was stopped after " + counts(end) + ": " + end.detail +
         ". To train on, give the callback that stopped it other options (or the trainer other limits), or name a "
         "checkpoint to go on from, as in `--resume PATH`; to train anew, choose another folder with --out DIR";
}

bool is_at_its_end(const Checkpoint& c) {
  const json::value* at = c.document().if_contains("commit_point");
  const json::value* phase = at && at->is_object() ? at->get_object().if_contains("phase") : nullptr;
  return phase && phase->is_string() && phase->get_string() == "final";
}

std::uint64_t number_in(const Checkpoint& checkpoint, std::string_view key) {
  const json::value* value = checkpoint.document().if_contains(key);
  boost::system::error_code wrong;
  const std::uint64_t number = value ? value->to_number<std::uint64_t>(wrong) : 0;
  return wrong ? 0 : number;
}

class Chooser {
 public:
  explicit Chooser(const ResumeRequest& request) : request_(request) {
    KnownRun known = know_run(request.run_folder);
    choice_.record = std::move(known.record);
    choice_.warnings = std::move(known.warnings);
  }

  ResumeChoice choose() {
    if (!is_resume_word(request_.word)) {
      choose_path();
      return std::move(choice_);
    }
    choice_.same_run = !choice_.record.run_id.empty();
    choice_.finished = finished_text(choice_.record, request_.limits, request_.run_folder);
    if (!choice_.finished.empty()) {
      open_folders();
      return std::move(choice_);
    }
    look();
    if (request_.word == "auto") {
      choose_newest_whole();
    } else {
      choose_one(request_.word == "last" ? last() : best());
    }
    return std::move(choice_);
  }

 private:
  void look() {
    if (choice_.record.run_id.empty()) return;
    open_folders();
    RunCheckpoints found = find_run_checkpoints(choice_.record, request_.run_folder);
    choice_.checkpoints = std::move(found.own);
    damaged_ = std::move(found.damaged);
    choice_.warnings.insert(choice_.warnings.end(), found.remarks.begin(), found.remarks.end());
  }

  /// They are ours until the choice is made. Whoever opens a folder clears up what a killed attempt has left there, and
  /// gives checkpoints that were set aside their names back.
  void open_folders() {
    std::error_code wrong;
    std::vector<fs::path> folders = choice_.record.folders;
    folders.push_back(request_.run_folder / recovery_folder);
    for (const fs::path& folder : folders) {
      if (opened_.contains(folder) || !fs::is_directory(folder, wrong)) continue;
      Opened& opened = opened_[folder];
      try {
        opened.folder = checkpoint::Folder::open(folder, choice_.record.run_id);
      } catch (const Failure& refused) {  // it is told when something is to be changed or saved there
        opened.refusal = refused.what();
      }
    }
  }

  /// The innermost around a checkpoint.
  const checkpoint::Folder& locked_around(const fs::path& checkpoint) const {
    for (fs::path at = checkpoint.parent_path();; at = at.parent_path()) {
      const auto opened = opened_.find(at);
      if (opened != opened_.end() && opened->second.folder) return *opened->second.folder;
      if (opened != opened_.end()) throw Failure(ExitCode::output, opened->second.refusal);
      if (at == at.parent_path()) throw Failure(ExitCode::output, "its folder is none of the run's");
    }
  }

  static bool is_candidate(const RunCheckpoint& c) { return c.full && c.consistent && !c.left_behind; }

  /// What is verified here is what the run goes on with: nothing is read again.
  void load(const Checkpoint& from) {
    choice_.model = from.load(checkpoint::model_file);
    choice_.training = from.load(checkpoint::training_file);
  }

  void load_named(const Checkpoint& named) {
    try {
      load(named);
    } catch (const ReadError& error) {
      refuse_unreadable(error);
    }
  }

  void go_on_from(Checkpoint from, std::uint64_t sequence, std::uint64_t attempt) {
    choice_.remarks.push_back("goes on from " + in_quotes(from.path()));
    choice_.from = std::move(from);
    choice_.sequence = sequence;
    choice_.attempt = attempt;
    RunRecord next = choice_.record;
    next.go_on_from(sequence, attempt);
    for (RunCheckpoint& c : choice_.checkpoints) c.left_behind = next.leaves_behind(c.attempt, c.sequence);
    const RunRecord& record = choice_.record;
    choice_.stops_are_done = sequence <= record.stops_done_to || (record.ended && record.ended->reason == "stopped");
  }

  void choose_path() {
    Checkpoint named = open_named(request_.word);
    require_training_state(named);
    load_named(named);
    choice_.same_run = !is_in_part(request_) && named.run_id() == choice_.record.run_id;
    const json::value* consistent = named.document().if_contains("consistent");
    if (!consistent || !consistent->is_bool() || !consistent->get_bool())
      choice_.warnings.push_back(in_quotes(named.path()) +
                                 " was saved after an error inside a batch: its weights may be half updated");
    if (!choice_.same_run) {
      choice_.record = {};
      choice_.warnings.clear();
      choice_.remarks.push_back("a new run begins with the state of " + in_quotes(named.path()) + ", of run '" +
                                named.run_id() + "'" + home_of(named));
      if (is_in_part(request_))
        choice_.remarks.push_back("taken over from it: " + listed(request_.parts) +
                                  "; not taken over, and begun anew: " + listed(restore_everything & ~request_.parts));
      choice_.stops_are_done = is_at_its_end(named);  // what ended that run does not end this one
      choice_.from = std::move(named);
      return;
    }
    look();
    const fs::path real = fs::canonical(named.path());
    std::error_code wrong;
    for (const RunCheckpoint& c : choice_.checkpoints)
      if (fs::equivalent(c.path, real, wrong)) return go_on_from(std::move(named), c.sequence, c.attempt);
    const std::uint64_t sequence = number_in(named, "sequence"), attempt = number_in(named, "attempt");
    go_on_from(std::move(named), sequence, attempt);
  }

  /// How to go on with the run itself, where its folder is around the checkpoint.
  std::string home_of(const Checkpoint& named) const {
    std::error_code wrong;
    for (fs::path at = fs::canonical(named.path(), wrong).parent_path(); at.has_relative_path(); at = at.parent_path())
      if (!is_in_part(request_) && fs::exists(at / run_record_file, wrong))
        return "; `--out " + at.string() + "` would go on with that run itself";
    return {};
  }

  void choose_newest_whole() {
    for (const DamagedCheckpoint& damaged : damaged_) set_aside(damaged.path, damaged.problem, damaged.reason);
    // One whose commit point is not all on disk is taken where there is no other: the run would miss the rest.
    const auto is_complete = [&](const RunCheckpoint& c) {
      try {
        return is_all_saved(c);
      } catch (const std::exception&) {  // a document without what it takes: told when the run goes on from it
        return true;
      }
    };
    if (choose_newest_of(is_complete)) return;
    const auto newest = std::find_if(choice_.checkpoints.rbegin(), choice_.checkpoints.rend(), is_candidate);
    if (newest != choice_.checkpoints.rend() && is_cut_short() && is_first_saved(*newest))
      return begin_again(in_quotes(newest->path) +
                         " is of the first commit point at which the run saved anything, and the run ended before all "
                         "of that was on disk");
    if (choose_newest_of([](const RunCheckpoint&) { return true; })) {
      choice_.warnings.push_back(in_quotes(choice_.from->path()) +
                                 " is of a commit point that is not all on disk, and none before it is there: what is "
                                 "missing of it stays missing");
      return;
    }
    begin_again("there is nothing to go on from in " + in_quotes(request_.run_folder));
  }

  void begin_again(const std::string& why) {
    using With = RunBeginning::With;
    const RunBeginning& begun = choice_.record.begun_with;
    const std::string with = beginning_text(begun);
    choice_.remarks.push_back(why + ": the run starts from the beginning" + (with.empty() ? "" : ", " + with));
    choice_.begins_again = choice_.same_run;
    if (begun.with == With::unknown)
      choice_.warnings.push_back("nothing says any more what the run in " + in_quotes(request_.run_folder) +
                                 " began with: it begins with the weights that the task makes; to begin with others, "
                                 "choose another folder with --out DIR");
    if (begun.with == With::program) refuse_beginning(begun, request_.run_folder, "which are gone with that program");
    if (begun.with != With::checkpoint) return;
    Checkpoint opened = open_again(begun, request_.run_folder);
    try {
      load(opened);
    } catch (const ReadError& error) {
      refuse_beginning(begun, request_.run_folder, std::string("which cannot be read now: ") + error.what());
    }
    choice_.from = std::move(opened);
  }

  template <class Wanted>
  bool choose_newest_of(const Wanted& is_wanted) {
    for (std::size_t i = choice_.checkpoints.size(); i-- > 0;) {
      const RunCheckpoint candidate = choice_.checkpoints[i];
      if (!is_candidate(candidate) || !is_wanted(candidate)) continue;
      try {
        Checkpoint opened = Checkpoint::open(candidate.path);
        load(opened);
        go_on_from(std::move(opened), candidate.sequence, candidate.attempt);
        return true;
      } catch (const ReadError& error) {
        set_aside(candidate.path, error.what(), error.reason());
        choice_.checkpoints.erase(choice_.checkpoints.begin() + static_cast<std::ptrdiff_t>(i));
      }
    }
    return false;
  }

  /// Several callbacks may save at one commit point, and the process be killed between two of them. Where there is
  /// something of a later commit point it was not: what is missing could not be saved, or was removed.
  bool is_all_saved(const RunCheckpoint& candidate) const {
    for (const RunCheckpoint& c : choice_.checkpoints)
      if (!c.left_behind && c.sequence > candidate.sequence) return true;
    const std::set<std::uint64_t> there = saved_at(candidate.sequence);
    const json::value* requests = candidate.document.if_contains("requests");
    if (requests == nullptr) return true;
    for (const json::value& each : requests->at("open").as_array()) {
      const json::object& open = each.as_object();
      const bool is_unknown_save =
          !open.contains("outcome") && open.at("request").to_number<std::int32_t>() == TENON_REQUEST_SAVE;
      if (is_unknown_save && !there.contains(open.at("ticket").to_number<std::uint64_t>())) return false;
    }
    return true;
  }

  /// The tickets of what is on disk of a commit point.
  std::set<std::uint64_t> saved_at(std::uint64_t sequence) const {
    std::set<std::uint64_t> there;
    for (const RunCheckpoint& c : choice_.checkpoints)
      if (!c.left_behind && c.sequence == sequence)
        for (const json::value& holder : c.document.at("holders").as_array())
          there.insert(holder.at("ticket").to_number<std::uint64_t>());
    return there;
  }

  /// By a kill or a failure, as far as anybody knows; a run that has come to its end is not trained once more.
  bool is_cut_short() const {
    const RunRecord& record = choice_.record;
    if (record.begun_with.with == RunBeginning::With::unknown) return false;
    return !record.ended || record.ended->reason == "failed";
  }

  /// Whether the run had saved nothing before the commit point of this one. What was saved there before it is known to
  /// it as done.
  bool is_first_saved(const RunCheckpoint& c) const {
    try {
      const std::set<std::uint64_t> with_it = saved_at(c.sequence);
      for (const auto& [id, counts] : c.document.at("tallies").as_object())
        if (counts.at("saved") != 0) return false;
      for (const json::value& open : c.document.at("requests").at("open").as_array())
        if (const json::value* outcome = open.as_object().if_contains("outcome"))
          if (open.at("request") == TENON_REQUEST_SAVE && *outcome == TENON_TICKET_DONE &&
              !with_it.contains(open.at("ticket").to_number<std::uint64_t>()))
            return false;
      return true;
    } catch (const std::exception&) {  // a document that does not say so
      return false;
    }
  }

  void set_aside(const fs::path& path, const std::string& problem, ReadError::Reason reason) {
    std::error_code wrong;  // a folder that only looks like one is somebody's
    const bool is_ours = reason != ReadError::Reason::missing || fs::exists(path / checkpoint::model_file, wrong);
    if (!is_ours || reason == ReadError::Reason::io || reason == ReadError::Reason::unsupported) {
      choice_.warnings.push_back("passed over: " + problem);
      return;
    }
    try {
      const fs::path aside = quarantine(path, locked_around(path), choice_.record.run_id);
      choice_.warnings.push_back(problem + "; it is called " + in_quotes(aside.filename()) +
                                 " now, and is not looked at any more");
    } catch (const std::exception& error) {
      choice_.warnings.push_back("passed over: " + problem + "; it could not be moved aside: " + error.what());
    }
  }

  const RunCheckpoint* last() {
    for (const DamagedCheckpoint& damaged : damaged_) {
      if (!damaged.refs.empty())
        refuse("'" + damaged.refs.front() + "' points at it: " + damaged.problem + "; " + or_auto);
      choice_.warnings.push_back("passed over: " + damaged.problem);
    }
    const auto newest = std::find_if(choice_.checkpoints.rbegin(), choice_.checkpoints.rend(), is_candidate);
    if (newest != choice_.checkpoints.rend()) return &*newest;
    std::string more;
    for (const RunCheckpoint& c : choice_.checkpoints)
      if (!c.full) more = "; " + in_quotes(c.path) + " holds weights only, which a new run can start from: --weights";
    if (!damaged_.empty()) more += "; " + damaged_.back().problem;
    refuse("there is nothing to go on from in " + in_quotes(request_.run_folder) + ": the run has " +
           (choice_.checkpoints.empty() ? "no checkpoint" : "no full checkpoint that training can go on from") +
           " there" + more + "; `--resume auto` starts from the beginning then");
  }

  const RunCheckpoint* best() const {
    const std::map<std::string, const RunCheckpoint*> all = best_of_each(choice_.checkpoints);
    std::map<std::string, const RunCheckpoint*> full;
    for (const auto& [id, c] : all)
      if (is_candidate(*c)) full.emplace(id, c);
    std::string ids;
    for (const auto& [id, c] : full) ids += (ids.empty() ? "best:" : ", best:") + id;
    if (request_.word == "best") {
      if (full.size() == 1) return full.begin()->second;
      if (!full.empty()) refuse("several callbacks have a best checkpoint: say whose, " + ids);
      refuse("no callback of the run in " + in_quotes(request_.run_folder) +
             " has a best checkpoint that training can go on from; `--resume last` takes the newest");
    }
    const std::string id = request_.word.substr(best_of.size());
    if (const auto found = full.find(id); found != full.end()) return found->second;
    if (const auto found = all.find(id); found != all.end())
      refuse("the best checkpoint of '" + id + "', " + in_quotes(found->second->path) +
             (found->second->full
                  ? ", is not one that training can go on from"
                  : ", holds weights only; start a new run from them with --weights " + found->second->path.string()));
    refuse("callback '" + id + "' has no best checkpoint" +
           (ids.empty() ? "; `--resume last` takes the newest" : "; there are " + ids));
  }

  void choose_one(const RunCheckpoint* wanted) {
    const std::uint64_t sequence = wanted->sequence, attempt = wanted->attempt;
    Checkpoint opened = open_named(wanted->path);
    load_named(opened);
    go_on_from(std::move(opened), sequence, attempt);
  }

  const ResumeRequest& request_;
  ResumeChoice choice_;
  std::vector<DamagedCheckpoint> damaged_;
  struct Opened {
    std::unique_ptr<checkpoint::Folder> folder;
    std::string refusal;  ///< where it could not be
  };
  std::map<fs::path, Opened> opened_;
};

}  // namespace

bool goes_on_in_place(const ResumeRequest& request) {
  const fs::path& folder = request.run_folder;
  if (!is_resume_word(request.word)) {
    const Checkpoint named = open_named(request.word);
    return !is_in_part(request) && !is_vacant(folder) && named.run_id() == know_run(folder).record.run_id;
  }
  if (request.word == "auto" && is_vacant(folder)) return true;
  if (is_run_folder(folder)) return true;
  std::error_code wrong;
  if (request.word == "auto")
    throw Failure(ExitCode::output, "--resume auto: " + in_quotes(folder) +
                                        " is not the folder of a run: it holds other things, and neither run.json nor "
                                        "a checkpoint; choose another with --out DIR");
  refuse("there is no run in " + in_quotes(folder) + (fs::exists(folder, wrong) ? "" : ", which does not exist") +
         "; name the folder of the run with --out DIR, or say `--resume auto`, which begins one where there is none");
}

ResumeChoice choose_resume(const ResumeRequest& request) {
  try {
    return Chooser(request).choose();
  } catch (const Failure&) {
    throw;
  } catch (const std::exception& error) {  // of files that are whole, but not what they should be
    throw Failure(ExitCode::checkpoint, "the checkpoints of the run in " + in_quotes(request.run_folder) +
                                            " cannot be looked at: " + error.what());
  }
}

}  // namespace tenon::loop
