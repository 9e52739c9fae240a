// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A disk that a test fills and gives space again, for the program that it runs.
#ifndef TENON_TESTS_RUNS_SMALL_DISK_HPP
#define TENON_TESTS_RUNS_SMALL_DISK_HPP

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace runs_test {

/// What this process may do to its surroundings without anybody else's noticing. Once, before any thread.
class Surroundings {
 public:
  static const Surroundings& get() {
    static const Surroundings surroundings;
    return surroundings;
  }
  /// Mounts are this process's and its programs' own.
  bool can_mount() const { return can_mount_; }

 private:
  Surroundings() {
    // Permission bits are to bind the programs of a test that root runs, too.
    for (const int right : {CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH}) ::prctl(PR_CAPBSET_DROP, right, 0, 0, 0);
    const std::string user = std::to_string(::geteuid()), group = std::to_string(::getegid());
    if (::unshare(CLONE_NEWNS) != 0) {
      if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return;
      std::ofstream("/proc/self/setgroups") << "deny";
      std::ofstream("/proc/self/uid_map") << user + " " + user + " 1";
      std::ofstream("/proc/self/gid_map") << group + " " + group + " 1";
    }
    can_mount_ = ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
  }
  bool can_mount_ = false;
};

/// A file system of two MiB where one can be mounted; else a limit on the size of the program's files, which keeps it
/// from writing a checkpoint, too.
class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path path) : path_(std::move(path)) {
    std::filesystem::create_directories(path_);
    mounted_ = Surroundings::get().can_mount() && ::mount("tenon", path_.c_str(), "tmpfs", 0, "size=2m") == 0;
    if (!mounted_) ::signal(SIGXFSZ, SIG_IGN);  // as its programs have it: a write fails then
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  const std::filesystem::path& path() const { return path_; }
  /// What a write says then.
  const char* reason() const { return mounted_ ? "No space left on device" : "File too large"; }

  void fill(pid_t program) const {
    if (!mounted_) return set_limit(program, 4096);
    const int file = ::open((path_ / "filler").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    const std::vector<char> page(4096, 'x');
    while (::write(file, page.data(), page.size()) > 0) {
    }
    ::close(file);
  }
  void give_space(pid_t program) const {
    if (!mounted_) return set_limit(program, RLIM_INFINITY);
    std::filesystem::remove(path_ / "filler");
  }

 private:
  static void set_limit(pid_t program, rlim_t bytes) {
    struct rlimit limit {};
    ::prlimit(program, RLIMIT_FSIZE, nullptr, &limit);
    limit.rlim_cur = std::min(bytes, limit.rlim_max);
    ::prlimit(program, RLIMIT_FSIZE, &limit, nullptr);
  }

  std::filesystem::path path_;
  bool mounted_ = false;
};

}  // namespace runs_test

#endif
