// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What `--resume` finds among the checkpoints of a run, and what it says where it finds nothing.
#include <tenon/hooks.h>
#include <unistd.h>

#include "loop/resume_choice.hpp"

#include <boost/json/array.hpp>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <tenon/failure.hpp>

#include "checkpoint/folder.hpp"
#include "checkpoint/sample_content.hpp"
#include "checkpoint/scratch_folder.hpp"
#include "loop/run_beginning.hpp"

namespace tenon::loop {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using test::ScratchFolder;

struct Saved {
  std::uint64_t sequence = 1;
  bool full = true;
  bool consistent = true;
  std::uint64_t attempt = 1;
  std::string run_id = "this";
  std::string folder = "checkpoints";
  json::object bests = {};
  json::array holders = {};
  bool durable = true;
  std::vector<std::uint64_t> saving = {};          ///< tickets of all saves of its commit point
  std::vector<std::uint64_t> done = {};            ///< of saves that were known to be on disk when it was written
  std::optional<std::uint64_t> saved_before = {};  ///< what the account says of the run so far
};

/// A run's folder with a record and what the test saves.
struct Run {
  ScratchFolder scratch{ScratchFolder::memory()};
  fs::path folder = scratch.path() / "run";
  RunLimits limits{20, no_limit, std::numeric_limits<double>::infinity(), "settings"};

  explicit Run(bool recorded = true) {
    fs::create_directory(folder);
    if (!recorded) return;
    RunRecord record;
    record.run_id = "this";
    record.task = "digits";
    record.folders = {folder / "checkpoints"};
    RecordedRun(folder, record).create();
  }
  void change(const std::function<void(RunRecord&)>& how) const {
    RunRecord record = read_run_record(folder).value();
    how(record);
    RecordedRun(folder, record).create();
  }
  void end(const std::string& reason) const {
    change([&](RunRecord& record) { record.ended = RunEnd{reason, "", 20, 460, limits}; });
  }
  fs::path save(const std::string& name, const Saved& what) const {
    checkpoint::Content content = test::full_content(name);
    content.full = what.full;
    content.durable = what.durable;
    if (!what.full) content.training.clear();
    if (!what.durable) content.model.clear(), content.training.clear();
    content.document = {{"task", "digits"},
                        {"seed", 7},
                        {"sequence", what.sequence},
                        {"attempt", what.attempt},
                        {"bests", what.bests},
                        {"holders", what.holders},
                        {"consistent", what.consistent}};
    json::array open;
    for (const std::uint64_t ticket : what.saving)
      open.push_back({{"ticket", ticket}, {"request", TENON_REQUEST_SAVE}, {"callback", "any"}});
    for (const std::uint64_t ticket : what.done)
      open.push_back(
          {{"ticket", ticket}, {"request", TENON_REQUEST_SAVE}, {"callback", "any"}, {"outcome", TENON_TICKET_DONE}});
    content.document["requests"] = {{"open", std::move(open)}};
    if (what.saved_before) content.document["tallies"] = {{"any", {{"saved", *what.saved_before}}}};
    return checkpoint::Folder::open(folder / what.folder, what.run_id)->write(content).path;
  }
  ResumeRequest request(const std::string& word) const { return {folder, word, restore_everything, limits}; }
  ResumeChoice choose(const std::string& word) const { return choose_resume(request(word)); }
  std::string refusal(const std::string& word) const {
    try {
      goes_on_in_place(request(word));
      choose(word);
    } catch (const Failure& failure) {
      BOOST_TEST((failure.code() == ExitCode::checkpoint));
      return failure.what();
    }
    BOOST_TEST(false, "not refused: " << word);
    return {};
  }
};

void damage(const fs::path& checkpoint, const char* file) {
  std::string bytes = test::read_text(checkpoint / file);
  bytes[bytes.size() - 5] = static_cast<char>(bytes[bytes.size() - 5] ^ 1);
  test::write_text(checkpoint / file, bytes);
}

std::string all(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) joined += text + "\n";
  return joined;
}

