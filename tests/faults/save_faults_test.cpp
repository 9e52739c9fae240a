// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What DESIGN's protocol promises, tried at every single call to the file system: a save that takes the place of an
// older checkpoint, with a ref that moves; a save under a name that a resumed run has set aside; and the sweep of what
// a killed run left.
// The first argument after "--" is the share of all calls that is tried: "all", or every so many.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <tenon/failure.hpp>
#include <vector>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/folder.hpp"
#include "checkpoint/inspect.hpp"
#include "faulty_file_system.hpp"
#include "sample_content.hpp"
#include "scratch_folder.hpp"
#include "share.hpp"

using namespace tenon::checkpoint;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

/// What the run was told, in order; each is told only when all before it were.
enum Told { nothing, opened, set_aside, saved, ref_moved, removed };

constexpr const char* old_name = "deep/er/old";
constexpr const char* new_name = "sub/new";
constexpr const char* replaced_name = "replaced";

/// Five pages and five bytes under the names of full_content.
Content paged_content(const std::string& name) {
  static const std::vector<std::byte> bytes(5 * 4096 + 5, std::byte{7});
  Content content = full_content(name);
  content.model.push_back({"pages", DType::u8, {static_cast<std::int64_t>(bytes.size())}, bytes});
  return content;
}

/// The ways that a file takes to the disk.
struct Way {
  const char* name;
  std::size_t piece;
  FaultyFileSystem::Cache cache;
};
const std::array<Way, 4> ways = {{
    {"small", std::size_t{8} << 20, FaultyFileSystem::Cache::passed_by},
    {"past the cache", 8192, FaultyFileSystem::Cache::passed_by},
    {"through the cache", 8192, FaultyFileSystem::Cache::used},
    {"through the cache after all", 8192, FaultyFileSystem::Cache::used_after_all},
}};

FaultyFileSystem file_system(const Way& way) {
  FaultyFileSystem files;
  files.piece = way.piece;
  files.cache = way.cache;
  return files;
}

/// What a run does. `tell` is called with each thing that it may rely on from then on; Failure and WriteError end it.
void save_and_prune(const fs::path& path, FileSystem& files, const std::function<void(Told)>& tell) {
  const auto folder = Folder::open(path, "run", true, files);
  tell(opened);
  folder->write(paged_content(new_name));
  tell(saved);
  folder->set_ref("last", new_name);
  tell(ref_moved);
  folder->remove(old_name);
  tell(removed);
}

/// What a resumed run does with a later checkpoint of its own whose name it needs.
void save_in_the_place_of_another(const fs::path& path, FileSystem& files, const std::function<void(Told)>& tell) {
  const auto folder = Folder::open(path, "run", true, files);
  tell(opened);
  folder->set_aside(replaced_name);
  tell(set_aside);
  try {
    folder->write(paged_content(replaced_name));
  } catch (const WriteError&) {
    try {
      folder->put_back(replaced_name);
    } catch (const WriteError&) {  // the next run does
    }
    throw;
  }
  tell(saved);
  folder->remove_aside(replaced_name);
  tell(removed);
}

struct Trial {
  ScratchFolder scratch{ScratchFolder::memory()};
  fs::path path = scratch.path() / "c";

  Trial() {
    const auto folder = Folder::open(path, "run");
    folder->write(full_content(old_name));
    folder->set_ref("last", old_name);
    folder->write(full_content("other"));
    folder->write(full_content(replaced_name));
    folder->write(full_content("hidden"));
    write_text(path / "mine", "not a checkpoint");
    // As a killed run leaves it.
    fs::rename(path / "hidden.ckpt", path / ".tenon-aside-hidden.ckpt");
    fs::create_directory(path / ".tenon-tmp-1-2");
    write_text(path / ".tenon-tmp-1-2" / "model.safetensors", "torn");
  }

  bool is_whole(const std::string& name) const {
    try {
      verify(path / (name + ".ckpt"));
      return true;
    } catch (const ReadError&) {
      return false;
    }
  }
  bool exists(const std::string& name) const { return fs::exists(path / (name + ".ckpt")); }

  bool is_new(const std::string& name) const {
    return is_whole(name) && Checkpoint::open(path / (name + ".ckpt"))
                                 .document()
                                 .at("tensors")
                                 .at("model.safetensors")
                                 .as_object()
                                 .contains("pages");
  }

  /// What must hold whatever happened and whatever is done, given the last thing the run was told.
  void check_old_ones(Told told, const std::string& where) const {
    BOOST_TEST(is_whole("other"), where);
    BOOST_TEST(is_whole("last"), where << ": last does not lead to a checkpoint");
    BOOST_TEST((is_whole("hidden") || (told == nothing && fs::exists(path / ".tenon-aside-hidden.ckpt"))), where);
    BOOST_TEST(read_text(path / "mine") == "not a checkpoint");
  }

