// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a run reports of its checkpoints against what is on the disk, where any call to the file system goes wrong: a
// whole training through the writer, with a callback that keeps the newest full checkpoint and the newest weights, lets
// go of those before, and moves `last`; then the next attempt on the same folder, which must come to the same end. The
// same where the training has gone on behind a kill itself.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "chain/log.hpp"
#include "checkpoint/inspect.hpp"
#include "faulty_file_system.hpp"
#include "loop/resume_choice.hpp"
#include "sample_content.hpp"
#include "saves.hpp"
#include "scratch_folder.hpp"
#include "share.hpp"

using namespace tenon;
using namespace tenon::test;
using namespace tenon::tests;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

/// Whether the training goes on behind a kill, and has to make room for a checkpoint that it has gone back behind.
enum class Beginning { fresh, behind_a_kill };

constexpr std::uint64_t steps = 3;

/// What a run has told, in order: "saved", "failed", "removed", "last" with the checkpoint's name, "done" and "lost"
/// with a ticket, "trouble" with its reason.
struct Report {
  std::string what, about;
};
using Reports = std::vector<Report>;

std::set<std::string> all(const Reports& reports, const std::string& what) {
  std::set<std::string> found;
  for (const Report& report : reports)
    if (report.what == what) found.insert(report.about);
  return found;
}

std::set<std::string> without(std::set<std::string> names, const std::set<std::string>& others) {
  for (const std::string& name : others) names.erase(name);
  return names;
}

bool is_whole(const fs::path& checkpoint) {
  try {
    checkpoint::verify(checkpoint);
    return true;
  } catch (const checkpoint::ReadError&) {
    return false;
  }
}

/// One process's work on the run.
class Attempt {
 public:
  using Tell = std::function<void(const Report&)>;

  Attempt(const fs::path& run_folder, checkpoint::FileSystem& files, std::uint64_t number, Tell tell)
      : run_folder_(run_folder), tell_(std::move(tell)) {
    engine.trains = true;
    loop::RunFacts facts;
    facts.run_id = "run";
    facts.attempt = number;
    facts.run_folder = run_folder;
    facts.task_name = "test";
    facts.options.num_sanity_val_steps = 0;
    facts.options.max_epochs = 1;
    facts.manifest_json = "{}";
    facts.wait_for_saves = true;  // so that the calls come in one order
    facts.files = &files;
    fit_ = std::make_unique<loop::Fit>(engine, facts, run_folder);
    listen();
    next_probe = &top_;
    fit_->chain().add({"probe", "top", chain::OnError::warn, {}, "test"}, probe::descriptor, {});
    fit_->decisions().set_listener([this](const loop::Decision& d) {
      if (d.action == TENON_ACTION_WARN) tell_({"trouble", name_of(d.path) + ": " + d.reason});
      if (d.action == TENON_ACTION_REF && d.path == "checkpoints/last.ckpt") tell_({"last", name_of(d.target)});
    });
  }

  loop::FitResult run(const loop::ResumeChoice& choice) {
    if (!choice.from) {
      if (choice.same_run) fit_->go_on_from(choice.checkpoints, nullptr);
      return fit_->run();
    }
    const loop::ResumePoint point(*choice.from);
    engine.restore(point.engine_state(), loop::restore_all, "the checkpoint");
    fit_->go_on_from(choice.checkpoints, &point);
    counted_before_ = counts({});
    return fit_->run(&point);
  }
  /// "saved", "failed" and "removed" of the account, in this attempt.
  std::map<std::string, std::size_t> counts_of_this_attempt(const loop::FitResult& result) {
    std::map<std::string, std::size_t> all = counts(result);
    for (const auto& [key, before] : counted_before_) all[key] -= before;
    return all;
  }
  json::object account(const loop::FitResult& result) {
    return fit_->summary(result).at("callbacks").at("top").as_object();
  }
  loop::Fit& fit() { return *fit_; }

  TestEngine engine{steps};

