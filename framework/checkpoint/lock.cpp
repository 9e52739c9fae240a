// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/lock.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <optional>
#include <span>
#include <system_error>
#include <thread>
#include <utility>

#include "checkpoint/process.hpp"
#include "checkpoint/sweep.hpp"

namespace tenon::checkpoint {
namespace {

/// Of a process on this host.
std::string describe(pid_t process) {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host = {"unknown"};
  return "process " + std::to_string(process) + " on host '" + host.data() + "'";
}

bool is_same(const struct stat& one, const std::optional<struct stat>& other) {
  return other && one.st_dev == other->st_dev && one.st_ino == other->st_ino;
}

/// Nobody knows of other hosts' processes.
ProcessState state_of_owner(const std::string& owner) {
  int process = 0;
  const bool is_of_this_host = std::sscanf(owner.c_str(), "process %d ", &process) == 1 && process > 0 &&
                               owner.starts_with(describe(process) + " ");
  return is_of_this_host ? state_of(process) : ProcessState::alive;
}

/// Waits a little; false when an owner has been waited for long enough.
class Patience {
 public:
  explicit Patience(LockWait wait) : wait_(wait) {}
  bool bears(const std::string& owner) {
    if (wait_ == LockWait::none) return false;
    const auto waited = std::chrono::steady_clock::now() - begin_;
    if (waited >= (state_of_owner(owner) == ProcessState::ending ? for_the_ending : for_the_living)) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return true;
  }

 private:
  /// An owner that has just let go, and hosts whose processes cannot be looked at.
  static constexpr std::chrono::milliseconds for_the_living{300};
  /// The kernel gives gigabytes of memory back, or ends a call to a slow disk, before it lets go of a lock.
  static constexpr std::chrono::milliseconds for_the_ending{10'000};
  const LockWait wait_;
  const std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

std::string read_owner(FileSystem& files, int file, const std::string& name) {
  std::array<std::byte, 512> bytes{};
  // Between taking the lock and writing the name the file is empty for a moment.
  for (int attempt = 0; attempt < 50; ++attempt) {
    const std::size_t size = read_full(files, file, bytes, 0, name);
    std::string owner(reinterpret_cast<const char*>(bytes.data()), size);
    if (const auto end = owner.find('\n'); end != std::string::npos) return owner.substr(0, end);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return "another process";
}

}  // namespace

FolderLock::FolderLock(FileSystem& files, int folder, const std::string& run_id, std::string file_name, LockWait wait)
    : files_(&files), name_(std::move(file_name)), owner_(::getpid()) {
  take(folder, wait);
  const std::string owner = describe(owner_) + " (run '" + run_id + "')\n";
  try {
    if (uninterrupted([&] { return files.truncate(file_.number(), 0); }) == -1) throw_system_error("truncate", name_);
    write_all(files, file_.number(), std::as_bytes(std::span(owner)), name_);
  } catch (...) {
    release(folder);
    throw;
  }
}

/// Opens the file; true when it was not there before.
bool FolderLock::open_or_make(int folder) {
  constexpr int flags = O_RDWR | O_NOFOLLOW;
  for (;;) {
    try {
      file_ = open_file(*files_, folder, name_, flags | O_CREAT | O_EXCL);
      return true;
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::file_exists) throw;
    }
    try {
      file_ = open_file(*files_, folder, name_, flags);
      return false;
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::no_such_file_or_directory) throw;
    }
  }
}

void FolderLock::take(int folder, LockWait wait) {
  Patience patience(wait);
  for (;;) {
    const bool is_new = open_or_make(folder);
    if (uninterrupted([&] { return files_->lock(file_.number()); }) == -1) {
      const bool is_held = errno == EWOULDBLOCK;
      if (!is_held && errno != ENOSYS && errno != ENOTSUP && errno != ENOLCK) throw_system_error("lock", name_);
      if (!is_held && is_new) return;
      const std::string owner = read_owner(*files_, file_.number(), name_);
      if (!is_held && state_of_owner(owner) == ProcessState::gone) return take_over_by_existence(folder, owner);
      if (patience.bears(owner)) continue;
      throw LockedError(owner + (is_held ? "" : if_it_has_ended()));
    }
    // The owner before us may have removed the file between our open and our lock.
    const struct stat ours = status(*files_, file_.number(), name_);
    if (is_same(ours, status_at(*files_, folder, name_))) return;
  }
}

std::string FolderLock::if_it_has_ended() const { return " (if it has ended, remove '" + name_ + "')"; }

void FolderLock::take_over_by_existence(int folder, const std::string& owner) {
  const std::string refusal = owner + if_it_has_ended();
  // Another may take over at the same time: what is moved away must be what was read, and what is made must be new.
  const std::string aside = temporary_name(0);
  const auto rename = [&](const std::string& from, const std::string& to) {
    return uninterrupted([&] { return files_->rename_at(folder, from.c_str(), folder, to.c_str()); });
  };
  if (rename(name_, aside) == -1) throw LockedError(refusal);
  if (!is_same(status(*files_, file_.number(), name_), status_at(*files_, folder, aside))) {
    rename(aside, name_);
    throw LockedError(refusal);
  }
  uninterrupted([&] { return files_->unlink_at(folder, aside.c_str(), 0); });
  if (!open_or_make(folder)) throw LockedError(refusal);
}

void FolderLock::release(int folder) noexcept {
  if (file_.number() == -1) return;
  if (::getpid() == owner_) uninterrupted([&] { return files_->unlink_at(folder, name_.c_str(), 0); });
  file_ = Descriptor();
}

}  // namespace tenon::checkpoint