  void check_save_and_prune(Told told, const std::string& where) const {
    BOOST_TEST(is_whole(replaced_name), where);
    BOOST_TEST((is_whole(old_name) || is_whole(new_name)), where << ": neither the old nor the new one is there");
    BOOST_TEST((!exists(new_name) || is_whole(new_name)), where << ": the new one is torn");
    BOOST_TEST((told < saved || is_whole(new_name)), where << ": reported as saved and is not");
    BOOST_TEST((told >= ref_moved || is_whole(old_name)), where << ": the old one went before it was let go");
    BOOST_TEST((told < removed || !exists(old_name)), where << ": reported as removed and is not");
    if (told >= ref_moved)
      BOOST_TEST(fs::equivalent(path / "last.ckpt", path / (std::string(new_name) + ".ckpt")), where);
  }

  void check_replaced(Told told, const std::string& where) const {
    BOOST_TEST(is_whole(old_name), where);
    BOOST_TEST((!exists(replaced_name) || is_whole(replaced_name)), where << ": what has the name is torn");
    BOOST_TEST((told >= set_aside || !is_new(replaced_name)), where << ": written before there was room");
    BOOST_TEST((told < saved || is_new(replaced_name)), where << ": reported as saved and is not");
    BOOST_TEST((told != opened || exists(replaced_name) || fs::exists(path / ".tenon-aside-replaced.ckpt")), where);
  }

  /// The next run works and clears up.
  void check_next_run(const std::string& where) const {
    {
      const auto folder = Folder::open(path, "run");
      const Written next = folder->write(full_content("next"));
      BOOST_TEST(is_whole(next.name), where);
      folder->set_ref("last", next.name);
    }
    BOOST_TEST((is_whole(replaced_name) && is_whole("hidden")), where);
    for (const std::string& name : entries(path)) BOOST_TEST(!name.starts_with(".tenon"), where << " left " << name);
    for (const auto& entry : fs::recursive_directory_iterator(path))
      BOOST_TEST((!entry.is_directory() || !fs::is_empty(entry)), where << " left empty: " << entry.path());
    for (const auto& listed : list_checkpoints(path).checkpoints) BOOST_TEST(listed.problem == "", where);
  }
};

/// Something that a run does, and what it promises.
struct Story {
  const char* name;
  void (*run)(const fs::path& path, FileSystem& files, const std::function<void(Told)>& tell);
  void (Trial::*check_promises)(Told told, const std::string& where) const;

  void check(const Trial& trial, Told told, const std::string& where) const {
    trial.check_old_ones(told, where);
    (trial.*check_promises)(told, where);
    trial.check_next_run(where);
    if (told >= saved) BOOST_TEST(trial.is_new(run == save_and_prune ? new_name : replaced_name), where);
  }
};
const std::array<Story, 2> stories = {{
    {"save and prune", save_and_prune, &Trial::check_save_and_prune},
    {"save in the place of another", save_in_the_place_of_another, &Trial::check_replaced},
}};

long calls_of_a_run(const Story& story, const Way& way) {
  const Trial trial;
  FaultyFileSystem files = file_system(way);
  story.run(trial.path, files, [](Told) {});
  return files.calls;
}

using After = std::function<void(const Trial&, const Story&, Told, const std::string& where)>;

/// One run with one fault in this process; `after` sees what was told last and the error, if any.
void try_every_call(const Fault& pattern, const Story& story, const Way& way, const After& after) {
  const long calls = calls_of_a_run(story, way);
  BOOST_TEST_REQUIRE(calls > 50);
  const Share share;
  for (long at = share.first; at < calls; at += share.step) {
    const Trial trial;
    FaultyFileSystem files = file_system(way);
    files.fault = pattern;
    files.fault.at = at;
    Told told = nothing;
    std::string error;
    try {
      story.run(trial.path, files, [&](Told now) { told = now; });
    } catch (const tenon::Failure& failure) {
      BOOST_TEST((told == nothing && failure.code() == tenon::ExitCode::output));
      error = failure.what();
    } catch (const WriteError& failure) {
      BOOST_TEST((told >= opened && told < removed));
      BOOST_TEST((pattern.error != ENOSPC || failure.reason() == WriteError::Reason::no_space), failure.what());
      error = failure.what();
    }
    const std::string where =
        std::string(story.name) + ", " + way.name + ", call " + std::to_string(at) + " (" + files.hit + ") " + error;
    after(trial, story, told, where);
    story.check(trial, told, where);
  }
}

void try_every_call(
    const Fault& pattern, const After& after = [](const Trial&, const Story&, Told, const std::string&) {}) {
  for (const Story& story : stories)
    for (const Way& way : ways) try_every_call(pattern, story, way, after);
}