 private:
  std::map<std::string, std::size_t> counts(const loop::FitResult& result) {
    const json::object told = account(result);
    std::map<std::string, std::size_t> all;
    for (const char* key : {"saved", "failed", "removed"})
      if (const json::value* value = told.if_contains(key)) all[key] = value->to_number<std::size_t>();
    return all;
  }
  void listen() {
    const auto told = [this](std::uint32_t hook, const char* what) {
      top_.on[hook] = [this, what](const void* a) {
        const tenon_checkpoint& c = *static_cast<const tenon_checkpoint_args*>(a)->checkpoint;
        tell_({what, name_of(std::string(view(c.path)))});
      };
    };
    told(TENON_HOOK(on_checkpoint_saved), "saved");
    told(TENON_HOOK(on_checkpoint_failed), "failed");
    told(TENON_HOOK(on_checkpoint_removed), "removed");
    top_.on[TENON_HOOK(on_ticket)] = [this](const void* a) {
      const auto& t = *static_cast<const tenon_ticket_args*>(a);
      tell_({t.outcome == TENON_TICKET_DONE ? "done" : "lost", std::to_string(t.ticket)});
    };
    top_.on[TENON_HOOK(on_train_batch_end)] = [this](const void* a) { save_and_let_go(std::to_string(step_of(a))); };
  }

  void save_and_let_go(const std::string& step) {
    try {
      if (step == "1") save(top_, "first");
      const tenon_ticket full = save(top_, "deep/s" + step);
      Checkpoints(Host(top_.host)).set_ref("last", full);
      let_go("deep/s", full);
      let_go("w", save(top_, "w" + step, TENON_CHECKPOINT_WEIGHTS));
    } catch (const Error& refused) {
      tell_({"trouble", refused.what()});
      throw;
    }
  }
  /// What the attempt before had let go of may be on the list still.
  void let_go(const std::string& names, tenon_ticket after) {
    const Checkpoints checkpoints{Host(top_.host)};
    for (const tenon_checkpoint& c : checkpoints.list()) {
      if (c.ticket == 0 || !view(c.name).starts_with(names)) continue;
      try {
        checkpoints.release(c.ticket, after, "there is a newer one");
      } catch (const Error&) {
      }
    }
  }

  /// "deep/s1" of ".../checkpoints/deep/s1.ckpt".
  std::string name_of(const fs::path& checkpoint) const {
    const fs::path whole = checkpoint.is_absolute() ? checkpoint : run_folder_ / checkpoint;
    return whole.lexically_relative(run_folder_ / "checkpoints").replace_extension().string();
  }

  fs::path run_folder_;
  Tell tell_;
  Probe top_;
  std::unique_ptr<loop::Fit> fit_;
  std::map<std::string, std::size_t> counted_before_;
};

