// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/folder.hpp"

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <tenon/failure.hpp>
#include <vector>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/inspect.hpp"
#include "sample_content.hpp"
#include "scratch_folder.hpp"

using namespace tenon::checkpoint;
using namespace tenon::test;
using Names = std::set<std::string>;
namespace fs = std::filesystem;

namespace {

Content named(
    const std::string& name, const std::function<void(Content&)>& change = [](Content&) {}) {
  Content content = full_content(name);
  change(content);
  return content;
}

void check_write_error(const std::function<void()>& call, WriteError::Reason reason, const std::string& text) {
  const auto fits = [&](const WriteError& error) {
    BOOST_TEST_MESSAGE(error.what());
    return error.reason() == reason && std::string(error.what()).find(text) != std::string::npos;
  };
  BOOST_CHECK_EXCEPTION(call(), WriteError, fits);
}

struct OpenFolder {
  ScratchFolder scratch;
  std::unique_ptr<Folder> folder = Folder::open(scratch.path() / "c", "run-1");

  fs::path path(const std::string& name) const { return scratch.path() / "c" / name; }
  Names entries() const {
    Names names = tenon::test::entries(path(""));
    names.erase(".tenon-lock");
    return names;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_written_checkpoint_has_its_three_files_and_nothing_else_is_left, OpenFolder) {
  const Written written = folder->write(full_content("epoch=3-step=120"));
  BOOST_TEST(written.name == "epoch=3-step=120");
  BOOST_TEST(written.path == path("epoch=3-step=120.ckpt"));
  BOOST_TEST(
      (tenon::test::entries(written.path) == Names{"checkpoint.json", "model.safetensors", "training.safetensors"}));
  BOOST_TEST(written.bytes == Checkpoint::open(written.path).bytes());
  folder.reset();
  BOOST_TEST((tenon::test::entries(path("")) == Names{"epoch=3-step=120.ckpt"}));
}

BOOST_FIXTURE_TEST_CASE(the_same_content_gives_the_same_bytes, OpenFolder) {
  folder->write(full_content("a"));
  folder->write(named("b", [](Content& content) { std::swap(content.model[0], content.model[1]); }));
  for (const char* file : {"checkpoint.json", "model.safetensors", "training.safetensors"})
    BOOST_TEST(read_text(path("a.ckpt") / file) == read_text(path("b.ckpt") / file), file);
}

BOOST_FIXTURE_TEST_CASE(weights_alone_have_no_training_file_and_a_replay_has_no_tensors, OpenFolder) {
  folder->write(named("weights", [](Content& content) {
    content.full = false;
    content.training.clear();
  }));
  BOOST_TEST((tenon::test::entries(path("weights.ckpt")) == Names{"checkpoint.json", "model.safetensors"}));
  folder->write(named("replay", [](Content& content) {
    content.durable = false;
    content.training.clear();
    content.model.clear();
  }));
  BOOST_TEST((tenon::test::entries(path("replay.ckpt")) == Names{"checkpoint.json"}));
  const Checkpoint replay = Checkpoint::open(path("replay.ckpt"));
  BOOST_TEST(replay.is_replay());
  BOOST_TEST(replay.is_full());
}

BOOST_FIXTURE_TEST_CASE(a_taken_name_gets_the_lowest_free_version_and_is_never_written_over, OpenFolder) {
  BOOST_TEST(folder->write(full_content("a")).name == "a");
  BOOST_TEST(folder->write(full_content("a")).name == "a-v1");
  BOOST_TEST(folder->write(full_content("a")).name == "a-v2");
  folder->remove("a-v1");
  BOOST_TEST(folder->write(full_content("a")).name == "a-v1");
  BOOST_TEST(folder->write(full_content("a")).name == "a-v3");
  folder->remove("a");
  folder->remove("a-v3");
  BOOST_TEST(folder->write(full_content("a")).name == "a");
  const std::string before = read_text(path("a.ckpt/checkpoint.json"));
  write_text(path("b.ckpt"), "somebody's file");
  BOOST_TEST(folder->write(full_content("b")).name == "b-v1");
  BOOST_TEST(read_text(path("b.ckpt")) == "somebody's file");
  check_write_error([&] { folder->write(named("a", [](Content& content) { content.versioned = false; })); },
                    WriteError::Reason::name_taken, "the name is in use, and nothing is ever written over");
  BOOST_TEST(read_text(path("a.ckpt/checkpoint.json")) == before);
  BOOST_TEST((entries() == Names{"a.ckpt", "a-v1.ckpt", "a-v2.ckpt", "b.ckpt", "b-v1.ckpt"}));
}

BOOST_AUTO_TEST_CASE(a_save_makes_no_more_calls_the_more_are_kept) {
  class CountingCalls : public FileSystem {
   public:
    int calls = 0;
    int sync(int) override { return ++calls, 0; }
    int rename_new_at(int from_folder, const char* from, int to_folder, const char* to) override {
      return ++calls, FileSystem::rename_new_at(from_folder, from, to_folder, to);
    }
    int status_at(int folder, const char* name, struct stat* out) override {
      return ++calls, FileSystem::status_at(folder, name, out);
    }
    int list(int folder, std::vector<std::string>& names) override {
      return calls += 100, FileSystem::list(folder, names);
    }
  };
  const tenon::test::ScratchFolder scratch(tenon::test::ScratchFolder::memory());
  CountingCalls files;
  const auto folder = Folder::open(scratch.path(), "run", true, files);
  const auto calls_of_a_save = [&](const std::string& name) {
    const int before = files.calls;
    folder->set_ref("last", folder->write(full_content(name)).name);
    return files.calls - before;
  };
  const int first = calls_of_a_save("step=0");
  calls_of_a_save("same");
  const int second_version = calls_of_a_save("same");
  for (int step = 1; step <= 30; ++step) {
    BOOST_TEST(calls_of_a_save("step=" + std::to_string(step)) == first);
    BOOST_TEST(calls_of_a_save("same") <= second_version);
  }
  BOOST_TEST(folder->in_use("same-v31"));
}

BOOST_FIXTURE_TEST_CASE(names_may_have_folders_spaces_and_any_script, OpenFolder) {
  for (const char* name : {"with space", "epoch=1-val_loss=0.5", "x/y/epoch=1", "x/y/epoch=2", "模型/é"}) {
    folder->write(full_content(name));
    BOOST_TEST(folder->in_use(name));
    Checkpoint::open(path(std::string(name) + ".ckpt")).verify();
  }
  BOOST_TEST(!folder->in_use("x/y/epoch=3"));
  BOOST_TEST(!folder->in_use("nowhere/epoch=3"));
  write_text(path("file"), "");
  BOOST_TEST(!folder->in_use("file/epoch=3"));
}

BOOST_FIXTURE_TEST_CASE(sub_folders_go_with_their_last_checkpoint_unless_something_else_is_in_them, OpenFolder) {
  fs::create_directory(path("theirs"));
  for (const char* name : {"x/y/a", "x/y/b", "theirs/a", "shared/a"}) folder->write(full_content(name));
  write_text(path("shared/note"), "mine");
  folder->remove("x/y/a");
  BOOST_TEST(fs::exists(path("x/y/b.ckpt")));
  for (const char* name : {"x/y/b", "theirs/a", "shared/a"}) folder->remove(name);
  BOOST_TEST((entries() == Names{"theirs", "shared"}));
}

BOOST_FIXTURE_TEST_CASE(names_that_leave_the_folder_are_refused, OpenFolder) {
  check_write_error([&] { folder->write(full_content("../outside")); }, WriteError::Reason::invalid,
                    "a checkpoint cannot be called '../outside': it must stay inside its folder");
  fs::create_directory(scratch.path() / "elsewhere");
  fs::create_directory_symlink(scratch.path() / "elsewhere", path("link"));
  check_write_error([&] { folder->write(full_content("link/a")); }, WriteError::Reason::invalid,
                    "the sub-folder 'link' of");
  BOOST_TEST(fs::is_empty(scratch.path() / "elsewhere"));
  BOOST_TEST((entries() == Names{"link"}));
}

BOOST_FIXTURE_TEST_CASE(content_that_no_checkpoint_can_hold_leaves_nothing, OpenFolder) {
  const auto refused = [&](const std::string& text, const std::function<void(Content&)>& change) {
    check_write_error([&] { folder->write(named("sub/a", change)); }, WriteError::Reason::invalid, text);
  };
  refused("a tensor cannot be called '__metadata__'", [](Content& content) { content.model[0].name = "__metadata__"; });
  refused("tensor 'layer.weight': its shape needs 28 bytes, 24 were given",
          [](Content& content) { content.model[0].shape = {7}; });
  refused("the document's key 'files' is set by the writer", [](Content& content) { content.document["files"] = 1; });
  refused("weights only cannot hold training state", [](Content& content) { content.full = false; });
  refused("a replay holds no tensors", [](Content& content) { content.durable = false; });
  refused("'/note' is not valid UTF-8", [](Content& content) { content.document["note"] = "\xFF"; });
  BOOST_TEST(entries().empty());
}

BOOST_FIXTURE_TEST_CASE(only_what_this_run_has_written_is_removed, OpenFolder) {
  folder->write(full_content("ours"));
  folder->write(full_content("replaced"));
  fs::remove_all(path("replaced.ckpt"));
  fs::create_directory(path("replaced.ckpt"));
  fs::create_directory(path("foreign.ckpt"));
  write_text(path("file.ckpt"), "");
  folder.reset();
  Folder::open(path(""), "run-2")->write(full_content("of run 2"));
  folder = Folder::open(path(""), "run-1");
  for (const char* name : {"of run 2", "foreign", "file", "replaced"})
    check_write_error([&] { folder->remove(name); }, WriteError::Reason::invalid, "not one that this run has written");
  check_write_error([&] { folder->remove("gone"); }, WriteError::Reason::missing, "not there any more");
  folder->remove("ours");  // written by this run before it was interrupted
  BOOST_TEST((entries() == Names{"of run 2.ckpt", "foreign.ckpt", "file.ckpt", "replaced.ckpt"}));
}

BOOST_FIXTURE_TEST_CASE(what_was_put_in_the_place_of_a_checkpoint_is_not_taken_for_it, OpenFolder) {
  folder->write(full_content("a"));
  fs::rename(path("a.ckpt"), path("moved"));
  fs::create_directory(path("a.ckpt"));
  check_write_error([&] { folder->remove("a"); }, WriteError::Reason::invalid, "not one that this run has written");
  BOOST_TEST((entries() == Names{"a.ckpt", "moved"}));
}

BOOST_FIXTURE_TEST_CASE(the_folder_removed_under_way_is_said_in_clear_words, OpenFolder) {
  fs::remove_all(path(""));
  check_write_error([&] { folder->write(full_content("a")); }, WriteError::Reason::io,
                    "was removed while the run writes into it");
}

BOOST_AUTO_TEST_CASE(a_place_that_cannot_be_a_folder_is_refused_at_the_start) {
  const ScratchFolder scratch;
  write_text(scratch.path() / "file", "");
  const auto fits = [](const tenon::Failure& failure) {
    BOOST_TEST_MESSAGE(failure.what());
    return failure.code() == tenon::ExitCode::output &&
           std::string(failure.what()).find("/file/c': ") != std::string::npos;
  };
  BOOST_CHECK_EXCEPTION(Folder::open(scratch.path() / "file" / "c", "run"), tenon::Failure, fits);
}

BOOST_FIXTURE_TEST_CASE(what_is_set_aside_makes_room_for_its_name_and_can_be_put_back_or_removed, OpenFolder) {
  for (const std::string name : {"a", "sub/a"}) {
    folder->write(named(name, [](Content& c) { c.document["epoch"] = 1; }));
    folder->set_aside(name);
    BOOST_TEST(!folder->in_use(name));
    folder->put_back(name);
    BOOST_TEST(Checkpoint::open(path(name + ".ckpt")).document().at("epoch").to_number<int>() == 1);
    folder->set_aside(name);
    BOOST_TEST(folder->write(named(name, [](Content& c) { c.document["epoch"] = 2; })).name == name);
    check_write_error([&] { folder->put_back(name); }, WriteError::Reason::io, "cannot put back");
    folder->remove_aside(name);
    BOOST_TEST(Checkpoint::open(path(name + ".ckpt")).document().at("epoch").to_number<int>() == 2);
    folder->remove(name);
  }
  BOOST_TEST((entries() == Names{}));
  fs::create_directories(path("mine.ckpt"));
  check_write_error([&] { folder->set_aside("mine"); }, WriteError::Reason::invalid,
                    "not one that this run has written");
}

BOOST_FIXTURE_TEST_CASE(what_a_killed_run_has_set_aside_gets_its_name_back_where_that_is_free, OpenFolder) {
  for (const std::string name : {"free", "sub/free", "taken", "sub/taken"}) {
    folder->write(named(name, [](Content& c) { c.document["epoch"] = 1; }));
    folder->set_aside(name);
  }
  for (const std::string name : {"taken", "sub/taken"})
    folder->write(named(name, [](Content& c) { c.document["epoch"] = 2; }));
  folder.reset();
  folder = Folder::open(path(""), "run-1");
  for (const std::string name : {"free", "sub/free", "taken", "sub/taken"}) {
    const bool was_free = name.find("free") != std::string::npos;
    BOOST_TEST(Checkpoint::open(path(name + ".ckpt")).document().at("epoch").to_number<int>() == (was_free ? 1 : 2));
  }
  BOOST_TEST((entries() == Names{"free.ckpt", "taken.ckpt", "sub"}));
  BOOST_TEST((tenon::test::entries(path("sub")) == Names{"free.ckpt", "taken.ckpt"}));
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_not_for_us_is_passed_over) {
  /// As lost+found is to everybody but root.
  class Closed : public FileSystem {
   public:
    int open_at(int folder, const char* name, int flags, mode_t mode) override {
      if (std::string(name) != "lost+found") return FileSystem::open_at(folder, name, flags, mode);
      errno = EACCES;
      return -1;
    }
  } files;
  ScratchFolder scratch;
  fs::create_directory(scratch.path() / "lost+found");
  Folder::open(scratch.path(), "run", true, files)->write(full_content("a"));
  BOOST_TEST(list_checkpoints(scratch.path(), files).checkpoints.size() == 1U);
}

BOOST_AUTO_TEST_CASE(sub_folders_go_with_their_last_checkpoint_also_when_another_process_has_made_them) {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "c";
  fs::create_directories(folder / "mine" / "empty");
  fs::create_directories(folder / "shared");
  {
    const auto first = Folder::open(folder, "run");
    for (const char* name : {"a/b/1", "a/b/2", "a/3", "shared/4", "kept/5", "touched/6"})
      first->write(full_content(name));
  }
  write_text(folder / "touched" / "notes", "theirs");
  const auto second = Folder::open(folder, "run");
  second->remove("a/b/1");
  BOOST_TEST(fs::exists(folder / "a/b"));
  second->remove("a/b/2");
  BOOST_TEST((!fs::exists(folder / "a/b") && fs::exists(folder / "a")));
  second->remove("a/3");
  second->remove("shared/4");
  second->remove("touched/6");
  BOOST_TEST((entries(folder) == Names{".tenon-lock", "kept", "mine", "shared", "touched"}));
  BOOST_TEST(fs::exists(folder / "mine/empty"));
  BOOST_TEST(read_text(folder / "touched/notes") == "theirs");
}

BOOST_AUTO_TEST_CASE(sub_folders_that_a_dead_run_left_empty_are_swept) {
  const ScratchFolder scratch;
  const fs::path folder = scratch.path() / "c";
  fs::create_directories(folder / "mine" / "empty");
  for (const char* name : {"a/b/1", "a/b/2", "d/3"}) Folder::open(folder, "run")->write(full_content(name));
  for (const char* name : {"a/b/1", "a/b/2"}) fs::remove_all(folder / (std::string(name) + ".ckpt"));
  Folder::open(folder, "another run").reset();
  BOOST_TEST((entries(folder) == Names{"d", "mine"}));
  BOOST_TEST(fs::exists(folder / "mine/empty"));
}

BOOST_AUTO_TEST_CASE(a_folder_within_that_is_another_runs_is_left_alone_while_that_one_lives) {
  const ScratchFolder scratch;
  const fs::path outer = scratch.path() / "c", inner = outer / "theirs";
  auto theirs = Folder::open(inner, "theirs");
  theirs->write(full_content("a"));
  theirs->set_aside("a");
  write_text(inner / ".tenon-tmp-1-1", "");
  Folder::open(outer, "ours").reset();
  BOOST_TEST((entries(inner) == Names{".tenon-aside-a.ckpt", ".tenon-lock", ".tenon-tmp-1-1"}));
  theirs.reset();
  write_text(inner / ".tenon-lock", "process 99999 of long ago\n");
  Folder::open(outer, "ours").reset();
  BOOST_TEST((entries(inner) == Names{"a.ckpt"}));
}

BOOST_AUTO_TEST_CASE(what_dead_runs_left_is_swept_and_nothing_else) {
  const ScratchFolder scratch;
  write_text(scratch.path() / "precious", "theirs");
  const fs::path folder = scratch.path() / "c";
  fs::create_directories(folder / ".tenon-tmp-99999-0" / "deep");
  write_text(folder / ".tenon-tmp-99999-0" / "deep" / "model.safetensors", "torn");
  fs::create_directory_symlink(scratch.path(), folder / ".tenon-tmp-99999-0" / "link");
  fs::create_symlink("gone.ckpt", folder / ".tenon-tmp-99999-1");
  for (const char* name : {".tenon-tmp-notes", ".tenon-tmp-1", ".tenon-tmp-1-2x", "mine"})
    write_text(folder / name, "");
  write_text(folder / ".tenon-lock", "process 99999 of long ago\n");
  Folder::open(folder, "run").reset();
  BOOST_TEST((entries(folder) == Names{".tenon-tmp-notes", ".tenon-tmp-1", ".tenon-tmp-1-2x", "mine"}));
  BOOST_TEST(read_text(scratch.path() / "precious") == "theirs");
}
