// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The order of the calls is the promise: what a power cut leaves follows from it.
#include <boost/test/unit_test.hpp>
#include <map>
#include <string>
#include <vector>

#include "checkpoint/folder.hpp"
#include "checkpoint/sweep.hpp"
#include "sample_content.hpp"
#include "scratch_folder.hpp"

using namespace tenon::checkpoint;
using namespace tenon::test;
using Calls = std::vector<std::string>;

namespace {

/// Writes down what changes the disk, with private names as "T".
class RecordingFileSystem : public FileSystem {
 public:
  Calls calls;

  int open_at(int folder, const char* name, int flags, mode_t mode) override {
    const int number = FileSystem::open_at(folder, name, flags, mode);
    names_[number] = std::string(name) == "." ? names_[folder] : shown(name);
    return number;
  }
  ssize_t write(int file, const void* from, std::size_t size) override {
    calls.push_back("write " + names_[file]);
    return FileSystem::write(file, from, size);
  }
  int sync(int file) override {
    calls.push_back("fsync " + names_[file]);
    return FileSystem::sync(file);
  }
  int make_folder_at(int folder, const char* name) override {
    const int answer = FileSystem::make_folder_at(folder, name);
    if (answer == 0) calls.push_back("mkdir " + shown(name));
    return answer;
  }
  int rename_at(int from_folder, const char* from, int to_folder, const char* to) override {
    calls.push_back("replace " + shown(from) + " " + shown(to));
    return FileSystem::rename_at(from_folder, from, to_folder, to);
  }
  int rename_new_at(int from_folder, const char* from, int to_folder, const char* to) override {
    calls.push_back("rename " + shown(from) + " " + shown(to));
    return FileSystem::rename_new_at(from_folder, from, to_folder, to);
  }
  int unlink_at(int folder, const char* name, int flags) override {
    calls.push_back("unlink " + shown(name));
    return FileSystem::unlink_at(folder, name, flags);
  }
  int make_link_at(const char* target, int folder, const char* name) override {
    calls.push_back("link " + shown(name) + " " + target);
    return FileSystem::make_link_at(target, folder, name);
  }

 private:
  static std::string shown(const char* name) {
    return is_temporary(name) ? "T" : std::filesystem::path(name).filename().string();
  }

  std::map<int, std::string> names_;
};

struct Recorded {
  ScratchFolder scratch;
  RecordingFileSystem files;
  std::unique_ptr<Folder> folder = Folder::open(scratch.path() / "made" / "c", "run", true, files);

  Calls take() { return std::exchange(files.calls, {}); }
};

void check(const Calls& calls, const Calls& expected) {
  BOOST_CHECK_EQUAL_COLLECTIONS(calls.begin(), calls.end(), expected.begin(), expected.end());
}

const Calls files_written = {"mkdir T",
                             "write model.safetensors",
                             "fsync model.safetensors",
                             "write training.safetensors",
                             "fsync training.safetensors",
                             "write checkpoint.json",
                             "fsync checkpoint.json",
                             "fsync T"};

Calls after_files(const Calls& more) {
  Calls all = files_written;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_new_folder_is_durable_before_anything_is_in_it, Recorded) {
  const Calls calls = take();
  const std::string above = scratch.path().filename().string();
  check(calls, {"mkdir made", "fsync " + above, "mkdir c", "fsync made", "write .tenon-lock"});
}

BOOST_FIXTURE_TEST_CASE(files_then_their_folder_then_the_name_then_the_parent, Recorded) {
  take();
  folder->write(full_content("a"));
  check(take(), after_files({"rename T a.ckpt", "fsync c"}));
  folder->write(full_content("x/b"));
  check(take(), after_files({"mkdir T", "rename T x", "fsync c", "rename T b.ckpt", "fsync x", "fsync c"}));
}

BOOST_FIXTURE_TEST_CASE(a_removal_is_durable_before_the_first_byte_goes, Recorded) {
  folder->write(full_content("a"));
  take();
  folder->remove("a");
  const Calls calls = take();
  check({calls.begin(), calls.begin() + 2}, {"rename a.ckpt T", "fsync c"});
  BOOST_TEST(calls.size() == 6U);
  for (auto call = calls.begin() + 2; call != calls.end(); ++call) BOOST_TEST(call->starts_with("unlink "));
}

BOOST_FIXTURE_TEST_CASE(a_ref_moves_by_one_rename, Recorded) {
  folder->write(full_content("a"));
  take();
  folder->set_ref("last", "a");
  check(take(), {"link T a.ckpt", "replace T last.ckpt", "fsync c"});
}

BOOST_FIXTURE_TEST_CASE(a_replay_waits_for_no_disk, Recorded) {
  take();
  folder = Folder::open(scratch.path() / "new" / "c", "run", false, files);
  Content content = full_content("x/a");
  content.durable = false;
  content.model.clear();
  content.training.clear();
  folder->write(content);
  folder->set_ref("last", "x/a");
  content.name = "x/b";
  folder->write(content);
  folder->set_ref("last", "x/b");
  folder->remove("x/a");
  for (const std::string& call : take()) BOOST_TEST(!call.starts_with("fsync"), call);
}