/// Runs `body` in a process of its own that ends without any clearing up; answers its exit status.
int in_child(const std::function<void()>& body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// Kills the process when everything of the last commit point but its full checkpoint is on the disk.
class KilledAtItsEnd : public checkpoint::FileSystem {
 public:
  int rename_new_at(int from_folder, const char* from, int to_folder, const char* to) override {
    if (std::string_view(to) == "s3.ckpt") _exit(killed_status);
    return FileSystem::rename_new_at(from_folder, from, to_folder, to);
  }
};

struct Trial {
  ScratchFolder scratch{ScratchFolder::memory()};
  fs::path folder = scratch.path() / "run", checkpoints = folder / "checkpoints";

  explicit Trial(Beginning beginning) {
    fs::create_directories(checkpoints / "theirs empty");
    checkpoint::Folder::open(checkpoints, "another")->write(full_content("theirs"));
    write_text(checkpoints / "mine", "not a checkpoint");
    loop::RunRecord record;
    record.run_id = "run";
    record.task = "test";
    record.folders = {checkpoints};
    loop::RecordedRun(folder, record).create();
    if (beginning == Beginning::fresh) return;
    BOOST_TEST_REQUIRE(in_child([&] {
                         KilledAtItsEnd files;
                         Attempt(folder, files, 1, [](const Report&) {}).run({});
                       }) == killed_status);
    choice = loop::choose_resume({folder, "auto", loop::restore_everything, {}});
    BOOST_TEST_REQUIRE((choice.from->path() == path("deep/s2") && on_disk().contains("w3")));
    loop::RecordedRun(folder, choice.record).reopen(choice.sequence, choice.attempt);
    for (const loop::RunCheckpoint& c : choice.checkpoints) (c.left_behind ? left_behind : adopted).insert(c.name);
  }

  loop::ResumeChoice choice;
  std::set<std::string> adopted, left_behind;

  std::uint64_t attempt() const { return choice.from ? 2 : 1; }
  /// Of this run, that are reported to be there.
  std::set<std::string> kept(const Reports& reports) const {
    std::set<std::string> names = adopted;
    names.merge(all(reports, "saved"));
    return without(names, all(reports, "removed"));
  }

  fs::path path(const std::string& name) const { return checkpoints / (name + ".ckpt"); }

  /// Of this run, by their names.
  std::set<std::string> on_disk() const {
    std::set<std::string> names;
    for (const auto& listed : checkpoint::list_checkpoints(checkpoints).checkpoints) names.insert(listed.name);
    names.erase("theirs");
    return names;
  }

  /// What holds at any moment, also where the process was killed there.
  void check_disk(const Reports& reports, const std::string& where) const {
    const std::set<std::string> there = on_disk();
    for (const std::string& name : there) BOOST_TEST(is_whole(path(name)), where << ": torn: " << name);
    BOOST_TEST(is_whole(path("theirs")), where);
    const std::set<std::string> saved = all(reports, "saved");
    for (const char* kind : {"deep/s", "w", "first"}) {  // of each kind the newest, or one that is newer still
      std::string newest_told, newest;
      for (const std::string& name : saved)
        if (name.starts_with(kind)) newest_told = std::max(newest_told, name);
      for (const std::string& name : there)
        if (name.starts_with(kind)) newest = std::max(newest, name);
      BOOST_TEST(newest >= newest_told, where << ": reported as saved and is not there: " << newest_told);
    }
    for (const std::string& name : all(reports, "removed"))
      BOOST_TEST(!there.contains(name), where << ": reported as removed and is there: " << name);
    std::string last;
    for (const Report& report : reports)
      if (report.what == "last") last = report.about;
    std::error_code none;
    const std::string target = fs::read_symlink(path("last"), none).replace_extension().string();
    BOOST_TEST((target.empty() || is_whole(path(target))), where << ": last leads to no checkpoint: " << target);
    BOOST_TEST(target >= last, where << ": reported as what last points at: " << last);
  }

  /// Nobody held it any more, and where the disk went away for good in its removal it can be in the trash.
  static bool is_not_removed(const std::string& name, const Reports& reports) {
    return std::any_of(reports.begin(), reports.end(), [&](const Report& report) {
      return report.what == "trouble" && report.about.starts_with(name + ": could not be removed");
    });
  }

  /// What an attempt that came to its end has told, against the disk.
  void check_reports(Attempt& attempt, const loop::FitResult& result, const Reports& reports, bool is_single,
                     const std::string& where) const {
    BOOST_TEST((result.reason == TENON_END_FINISHED && result.steps == steps), where);
    const std::set<std::string> saved = all(reports, "saved"), failed = all(reports, "failed"),
                                removed = all(reports, "removed"), kept = this->kept(reports);
    for (const std::string& name : kept)
      BOOST_TEST((is_whole(path(name)) || (!is_single && is_not_removed(name, reports))),
                 where << ": not there: " << name);
    // Where the disk went away for good, what could not be made durable could not be taken back either.
    if (is_single)
      BOOST_TEST(without(on_disk(), without(left_behind, saved)) == kept, where << ": on disk is other than reported");
    BOOST_TEST(all(reports, "done").size() == saved.size(), where);
    BOOST_TEST(all(reports, "lost").size() == failed.size(), where);
    std::set<std::string> counted;
    for (const auto& one : attempt.fit().ledger().all()) counted.insert(one->name);
    BOOST_TEST(counted == kept, where << ": the list has other ones");
    const std::map<std::string, std::size_t> counts = attempt.counts_of_this_attempt(result);
    const auto number = [&](const char* key) { return counts.contains(key) ? counts.at(key) : 0; };
    BOOST_TEST(number("saved") + (choice.from ? 2 : 0) == saved.size(), where);  // s2 and w2 are told here, made before
    BOOST_TEST(number("failed") == failed.size(), where);
    BOOST_TEST(number("removed") == removed.size(), where);
    const json::object account = attempt.account(result);
    const json::value* held = account.if_contains("kept");
    for (const json::value& one : held ? held->as_array() : json::array())
      BOOST_TEST(is_whole(folder / std::string_view(one.as_string())), where << ": in the account: " << one);
  }

  void check_next_attempt(const Reports& before, const std::string& where) const {
    const loop::ResumeChoice next_choice = loop::choose_resume({folder, "auto", loop::restore_everything, {}});
    for (const std::string& warning : next_choice.warnings) BOOST_TEST(false, where << ": " << warning);
    loop::RecordedRun(folder, next_choice.record).reopen(next_choice.sequence, next_choice.attempt);
    {
      Attempt next(folder, checkpoint::real_file_system(), next_choice.record.attempt + 1, [&](const Report& report) {
        BOOST_TEST((report.what != "failed" && report.what != "trouble"), where << ": next: " << report.about);
      });
      next.run(next_choice);
      static const std::array<float, 4> straight = [] {
        const Trial trial(Beginning::fresh);
        Attempt attempt(trial.folder, checkpoint::real_file_system(), 1, [](const Report&) {});
        attempt.run({});
        return attempt.engine.weights_;
      }();
      BOOST_TEST((next.engine.weights_ == straight), where << ": not the weights of a run that never stopped");
    }
    std::set<std::string> kept = on_disk();
    BOOST_TEST((!this->kept(before).contains("first") || kept.contains("first")), where);
    kept.erase("first");
    // Weights that could not be saved at the last step are lost: then those before stay.
    const bool is_lost = !kept.contains("w3") && all(before, "failed").contains("w3");
    if (is_lost) kept = without(kept, {"w1", "w2"});
    BOOST_TEST(kept == (is_lost ? std::set<std::string>{"deep/s3"} : std::set<std::string>{"deep/s3", "w3"}), where);
    for (const std::string& name : on_disk()) BOOST_TEST(is_whole(path(name)), where << ": " << name);
    BOOST_TEST(fs::read_symlink(path("last")) == "deep/s3.ckpt", where);
    BOOST_TEST((is_whole(path("theirs")) && read_text(checkpoints / "mine") == "not a checkpoint"), where);
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string name = entry.path().filename();
      BOOST_TEST(!name.starts_with(".tenon"), where << ": left: " << entry.path());
      BOOST_TEST((!entry.is_directory() || !fs::is_empty(entry) || name == "theirs empty"),
                 where << ": left: " << name);
    }
    BOOST_TEST(fs::exists(checkpoints / "theirs empty"), where);
  }
};