void check_error(int error) {
  try_every_call({Fault::Kind::error, -1, error},
                 [](const Trial& trial, const Story& story, Told told, const std::string& where) {
                   // Where it is not known whose the lock is, it is left alone.
                   const bool is_ours = where.find("lock '.tenon-lock'") == std::string::npos &&
                                        where.find("stat '.tenon-lock'") == std::string::npos;
                   if (told == nothing && is_ours)
                     BOOST_TEST(!fs::exists(trial.path / ".tenon-lock"), where << ": not opened, and locked");
                   if (story.run == save_in_the_place_of_another) {
                     if (told < saved)
                       BOOST_TEST((trial.is_whole(replaced_name) && !trial.is_new(replaced_name)), where);
                     return;
                   }
                   if (told == opened)
                     BOOST_TEST(!trial.exists(new_name), where << ": reported as failed and is there");
                   if (told == ref_moved)
                     BOOST_TEST(trial.is_whole(old_name), where << ": reported as not removed and is not there");
                   if (told == saved)
                     BOOST_TEST(fs::read_symlink(trial.path / "last.ckpt") == std::string(old_name) + ".ckpt",
                                where << ": the ref moved");
                 });
}

}  // namespace

BOOST_AUTO_TEST_CASE(any_call_may_fail_with_eio) { check_error(EIO); }

BOOST_AUTO_TEST_CASE(any_call_may_fail_with_enospc) { check_error(ENOSPC); }

BOOST_AUTO_TEST_CASE(the_disk_may_go_away_at_any_call) { try_every_call({Fault::Kind::error_from_here_on, -1, EIO}); }

BOOST_AUTO_TEST_CASE(the_disk_may_be_full_from_any_call_on) {
  try_every_call({Fault::Kind::error_from_here_on, -1, ENOSPC});
}

BOOST_AUTO_TEST_CASE(interrupted_and_short_calls_change_nothing) {
  for (const auto kind : {Fault::Kind::interrupt, Fault::Kind::short_count}) {
    try_every_call({kind, -1, 0}, [](const Trial&, const Story&, Told told, const std::string& where) {
      BOOST_TEST(told == removed, where);
    });
  }
}

BOOST_DATA_TEST_CASE(a_run_may_be_killed_before_any_call, boost::unit_test::data::xrange(stories.size() * ways.size()),
                     index) {
  const Story& story = stories.at(index / ways.size());
  const Way& way = ways.at(index % ways.size());
  const long calls = calls_of_a_run(story, way);
  const Share share;
  for (long at = share.first; at <= calls; at += share.step) {
    const Trial trial;
    std::array<int, 2> pipe{};
    BOOST_REQUIRE(::pipe(pipe.data()) == 0);
    const pid_t child = fork();
    if (child == 0) {
      FaultyFileSystem files = file_system(way);
      files.fault = {Fault::Kind::kill, at, 0};
      story.run(trial.path, files, [&](Told now) {
        const char byte = static_cast<char>(now);
        if (::write(pipe[1], &byte, 1) != 1) _exit(1);
      });
      _exit(0);
    }
    ::close(pipe[1]);
    int status = 0;
    waitpid(child, &status, 0);
    BOOST_TEST((WIFEXITED(status) && WEXITSTATUS(status) == (at < calls ? killed_status : 0)), "status " << status);
    Told told = nothing;
    for (char byte = 0; ::read(pipe[0], &byte, 1) == 1;) told = static_cast<Told>(byte);
    ::close(pipe[0]);
    story.check(trial, told, std::string(story.name) + ", " + way.name + ", killed before call " + std::to_string(at));
  }
}

BOOST_AUTO_TEST_CASE(after_a_full_disk_has_space_again_the_same_folder_goes_on) {
  const Trial trial;
  FaultyFileSystem files;
  const auto folder = Folder::open(trial.path, "run", true, files);
  const long ready = files.calls;
  for (long at = ready; at < ready + 12; ++at) {
    files.calls = ready;
    files.fault = {Fault::Kind::error_from_here_on, at, ENOSPC};
    BOOST_CHECK_THROW(folder->write(full_content(new_name)), WriteError);
  }
  BOOST_TEST(folder->leftovers() > 0U);  // nothing could be unlinked either
  files.fault = {};
  BOOST_TEST(folder->write(full_content(new_name)).name == new_name);
  BOOST_TEST(folder->leftovers() == 0U);
  for (const std::string& name : entries(trial.path)) BOOST_TEST(!name.starts_with(".tenon-tmp"), name);
}

BOOST_AUTO_TEST_CASE(a_failed_fsync_is_never_asked_again) {
  class CountingSyncs : public FaultyFileSystem {
   public:
    int syncs = 0;
    int sync(int) override {
      ++syncs;
      errno = EIO;
      return -1;
    }
  };
  const ScratchFolder scratch;
  CountingSyncs files;
  const auto folder = Folder::open(scratch.path(), "run", true, files);
  for (int attempt = 1; attempt <= 2; ++attempt) {
    BOOST_CHECK_THROW(folder->write(full_content("a")), WriteError);
    BOOST_TEST(files.syncs == attempt);
  }
}
