// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/run_record.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <span>
#include <tenon/failure.hpp>

#include "checkpoint/hash.hpp"
#include "checkpoint/json.hpp"
#include "checkpoint/read_error.hpp"
#include "checkpoint/scratch_folder.hpp"
#include "faults/faulty_file_system.hpp"
#include "loop/restore_parts.hpp"

namespace tenon::loop {

namespace {

namespace fs = std::filesystem;
using test::ScratchFolder;

RunRecord some_record(const fs::path& folder) {
  RunRecord record;
  record.run_id = "20261122-081500-3f9a2c71";
  record.started_unix_ns = 1795335300123456789;
  record.task = "digits";
  record.seed = no_limit;
  record.folders = {folder / "checkpoints", "/elsewhere/kept", folder};
  return record;
}

RunEnd some_end() {
  RunEnd end{"stopped", "stop: enough", 3, 69, {}};
  end.limits = {40, no_limit, std::numeric_limits<double>::infinity(), "00ff"};
  return end;
}

bool is_damaged(const fs::path& folder) {
  try {
    read_run_record(folder);
    return false;
  } catch (const checkpoint::ReadError& error) {
    return error.reason() == checkpoint::ReadError::Reason::damaged;
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(run_record)

BOOST_AUTO_TEST_CASE(a_folder_beside_the_run_is_the_one_that_was_moved_or_copied_with_it) {
  const ScratchFolder scratch;
  const fs::path there = scratch.path() / "there", copy = scratch.path() / "copy", alone = scratch.path() / "else/run";
  fs::create_directories(there / "run");
  fs::create_directories(there / "beside");
  RunRecord record = some_record(there / "run");
  record.folders = {there / "beside"};
  RecordedRun(there / "run", record).create();
  BOOST_TEST((read_run_record(there / "run")->folders == std::vector{there / "beside"}));
  fs::copy(there, copy, fs::copy_options::recursive);
  BOOST_TEST((read_run_record(copy / "run")->folders == std::vector{copy / "beside"}));
  fs::create_directories(alone.parent_path());
  fs::rename(copy / "run", alone);
  BOOST_TEST((read_run_record(alone)->folders == std::vector{there / "beside"}));
}

BOOST_AUTO_TEST_CASE(a_record_comes_back_as_it_was_written) {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path();
  BOOST_TEST(!read_run_record(folder));
  RecordedRun run(folder, some_record(folder));
  run.create();
  run.reopen(7, 1);
  run.set_ended(some_end());
  const RunRecord read = read_run_record(folder).value();
  BOOST_TEST(read.run_id == "20261122-081500-3f9a2c71");
  BOOST_TEST(read.started_unix_ns == 1795335300123456789);
  BOOST_TEST(read.attempt == 2u);
  BOOST_TEST(read.resumed_from == std::vector<std::uint64_t>{7}, boost::test_tools::per_element());
  BOOST_TEST(read.task == "digits");
  BOOST_TEST(read.seed == no_limit);
  BOOST_TEST((read.folders == some_record(folder).folders));
  BOOST_REQUIRE(read.ended);
  BOOST_TEST(read.ended->reason == "stopped");
  BOOST_TEST(read.ended->detail == "stop: enough");
  BOOST_TEST(read.ended->steps == 69u);
  BOOST_TEST(read.ended->limits.max_epochs == 40u);
  BOOST_TEST(read.ended->limits.max_steps == no_limit);
  BOOST_TEST(read.ended->limits.max_time == std::numeric_limits<double>::infinity());
  BOOST_TEST((test::entries(folder) == std::set<std::string>{"run.json"}));
}

BOOST_AUTO_TEST_CASE(what_a_run_began_with_comes_back_also_where_it_was_moved_with_the_run) {
  using With = RunBeginning::With;
  const ScratchFolder scratch;
  const fs::path run = scratch.path() / "a/run", source = scratch.path() / "a/source/last.ckpt";
  fs::create_directories(run);
  fs::create_directories(source);
  for (const RunBeginning& begun :
       {RunBeginning{}, RunBeginning{With::weights, source, 0, "00ff"},
        RunBeginning{With::checkpoint, source, restore_parts_from("model,optimizer"), "00ff"},
        RunBeginning{With::program, {}, 0, ""}, RunBeginning{With::unknown, {}, 0, ""}}) {
    RunRecord record = some_record(run);
    record.begun_with = begun;
    RecordedRun(run, record).create();
    const RunBeginning read = read_run_record(run)->begun_with;
    BOOST_TEST((read.with == begun.with));
    BOOST_TEST(read.from == begun.from);
    BOOST_TEST(read.parts == begun.parts);
    BOOST_TEST(read.hash == begun.hash);
  }
  RunRecord record = some_record(run);
  record.begun_with = {With::weights, source, 0, "00ff"};
  RecordedRun(run, record).create();
  fs::rename(scratch.path() / "a", scratch.path() / "b");
  BOOST_TEST(read_run_record(scratch.path() / "b/run")->begun_with.from == scratch.path() / "b/source/last.ckpt");
}

BOOST_AUTO_TEST_CASE(a_record_of_the_first_version_does_not_say_what_the_run_began_with_and_is_read) {
  const ScratchFolder scratch;
  RecordedRun(scratch.path(), some_record(scratch.path())).create();
  boost::json::object o = boost::json::parse(test::read_text(scratch.path() / run_record_file)).as_object();
  o.erase("xxh3_128");
  o.erase("begun_with");
  o["format_version"] = 1;
  const std::string text = checkpoint::canonical_json(o);
  o["xxh3_128"] = checkpoint::hash_of(std::as_bytes(std::span(text)));
  test::write_text(scratch.path() / run_record_file, checkpoint::canonical_json(o));
  const RunRecord read = read_run_record(scratch.path()).value();
  BOOST_TEST((read.begun_with.with == RunBeginning::With::unknown));
  BOOST_TEST(read.task == "digits");
}

BOOST_AUTO_TEST_CASE(a_moved_run_folder_takes_its_own_folders_along) {
  const ScratchFolder scratch;
  fs::create_directory(scratch.path() / "a");
  RecordedRun(scratch.path() / "a", some_record(scratch.path() / "a")).create();
  fs::rename(scratch.path() / "a", scratch.path() / "b");
  const RunRecord read = read_run_record(scratch.path() / "b").value();
  BOOST_TEST((read.folders ==
              std::vector<fs::path>{scratch.path() / "b/checkpoints", "/elsewhere/kept", scratch.path() / "b"}));
}

BOOST_AUTO_TEST_CASE(a_new_attempt_has_not_ended_and_can_be_taken_back) {
  const ScratchFolder scratch;
  RecordedRun run(scratch.path(), some_record(scratch.path()));
  run.create();
  run.set_ended(some_end());
  run.reopen(7, 1);
  BOOST_TEST(!read_run_record(scratch.path())->ended);
  run.put_back();
  BOOST_TEST(read_run_record(scratch.path())->attempt == 1u);
  BOOST_TEST(read_run_record(scratch.path())->ended->reason == "stopped");
}

BOOST_AUTO_TEST_CASE(a_folder_is_recorded_once) {
  const ScratchFolder scratch;
  RecordedRun run(scratch.path(), some_record(scratch.path()));
  for (int i = 0; i < 2; ++i) run.add_folder(scratch.path() / "deploy");
  BOOST_TEST(read_run_record(scratch.path())->folders.size() == 4u);
}

BOOST_AUTO_TEST_CASE(what_an_attempt_went_back_behind_is_left_behind) {
  RunRecord record;
  record.attempt = 3;
  record.resumed_from = {10, 30};
  BOOST_TEST(!record.leaves_behind(1, 10));
  BOOST_TEST(record.leaves_behind(1, 11));
  BOOST_TEST(!record.leaves_behind(2, 30));
  BOOST_TEST(record.leaves_behind(2, 31));
  BOOST_TEST(!record.leaves_behind(3, 99));
  record.attempt = 3;
  record.go_on_from(20, 1);  // on what the first attempt had saved, which the second one has gone back behind
  BOOST_TEST(!record.leaves_behind(1, 20));
  BOOST_TEST(record.leaves_behind(1, 21));
  BOOST_TEST(record.leaves_behind(2, 5));
  BOOST_TEST(record.leaves_behind(3, 5));
  BOOST_TEST(!record.leaves_behind(4, 99));
  record.go_on_from(0, 0);
  BOOST_TEST(record.leaves_behind(1, 1));
  BOOST_TEST(record.leaves_behind(4, 1));
  BOOST_TEST(!record.leaves_behind(5, 1));
}

BOOST_AUTO_TEST_CASE(every_changed_byte_and_every_cut_is_found) {
  const ScratchFolder scratch(ScratchFolder::memory());
  RecordedRun(scratch.path(), some_record(scratch.path())).create();
  const fs::path file = scratch.path() / run_record_file;
  const std::string whole = test::read_text(file);
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    std::string changed = whole;
    changed[i] = static_cast<char>(changed[i] ^ 4);
    test::write_text(file, changed);
    BOOST_TEST(is_damaged(scratch.path()), "byte " << i << " of:\n" << changed);
    test::write_text(file, whole.substr(0, i));
    BOOST_TEST(is_damaged(scratch.path()), "cut to " << i);
  }
}

BOOST_AUTO_TEST_CASE(a_kill_or_an_error_at_any_call_leaves_the_old_record_or_the_new_one) {
  using test::Fault;
  for (const Fault::Kind kind :
       {Fault::Kind::kill, Fault::Kind::error, Fault::Kind::short_count, Fault::Kind::interrupt})
    for (long at = 0, tried = 1; tried > at; ++at) {
      const ScratchFolder scratch(ScratchFolder::memory());
      RecordedRun(scratch.path(), some_record(scratch.path())).create();
      const auto change = [&] {
        test::FaultyFileSystem files;
        files.fault = {kind, at, EIO};
        RecordedRun run(scratch.path(), read_run_record(scratch.path()).value(), files);
        bool failed = false;
        try {
          run.add_folder(scratch.path() / "deploy");
        } catch (const Failure& failure) {
          failed = true;
          BOOST_TEST((failure.code() == ExitCode::output));
        }
        const std::size_t folders = read_run_record(scratch.path())->folders.size();
        BOOST_TEST((failed || folders == 4), files.hit);
        BOOST_TEST((!failed || run.record().folders.size() == 3), files.hit);
        return files.calls > at;
      };
      if (kind == Fault::Kind::kill) {
        const pid_t child = fork();
        if (child == 0) _exit(change() ? 1 : 0);
        int status = 0;
        waitpid(child, &status, 0);
        BOOST_REQUIRE(WIFEXITED(status));
        tried = WEXITSTATUS(status) == test::killed_status ? at + 2 : 0;
      } else {
        tried = change() ? at + 2 : 0;
      }
      const std::size_t folders = read_run_record(scratch.path())->folders.size();
      BOOST_TEST((folders == 3 || folders == 4));
      RecordedRun next(scratch.path(), read_run_record(scratch.path()).value());
      next.set_ended(some_end());
      BOOST_TEST((test::entries(scratch.path()) == std::set<std::string>{"run.json"}));
    }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::loop