long calls_of_a_run(Beginning beginning) {
  const Trial trial(beginning);
  FaultyFileSystem files;
  Reports reports;
  {
    Attempt attempt(trial.folder, files, trial.attempt(), [&](const Report& report) { reports.push_back(report); });
    const loop::FitResult result = attempt.run(trial.choice);
    trial.check_reports(attempt, result, reports, true, "without a fault");
  }
  BOOST_TEST(all(reports, "removed").contains("deep/s2"));
  BOOST_TEST(all(reports, "removed").contains("w2"));
  BOOST_TEST(all(reports, "trouble").empty());
  trial.check_next_attempt(reports, "without a fault");
  return files.calls;
}

/// Calls whose failure cannot be made good: somebody must be told.
bool must_be_told(const std::string& call) {
  return call.starts_with("fsync") || call.starts_with("write ") || call.starts_with("mkdir");
}

void try_every_call(const Fault& pattern, Beginning beginning) {
  chain::set_log_level(TENON_LOG_ERROR);
  const long calls = calls_of_a_run(beginning);
  BOOST_TEST_REQUIRE(calls > 100);
  const bool changes_nothing = pattern.kind == Fault::Kind::interrupt || pattern.kind == Fault::Kind::short_count;
  const Share share;
  for (long at = share.first; at < calls; at += share.step) {
    const Trial trial(beginning);
    FaultyFileSystem files;
    files.fault = pattern;
    files.fault.at = at;
    Reports reports;
    std::string where;
    {
      Attempt attempt(trial.folder, files, trial.attempt(), [&](const Report& report) { reports.push_back(report); });
      const loop::FitResult result = attempt.run(trial.choice);
      where = "call " + std::to_string(at) + " (" + files.hit + ")";
      trial.check_reports(attempt, result, reports, pattern.kind != Fault::Kind::error_from_here_on, where);
    }
    const bool is_told = !all(reports, "trouble").empty() || !all(reports, "failed").empty();
    if (changes_nothing) BOOST_TEST(!is_told, where);
    // What was gone back behind is nobody's any more: where it cannot be removed the next attempt does it.
    const bool is_owed = beginning == Beginning::fresh && must_be_told(files.hit);
    if (!changes_nothing && is_owed) BOOST_TEST(is_told, where << ": nobody was told");
    trial.check_disk(reports, where);
    trial.check_next_attempt(reports, where);
  }
}

