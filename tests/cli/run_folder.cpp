// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/run_folder.hpp"

#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <fstream>
#include <tenon/failure.hpp>

namespace tenon::loop {

namespace {

namespace fs = std::filesystem;

struct Scratch {
  Scratch() {
    std::string name = (fs::temp_directory_path() / "tenon-run-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(name.data()));
    path = name;
  }
  ~Scratch() { fs::remove_all(path); }
  fs::path path;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(run_folder)

BOOST_AUTO_TEST_CASE(a_new_folder_is_made_with_what_is_above_it) {
  const Scratch scratch;
  BOOST_TEST(RunFolder(scratch.path / "runs/digits").path() == scratch.path / "runs/digits");
  BOOST_TEST(fs::is_empty(scratch.path / "runs/digits"));
}

BOOST_AUTO_TEST_CASE(an_empty_folder_is_used_and_a_filled_one_gives_the_first_free_version) {
  const Scratch scratch;
  for (const char* name : {"a", "a-v1", "a-v2", "a-v3"}) fs::create_directory(scratch.path / name);
  std::ofstream(scratch.path / "a/x") << "x";
  std::ofstream(scratch.path / "a-v1/x") << "x";
  std::ofstream(scratch.path / "a-v3/x") << "x";
  BOOST_TEST(RunFolder(scratch.path / "a").path() == scratch.path / "a-v2");
}

BOOST_AUTO_TEST_CASE(a_file_in_its_place_gives_a_version_too) {
  const Scratch scratch;
  std::ofstream(scratch.path / "a") << "x";
  BOOST_TEST(RunFolder(scratch.path / "a").path() == scratch.path / "a-v1");
}

BOOST_AUTO_TEST_CASE(two_runs_never_get_one_folder) {
  const Scratch scratch;
  const RunFolder first(scratch.path / "a");
  BOOST_TEST(first.path() == scratch.path / "a");
  BOOST_TEST(RunFolder(scratch.path / "a").path() == scratch.path / "a-v1");
}

BOOST_AUTO_TEST_CASE(an_empty_folder_is_free_again_when_its_run_is_over) {
  const Scratch scratch;
  { const RunFolder first(scratch.path / "a"); }
  BOOST_TEST(RunFolder(scratch.path / "a").path() == scratch.path / "a");
}

BOOST_AUTO_TEST_CASE(what_a_killed_run_has_left_of_its_lock_makes_no_folder_taken) {
  const Scratch scratch;
  fs::create_directory(scratch.path / "a");
  std::ofstream(scratch.path / "a/.tenon-run-lock") << "process 1 on host 'gone'\n";
  BOOST_TEST(RunFolder(scratch.path / "a").path() == scratch.path / "a");
}

BOOST_AUTO_TEST_CASE(an_existing_folder_is_taken_as_it_is_and_by_one_run_at_a_time) {
  const Scratch scratch;
  std::ofstream(scratch.path / "x") << "x";
  const RunFolder first(scratch.path, RunFolder::Take::existing, "20261122-081500-3f9a2c71");
  BOOST_TEST(first.path() == scratch.path);
  BOOST_TEST(fs::exists(scratch.path / "x"));
  try {
    RunFolder(scratch.path, RunFolder::Take::existing);
    BOOST_TEST(false, "not refused");
  } catch (const Failure& failure) {
    BOOST_TEST((failure.code() == ExitCode::output));
    const std::string text = failure.what();
    BOOST_TEST(text.find("is in use: process " + std::to_string(::getpid()) + " on host '") != std::string::npos, text);
    BOOST_TEST(text.find("(run '20261122-081500-3f9a2c71') trains there; wait until it ends") != std::string::npos,
               text);
  }
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_made_is_refused_with_the_cure) {
  try {
    RunFolder("/dev/null/runs/digits");
    BOOST_TEST(false, "not refused");
  } catch (const Failure& failure) {
    BOOST_TEST((failure.code() == ExitCode::output));
    BOOST_TEST(std::string(failure.what()) ==
               "the run's folder '/dev/null/runs/digits' cannot be written: Not a directory; choose another with --out "
               "DIR");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace tenon::loop
