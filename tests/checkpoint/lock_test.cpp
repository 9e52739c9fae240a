// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <functional>
#include <set>
#include <string>
#include <tenon/failure.hpp>
#include <vector>

#include "checkpoint/folder.hpp"
#include "checkpoint/process.hpp"
#include "sample_content.hpp"
#include "scratch_folder.hpp"

using namespace tenon::checkpoint;
using namespace tenon::test;

namespace {

/// Why the folder cannot be opened; empty when it can.
std::string refusal(const std::filesystem::path& path) {
  try {
    Folder::open(path, "second");
    return {};
  } catch (const tenon::Failure& failure) {
    return failure.code() == tenon::ExitCode::output ? failure.what() : "another exit code";
  }
}

/// Runs `body` in a process of its own that ends without any clearing up; answers its exit status.
int in_child(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_second_writer_is_refused_with_the_owners_pid_and_run) {
  const ScratchFolder scratch;
  const auto folder = Folder::open(scratch.path(), "first");
  const std::string text = refusal(scratch.path());
  BOOST_TEST_MESSAGE(text);
  BOOST_TEST(text.find("is in use: process " + std::to_string(getpid()) + " on host '") != std::string::npos);
  BOOST_TEST(text.find("(run 'first') writes there; wait until it ends or stop it, or choose another folder") !=
             std::string::npos);
  folder->write(full_content("a"));
}

BOOST_AUTO_TEST_CASE(another_process_is_refused_until_the_folder_is_closed) {
  const ScratchFolder scratch;
  auto folder = Folder::open(scratch.path(), "first");
  const auto refused = [&] { return refusal(scratch.path()).empty() ? 0 : 1; };
  // A forked child shares its parent's lock; one that is executed anew does not, so the refusal is asked for before.
  BOOST_TEST(in_child(refused) == 1);
  folder.reset();
  BOOST_TEST(in_child(refused) == 0);
}

BOOST_AUTO_TEST_CASE(the_lock_of_a_dead_process_is_taken_over) {
  const ScratchFolder scratch;
  BOOST_TEST(in_child([&] {
               Folder::open(scratch.path(), "dead").release();
               return 7;
             }) == 7);
  BOOST_TEST(entries(scratch.path()).contains(".tenon-lock"));
  BOOST_TEST(refusal(scratch.path()) == "");
  BOOST_TEST(entries(scratch.path()).empty());
}

BOOST_AUTO_TEST_CASE(a_forked_child_does_not_let_go_of_its_parents_folder) {
  const ScratchFolder scratch;
  auto folder = Folder::open(scratch.path(), "parent");
  BOOST_TEST(in_child([&] {
               folder.reset();
               return 0;
             }) == 0);
  BOOST_TEST(refusal(scratch.path()).find("(run 'parent')") != std::string::npos);
}

namespace {

/// A process that holds a folder's lock and much memory, and is killed at the end at the latest.
class Owner {
 public:
  explicit Owner(const std::filesystem::path& folder, std::size_t memory = 0) {
    std::array<int, 2> pipe{};
    BOOST_REQUIRE(::pipe(pipe.data()) == 0);
    pid_ = fork();
    if (pid_ == 0) {
      const auto held = Folder::open(folder, "owner");
      std::vector<char> touched(memory, 1);
      if (::write(pipe[1], "", 1) != 1) _exit(1);
      for (;;) ::pause();
    }
    ::close(pipe[1]);
    char ready = 0;
    BOOST_REQUIRE(::read(pipe[0], &ready, 1) == 1);
    ::close(pipe[0]);
  }
  ~Owner() {
    kill();
    ::waitpid(pid_, nullptr, 0);
  }
  Owner(const Owner&) = delete;
  Owner& operator=(const Owner&) = delete;

  void kill() const { ::kill(pid_, SIGKILL); }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_process_that_was_killed_this_moment_is_waited_for) {
  const ScratchFolder scratch;
  // The kernel gives the memory back first, and only then the lock.
  const Owner owner(scratch.path(), std::size_t{1} << 30);
  owner.kill();
  BOOST_TEST(refusal(scratch.path()) == "");
  BOOST_TEST(entries(scratch.path()).empty());
}

BOOST_AUTO_TEST_CASE(a_process_that_lives_or_is_stopped_is_refused_with_its_pid) {
  const ScratchFolder scratch;
  const Owner owner(scratch.path());
  const std::string named = "is in use: process " + std::to_string(owner.pid()) + " on host '";
  BOOST_TEST(refusal(scratch.path()).find(named) != std::string::npos);
  ::kill(owner.pid(), SIGSTOP);
  BOOST_TEST(refusal(scratch.path()).find(named) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_process_is_alive_then_gone_and_a_zombie_is_gone) {
  BOOST_TEST((state_of(::getpid()) == ProcessState::alive));
  const ScratchFolder scratch;
  pid_t pid = 0;
  {
    const Owner owner(scratch.path(), std::size_t{1} << 20);
    pid = owner.pid();
    BOOST_TEST((state_of(pid) == ProcessState::alive));
    owner.kill();
    siginfo_t ended{};
    BOOST_TEST(::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT) == 0);
    BOOST_TEST((state_of(pid) == ProcessState::gone));
  }
  BOOST_TEST((state_of(pid) == ProcessState::gone));
}

namespace {

class NoLocks : public FileSystem {
 public:
  int lock(int) override {
    errno = ENOSYS;
    return -1;
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(without_flock_the_file_is_the_lock_and_a_dead_owners_is_taken_over) {
  const ScratchFolder scratch;
  NoLocks files;
  const auto open = [&] { return Folder::open(scratch.path(), "run", true, files); };
  const auto refused = [&](const std::string& text) {
    const auto says = [&](const tenon::Failure& failure) {
      return std::string(failure.what()).find(text) != std::string::npos;
    };
    BOOST_CHECK_EXCEPTION(open(), tenon::Failure, says);
  };
  auto folder = open();
  refused("process " + std::to_string(getpid()) + " on host '");
  folder.reset();
  BOOST_TEST(entries(scratch.path()).empty());
  BOOST_TEST(in_child([&] {
               open().release();
               return 0;
             }) == 0);
  open()->write(full_content("a"));
  write_text(scratch.path() / ".tenon-lock", "process 1 on host 'far away' (run 'x')\n");
  refused("process 1 on host 'far away' (run 'x') (if it has ended, remove '.tenon-lock')");
  BOOST_TEST((entries(scratch.path()) == std::set<std::string>{"a.ckpt", ".tenon-lock"}));
}