void try_every_call(const Fault& pattern) {
  for (const Beginning beginning : {Beginning::fresh, Beginning::behind_a_kill}) try_every_call(pattern, beginning);
}

/// Kills the process before each call.
void kill_at_every_call(Beginning beginning) {
  const long calls = calls_of_a_run(beginning);
  const Share share;
  for (long at = share.first; at <= calls; at += share.step) {
    const Trial trial(beginning);
    std::array<int, 2> pipe{};
    BOOST_REQUIRE(::pipe(pipe.data()) == 0);
    const int status = in_child([&] {
      FaultyFileSystem files;
      files.fault = {Fault::Kind::kill, at, 0};
      Attempt(trial.folder, files, trial.attempt(), [&](const Report& report) {
        const std::string line = report.what + " " + report.about + "\n";
        if (::write(pipe[1], line.data(), line.size()) != static_cast<ssize_t>(line.size())) _exit(1);
      }).run(trial.choice);
    });
    ::close(pipe[1]);
    BOOST_TEST(status == (at < calls ? killed_status : 0));
    std::string text;
    for (char byte = 0; ::read(pipe[0], &byte, 1) == 1;) text.push_back(byte);
    ::close(pipe[0]);
    Reports reports;
    std::istringstream lines(text);
    for (Report report; lines >> report.what && std::getline(lines >> std::ws, report.about);)
      reports.push_back(report);
    const std::string where = "killed before call " + std::to_string(at);
    trial.check_disk(reports, where);
    trial.check_next_attempt(reports, where);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(any_call_of_a_run_may_fail_with_eio) { try_every_call({Fault::Kind::error, -1, EIO}); }

BOOST_AUTO_TEST_CASE(any_call_of_a_run_may_fail_with_enospc) { try_every_call({Fault::Kind::error, -1, ENOSPC}); }

BOOST_AUTO_TEST_CASE(the_disk_may_go_away_at_any_call_of_a_run) {
  try_every_call({Fault::Kind::error_from_here_on, -1, EIO});
}

BOOST_AUTO_TEST_CASE(interrupted_and_short_calls_change_nothing_of_what_is_told) {
  try_every_call({Fault::Kind::interrupt, -1, 0});
  try_every_call({Fault::Kind::short_count, -1, 0});
}

BOOST_AUTO_TEST_CASE(a_training_may_be_killed_before_any_call) {
  chain::set_log_level(TENON_LOG_ERROR);
  for (const Beginning beginning : {Beginning::fresh, Beginning::behind_a_kill}) kill_at_every_call(beginning);
}