json::array held(const char* callback, std::uint64_t ticket) {
  return {json::object{{"callback", callback}, {"ticket", ticket}}};
}

void has(const std::string& text, const std::string& part) {
  BOOST_TEST(text.find(part) != std::string::npos, text << "\nhas no: " << part);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(resume_choice)

BOOST_AUTO_TEST_CASE(auto_takes_the_newest_full_one_that_training_can_go_on_from_recovery_included) {
  const Run run;
  run.save("a", {.sequence = 3});
  run.save("b", {.sequence = 5});
  run.save("weights", {.sequence = 6, .full = false});
  run.save("half", {.sequence = 7, .consistent = false});
  run.save("other", {.sequence = 8, .run_id = "another"});
  ResumeChoice choice = run.choose("auto");
  BOOST_TEST(choice.from->path() == run.folder / "checkpoints/b.ckpt");
  BOOST_TEST(choice.sequence == 5u);
  BOOST_TEST(choice.same_run);
  BOOST_TEST(choice.checkpoints.size() == 4u);
  BOOST_TEST(choice.warnings.empty());
  run.save("signal", {.sequence = 6, .folder = "recovery"});
  for (const char* word : {"auto", "last"})
    BOOST_TEST(run.choose(word).from->path() == run.folder / "recovery/signal.ckpt");
}

BOOST_AUTO_TEST_CASE(auto_moves_what_is_damaged_aside_and_takes_the_next) {
  const Run run;
  run.save("a", {.sequence = 3});
  damage(run.save("b", {.sequence = 5}), "training.safetensors");
  damage(run.save("c", {.sequence = 6}), "model.safetensors");
  damage(run.save("d", {.sequence = 7}), "checkpoint.json");
  fs::remove(run.save("e", {.sequence = 8}) / "checkpoint.json");
  const ResumeChoice choice = run.choose("auto");
  BOOST_TEST(choice.from->path() == run.folder / "checkpoints/a.ckpt");
  BOOST_TEST(choice.checkpoints.size() == 1u);
  BOOST_TEST(choice.warnings.size() == 4u);
  has(all(choice.warnings), "c.ckpt': 'model.safetensors', tensor 'layer.weight': its bytes are not those");
  has(all(choice.warnings), "it is called 'b.ckpt.damaged' now");
  BOOST_TEST((test::entries(run.folder / "checkpoints") ==
              std::set<std::string>{"a.ckpt", "b.ckpt.damaged", "c.ckpt.damaged", "d.ckpt.damaged", "e.ckpt.damaged"}));
  damage(run.save("b", {.sequence = 5}), "training.safetensors");
  fs::create_directory(run.folder / "checkpoints/mine.ckpt");
  run.choose("auto");
  BOOST_TEST(fs::exists(run.folder / "checkpoints/mine.ckpt"));
  BOOST_TEST(fs::exists(run.folder / "checkpoints/b.ckpt.damaged-1"));
}

BOOST_AUTO_TEST_CASE(what_is_damaged_of_another_run_is_left_alone) {
  const Run run;
  run.save("a", {.sequence = 3});
  const fs::path other = run.save("other", {.sequence = 8, .run_id = "another"});
  fs::resize_file(other / "model.safetensors", 10);
  const ResumeChoice choice = run.choose("auto");
  BOOST_TEST(choice.from->path() == run.folder / "checkpoints/a.ckpt");
  BOOST_TEST(choice.warnings.empty());
  BOOST_TEST(fs::exists(other));
}

BOOST_AUTO_TEST_CASE(nothing_is_moved_in_a_folder_that_another_run_has_locked) {
  const Run run;
  run.save("a", {.sequence = 3});
  damage(run.save("b", {.sequence = 5}), "training.safetensors");
  damage(run.save("within/c", {.sequence = 6}), "training.safetensors");
  const std::string by = "is in use: process " + std::to_string(::getpid());
  {
    const auto other = checkpoint::Folder::open(run.folder / "checkpoints", "another");
    const ResumeChoice choice = run.choose("auto");
    BOOST_TEST(choice.from->path() == run.folder / "checkpoints/a.ckpt");
    has(all(choice.warnings), "b.ckpt': 'training.safetensors'");
    has(all(choice.warnings), "it could not be moved aside: the checkpoint folder");
    has(all(choice.warnings), by);
    BOOST_TEST(fs::exists(run.folder / "checkpoints/b.ckpt"));
  }
  const auto within = checkpoint::Folder::open(run.folder / "checkpoints/within", "another");
  const ResumeChoice choice = run.choose("auto");
  has(all(choice.warnings), "within' " + by);
  BOOST_TEST(fs::exists(run.folder / "checkpoints/within/c.ckpt"));
  BOOST_TEST(fs::exists(run.folder / "checkpoints/b.ckpt.damaged"));
}

BOOST_AUTO_TEST_CASE(auto_goes_behind_a_commit_point_of_which_a_kill_left_one_save_out) {
  Run run;
  const fs::path before = run.save("before", {.sequence = 3, .holders = held("best", 1), .saving = {1}});
  run.save("first", {.sequence = 5, .holders = held("best", 2), .saving = {2, 3}});
  BOOST_TEST(run.choose("auto").from->path() == before);
  run.save("second", {.sequence = 5, .full = false, .holders = held("deploy", 3)});
  BOOST_TEST(run.choose("auto").sequence == 5u);
  fs::remove_all(before);
  fs::remove_all(run.folder / "checkpoints/second.ckpt");
  const ResumeChoice left = run.choose("auto");  // better than nothing
  BOOST_TEST(left.sequence == 5u);
  has(all(left.warnings), "first.ckpt' is of a commit point that is not all on disk, and none before it is there");
}

BOOST_AUTO_TEST_CASE(auto_begins_again_where_a_kill_left_one_save_out_of_the_first_commit_point) {
  const Run run;
  run.save("first", {.sequence = 5, .holders = held("best", 2), .saving = {2, 3}, .saved_before = 0});
  for (const char* reason : {"", "failed"}) {
    if (*reason) run.end(reason);
    const ResumeChoice choice = run.choose("auto");
    BOOST_TEST(!choice.from);
    BOOST_TEST(choice.same_run);
    BOOST_TEST(choice.begins_again);
    BOOST_TEST(choice.sequence == 0u);
    BOOST_TEST(choice.checkpoints.size() == 1u);  // which goes once there is a new one
    BOOST_TEST(choice.warnings.empty());
    has(all(choice.remarks), "first.ckpt' is of the first commit point at which the run saved anything");
    has(all(choice.remarks), "the run starts from the beginning");
  }
  BOOST_TEST(run.choose("last").sequence == 5u);
  // It has come to an end, so that nobody killed it there; or all that is known of it is its checkpoints.
  run.end("interrupted");
  BOOST_TEST(run.choose("auto").sequence == 5u);
  fs::remove(run.folder / run_record_file);
  BOOST_TEST(run.choose("auto").sequence == 5u);
}

BOOST_AUTO_TEST_CASE(what_was_saved_before_at_the_same_commit_point_does_not_make_it_a_later_one) {
  const Saved full{.sequence = 5, .holders = held("best", 2), .saving = {2, 3}, .done = {1}, .saved_before = 0};
  const Run run, later;
  run.save("weights", {.sequence = 5, .full = false, .holders = held("deploy", 1)});
  run.save("full", full);
  BOOST_TEST(run.choose("auto").begins_again);
  later.save("weights", {.sequence = 4, .full = false, .holders = held("deploy", 1)});
  later.save("full", full);
  BOOST_TEST(later.choose("auto").sequence == 5u);
}

BOOST_AUTO_TEST_CASE(auto_goes_on_from_what_is_left_where_what_came_before_was_removed_by_somebody) {
  const Run run;
  run.save("tenth", {.sequence = 50, .holders = held("best", 20), .saving = {20, 21}, .saved_before = 18});
  const ResumeChoice choice = run.choose("auto");
  BOOST_TEST(choice.sequence == 50u);
  BOOST_TEST(!choice.begins_again);
  has(all(choice.warnings), "what is missing of it stays missing");
}

BOOST_AUTO_TEST_CASE(a_run_with_nothing_to_go_on_from_begins_again_with_the_state_that_it_began_with) {
  const Run source, run;
  const fs::path named = source.save("a", {.sequence = 3});
  run.change([&](RunRecord& record) {
    record.begun_with = begun_with_checkpoint(checkpoint::Checkpoint::open(named), restore_parts_from("model,rng"));
  });
  const ResumeChoice choice = run.choose("auto");
  BOOST_TEST(choice.same_run);
  BOOST_TEST(choice.begins_again);
  BOOST_TEST(choice.sequence == 0u);
  BOOST_TEST(choice.from->path() == named);
  BOOST_TEST(!choice.model.records.empty());
  has(all(choice.remarks), "the run starts from the beginning, with parts of '" + named.string() + "' (model, rng)");
  damage(named, "training.safetensors");
  has(run.refusal("auto"), "and it began with parts of '" + named.string());
  has(run.refusal("auto"), "which cannot be read now: '" + named.string() + "': 'training.safetensors'");
  BOOST_TEST(fs::exists(named));  // another run's
  run.save("b", {.sequence = 4});
  BOOST_TEST(run.choose("auto").sequence == 4u);
  BOOST_TEST(!run.choose("auto").begins_again);
}

BOOST_AUTO_TEST_CASE(where_nothing_says_what_a_run_began_with_that_is_said) {
  const Run run;
  BOOST_TEST(all(run.choose("auto").warnings).find("began with") == std::string::npos);
  test::write_text(run.folder / "manifest.json", "{}");
  fs::remove(run.folder / run_record_file);
  BOOST_TEST(goes_on_in_place(run.request("auto")));
  has(all(run.choose("auto").warnings),
      "nothing says any more what the run in '" + run.folder.string() + "' began with");
  run.save("weights", {.sequence = 3, .full = false});
  BOOST_TEST(run.choose("auto").same_run);
  has(all(run.choose("auto").warnings), "it begins with the weights that the task makes");
}

BOOST_AUTO_TEST_CASE(auto_starts_in_the_same_folder_where_there_is_nothing_to_go_on_from) {
  const Run run;
  run.save("weights", {.sequence = 6, .full = false});
  BOOST_TEST(goes_on_in_place(run.request("auto")));
  const ResumeChoice choice = run.choose("auto");
  BOOST_TEST(!choice.from);
  BOOST_TEST(choice.same_run);
  BOOST_TEST(choice.sequence == 0u);
  BOOST_TEST(choice.record.run_id == "this");
  has(all(choice.remarks), "the run starts from the beginning");
}

BOOST_AUTO_TEST_CASE(auto_begins_a_run_in_a_new_or_empty_folder_and_in_no_other) {
  const ScratchFolder scratch;
  const ResumeRequest request{scratch.path() / "new", "auto", restore_everything, {}};
  BOOST_TEST(goes_on_in_place(request));
  BOOST_TEST(!choose_resume(request).same_run);
  fs::create_directory(scratch.path() / "new");
  test::write_text(scratch.path() / "new/.tenon-run-lock", "left by a killed run");
  BOOST_TEST(goes_on_in_place(request));
  test::write_text(scratch.path() / "new/thesis.txt", "");
  try {
    goes_on_in_place(request);
    BOOST_TEST(false, "not refused");
  } catch (const Failure& failure) {
    BOOST_TEST((failure.code() == ExitCode::output));
    has(std::string(failure.what()), "is not the folder of a run");
  }
}

BOOST_AUTO_TEST_CASE(last_takes_the_newest_and_never_another_one_in_its_place) {
  const Run run;
  run.save("a", {.sequence = 3});
  const fs::path newest = run.save("b", {.sequence = 5});
  BOOST_TEST(run.choose("last").from->path() == newest);
  damage(newest, "model.safetensors");
  has(run.refusal("last"), "b.ckpt': 'model.safetensors', tensor 'layer.weight'");
  has(run.refusal("last"), "`--resume auto` goes on from the newest that is whole");
  BOOST_TEST(fs::exists(newest));
  damage(newest, "checkpoint.json");
  BOOST_TEST(run.choose("last").sequence == 3u);
  has(all(run.choose("last").warnings), "passed over: '" + newest.string() + "': 'checkpoint.json'");
  fs::create_directory_symlink("b.ckpt", run.folder / "checkpoints/last.ckpt");
  has(run.refusal("last"), "'last' points at it: '" + newest.string() + "': 'checkpoint.json'");
}

BOOST_AUTO_TEST_CASE(last_of_nothing_says_what_there_is) {
  has(Run().refusal("last"), "the run has no checkpoint there; `--resume auto` starts from the beginning then");
  const Run run;
  run.save("deploy", {.full = false});
  has(run.refusal("last"), "deploy.ckpt' holds weights only, which a new run can start from: --weights");
  const Run none(false);
  has(none.refusal("last"), "there is no run in '" + none.folder.string() + "'; name the folder of the run with --out");
}

BOOST_AUTO_TEST_CASE(best_is_the_only_callbacks_that_has_a_full_one) {
  const Run run;
  const fs::path best = run.save("a", {.sequence = 3, .bests = {{"top", 4}}, .holders = held("top", 4)});
  run.save("b", {.sequence = 5, .bests = {{"top", 4}, {"deploy", 9}}, .holders = held("top", 8)});
  run.save("small", {.sequence = 5, .full = false, .holders = held("deploy", 9)});
  BOOST_TEST(run.choose("best").from->path() == best);
  BOOST_TEST(run.choose("best:top").from->path() == best);
  has(run.refusal("best:deploy"), "holds weights only; start a new run from them with --weights");
  has(run.refusal("best:tpo"), "callback 'tpo' has no best checkpoint; there are best:top");
  run.save("c", {.sequence = 6, .bests = {{"top", 4}, {"stop", 8}}, .holders = held("stop", 8)});
  has(run.refusal("best"), "several callbacks have a best checkpoint: say whose, best:stop, best:top");
}

BOOST_AUTO_TEST_CASE(a_best_that_never_became_durable_falls_back_to_the_one_before) {
  const Run run;
  has(run.refusal("best"), "no callback of the run in");
  const fs::path best = run.save("a", {.sequence = 3, .bests = {{"top", 4}}, .holders = held("top", 4)});
  run.save("b", {.sequence = 5, .bests = {{"top", 77}}});
  BOOST_TEST(run.choose("best").from->path() == best);
}

BOOST_AUTO_TEST_CASE(a_path_of_the_same_run_goes_on_with_it) {
  const Run run;
  const fs::path named = run.save("a", {.sequence = 3});
  run.save("b", {.sequence = 5});
  fs::create_directory_symlink("a.ckpt", run.folder / "checkpoints/last.ckpt");
  for (const fs::path& path : {named, run.folder / "checkpoints/last.ckpt"}) {
    BOOST_TEST(goes_on_in_place(run.request(path)));
    const ResumeChoice choice = run.choose(path);
    BOOST_TEST(choice.same_run);
    BOOST_TEST(choice.sequence == 3u);
    BOOST_TEST(choice.checkpoints.size() == 2u);
  }
}

BOOST_AUTO_TEST_CASE(a_path_of_another_run_and_parts_begin_a_new_one) {
  const Run source;
  const fs::path named = source.save("a", {.sequence = 3});
  const ScratchFolder scratch;
  const ResumeRequest elsewhere{scratch.path() / "new", named, restore_everything, {}};
  BOOST_TEST(!goes_on_in_place(elsewhere));
  const ResumeChoice choice = choose_resume(elsewhere);
  BOOST_TEST(!choice.same_run);
  BOOST_TEST(choice.record.run_id == "");
  BOOST_TEST(choice.from->run_id() == "this");
  has(all(choice.remarks), "`--out " + source.folder.string() + "` would go on with that run itself");
  ResumeRequest parts = source.request(named);
  parts.parts = restore_parts_from("model,optimizer");
  BOOST_TEST(!goes_on_in_place(parts));
  const ResumeChoice partly = choose_resume(parts);
  BOOST_TEST(!partly.same_run);
  has(all(partly.remarks),
      "taken over from it: model, optimizer; not taken over, and begun anew: schedules, rng, data, task, callbacks, "
      "progress");
}

BOOST_AUTO_TEST_CASE(what_is_no_checkpoint_to_go_on_from_is_refused_with_its_use) {
  const Run run;
  const fs::path deploy = run.save("deploy", {.full = false});
  has(run.refusal(deploy),
      "holds weights only, and a run cannot go on from them; start a new one from them with "
      "--weights " +
          deploy.string());
  has(run.refusal(deploy / "model.safetensors"), "start a new one from them with --weights");
  has(run.refusal(run.save("played", {.durable = false})), "was made by a replay");
  has(run.refusal(run.folder), "is the folder of a run, not a checkpoint; `--out " + run.folder.string());
  has(run.refusal(run.folder / "checkpoints"),
      "is a folder of checkpoints; name one of them: deploy.ckpt, played.ckpt");
  has(run.refusal(run.folder / "lats"), "there is no '" + (run.folder / "lats").string() + "'; did you mean 'last'?");
  has(run.refusal(run.folder / "run.json"), "is no checkpoint of Tenon's");
  fs::create_directory_symlink("gone.ckpt", run.folder / "last.ckpt");
  has(run.refusal(run.folder / "last.ckpt"), "points at 'gone.ckpt', which is not there any more");
  const fs::path damaged = run.save("damaged", {});
  damage(damaged, "training.safetensors");
  has(run.refusal(damaged), "'training.safetensors', tensor 'optimizer/0/layer.weight/momentum_buffer'");
}

BOOST_AUTO_TEST_CASE(what_an_earlier_attempt_has_left_behind_is_not_chosen) {
  const Run run;
  run.save("a", {.sequence = 3});
  run.save("b", {.sequence = 5});
  run.change([](RunRecord& record) {
    record.attempt = 2;
    record.resumed_from = {3};
  });
  for (const char* word : {"auto", "last"}) BOOST_TEST(run.choose(word).sequence == 3u);
  BOOST_TEST(run.choose("auto").checkpoints.back().left_behind);
  run.save("c", {.sequence = 4, .attempt = 2});
  for (const char* word : {"auto", "last"}) BOOST_TEST(run.choose(word).sequence == 4u);
}

BOOST_AUTO_TEST_CASE(one_that_is_named_though_it_was_left_behind_is_not_any_more_and_what_came_instead_is) {
  const Run run;
  run.save("a", {.sequence = 3});
  const fs::path b = run.save("b", {.sequence = 5});
  run.change([](RunRecord& record) { record.go_on_from(3, 1); });
  run.save("c", {.sequence = 4, .attempt = 2});
  const ResumeChoice choice = run.choose(b);
  BOOST_TEST(choice.attempt == 1u);
  for (const RunCheckpoint& c : choice.checkpoints) BOOST_TEST(c.left_behind == (c.name == "c"), c.name);
}

BOOST_AUTO_TEST_CASE(what_a_killed_attempt_had_hidden_is_looked_at_again) {
  const Run run;
  run.save("a", {.sequence = 3});
  const fs::path b = run.save("b", {.sequence = 5, .full = false});
  run.change([](RunRecord& record) { record.go_on_from(3, 1); });
  fs::rename(b, b.parent_path() / ".tenon-aside-b.ckpt");
  const ResumeChoice choice = run.choose("auto");
  BOOST_REQUIRE_EQUAL(choice.checkpoints.size(), 2u);
  BOOST_TEST(choice.checkpoints.back().left_behind);
  BOOST_TEST(fs::exists(b));
}

BOOST_AUTO_TEST_CASE(a_damaged_or_missing_record_is_said_and_checkpoints_are_found_by_looking) {
  const Run run;
  run.save("a", {.sequence = 3, .folder = "deep/er"});
  run.save("b", {.sequence = 5});
  const fs::path record = run.folder / run_record_file;
  test::write_text(record, test::read_text(record).substr(0, 40));
  ResumeChoice choice = run.choose("auto");
  BOOST_TEST(choice.sequence == 5u);
  BOOST_TEST(choice.same_run);
  BOOST_TEST(choice.record.run_id == "this");
  BOOST_TEST(choice.checkpoints.size() == 2u);
  has(all(choice.warnings), "'run.json': it is cut short or no run's record; the checkpoints of run 'this' were found");
  fs::remove(record);
  choice = run.choose("last");
  BOOST_TEST(choice.sequence == 5u);
  has(all(choice.warnings), "there is no run.json in");
}

BOOST_AUTO_TEST_CASE(without_a_record_checkpoints_are_found_where_a_link_has_put_them_but_not_by_any_link) {
  const Run run(false), other;
  run.save("a", {.sequence = 3});
  other.save("b", {.sequence = 5, .run_id = "other"});
  fs::rename(run.folder / "checkpoints", run.scratch.path() / "large disk");
  fs::create_directory_symlink(run.scratch.path() / "large disk", run.folder / "checkpoints");
  fs::create_directory_symlink(other.folder / "checkpoints", run.folder / "begun from");
  BOOST_TEST(goes_on_in_place(run.request("auto")));
  const ResumeChoice choice = run.choose("auto");
  BOOST_TEST(choice.from->path() == run.folder / "checkpoints/a.ckpt");
  BOOST_TEST((choice.record.folders == std::vector{run.folder / "checkpoints"}));
}

BOOST_AUTO_TEST_CASE(a_moved_run_folder_goes_on_where_it_is) {
  Run run;
  run.save("a", {.sequence = 3});
  fs::rename(run.folder, run.scratch.path() / "moved");
  run.folder = run.scratch.path() / "moved";
  BOOST_TEST(run.choose("auto").from->path() == run.folder / "checkpoints/a.ckpt");
}

BOOST_AUTO_TEST_CASE(a_finished_run_says_so_until_a_limit_is_raised) {
  Run run;
  run.save("a", {.sequence = 3});
  run.end("finished");
  for (const char* word : {"auto", "last", "best"}) {
    has(run.choose(word).finished,
        "is finished: 20 epochs, 460 steps. To train on, raise its limit, as in `--set "
        "trainer.max_epochs=40`");
    BOOST_TEST(!run.choose(word).from);
  }
  // As where the process was killed behind the end.
  test::write_text(run.folder / "checkpoints/.tenon-lock", "process 99999 of long ago\n");
  fs::create_directory(run.folder / "checkpoints/.tenon-tmp-99999-0");
  run.choose("auto");
  BOOST_TEST((test::entries(run.folder / "checkpoints") == std::set<std::string>{"a.ckpt"}));
  run.limits.settings = "others";
  run.limits.max_epochs = 10;
  BOOST_TEST(run.choose("auto").finished != "");
  run.limits.max_epochs = 21;
  BOOST_TEST(run.choose("auto").finished == "");
  BOOST_TEST(run.choose("auto").sequence == 3u);
  BOOST_TEST(!run.choose("auto").stops_are_done);
  for (const char* reason : {"failed", "interrupted"}) {
    run.end(reason);
    BOOST_TEST(run.choose("auto").sequence == 3u);
  }
}

BOOST_AUTO_TEST_CASE(a_save_that_could_not_be_made_does_not_lead_back_behind_what_came_later) {
  const Run run;
  run.save("a", {.sequence = 3, .holders = held("one", 1)});
  run.save("b", {.sequence = 5, .holders = held("one", 2), .saving = {2, 3}});  // another's failed
  BOOST_TEST(run.choose("auto").sequence == 3u);  // it looks as if the process had been killed between the two
  run.save("c", {.sequence = 7, .holders = held("one", 4), .saving = {4, 5}});
  BOOST_TEST(run.choose("auto").sequence == 5u);
  run.save("d", {.sequence = 8, .full = false, .holders = held("two", 6)});
  BOOST_TEST(run.choose("auto").sequence == 7u);
}

BOOST_AUTO_TEST_CASE(a_stop_that_the_run_has_gone_on_behind_stays_done_whatever_ends_the_next_attempt) {
  Run run;
  run.save("a", {.sequence = 3});
  run.end("stopped");
  run.limits.settings = "others";
  BOOST_TEST(run.choose("auto").stops_are_done);
  RecordedRun record(run.folder, read_run_record(run.folder).value());
  record.reopen(3, 1);
  BOOST_TEST(!read_run_record(run.folder)->ended.has_value());  // and the attempt is killed
  BOOST_TEST(run.choose("auto").stops_are_done);
  RecordedRun(run.folder, read_run_record(run.folder).value()).reopen(3, 1);
  BOOST_TEST(run.choose("auto").stops_are_done);
  run.save("b", {.sequence = 5, .attempt = 3});
  BOOST_TEST(run.choose("auto").sequence == 5u);
  BOOST_TEST(!run.choose("auto").stops_are_done);  // what asks for one there asks anew
}

BOOST_AUTO_TEST_CASE(a_stop_that_an_attempt_has_gone_back_behind_is_carried_out_when_it_comes_again) {
  Run run;
  run.save("a", {.sequence = 3});
  run.save("b", {.sequence = 9});
  run.end("stopped");
  run.limits.settings = "others";
  RecordedRun(run.folder, read_run_record(run.folder).value()).reopen(9, 1);
  BOOST_TEST(run.choose("auto").stops_are_done);
  RecordedRun(run.folder, read_run_record(run.folder).value()).reopen(3, 1);
  BOOST_TEST(run.choose("auto").sequence == 3u);
  BOOST_TEST(run.choose("auto").stops_are_done);  // of the attempts that ended in it
  run.save("c", {.sequence = 7, .attempt = 3});   // and the attempt is killed at its own stop
  BOOST_TEST(run.choose("auto").sequence == 7u);
  BOOST_TEST(!run.choose("auto").stops_are_done);
}

BOOST_AUTO_TEST_CASE(numbers_of_a_document_that_cannot_be_are_survived) {
  for (const std::uint64_t attempt : {std::uint64_t{0}, std::uint64_t{1'000'000'000'000'000}}) {
    const Run run(false);
    run.save("a", {.sequence = 3, .attempt = attempt});
    BOOST_TEST(run.choose("last").sequence == 3u);
  }
}

BOOST_AUTO_TEST_CASE(a_stopped_run_says_so_until_its_settings_change_or_a_path_is_named) {
  Run run;
  const fs::path named = run.save("a", {.sequence = 3});
  run.end("stopped");
  has(run.choose("auto").finished, "was stopped after 20 epochs, 460 steps");
  has(run.choose("auto").finished, "give the callback that stopped it other options");
  BOOST_TEST(run.choose(named).sequence == 3u);
  BOOST_TEST(run.choose(named).stops_are_done);
  run.limits.settings = "others";
  BOOST_TEST(run.choose("auto").sequence == 3u);
  BOOST_TEST(run.choose("auto").stops_are_done);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::loop
