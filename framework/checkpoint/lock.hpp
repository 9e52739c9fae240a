// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Who may write into a folder: one process at a time, for as long as it lives.
#ifndef TENON_CHECKPOINT_LOCK_HPP
#define TENON_CHECKPOINT_LOCK_HPP

#include <stdexcept>
#include <string>

#include "checkpoint/file_system.hpp"

namespace tenon::checkpoint {

inline constexpr const char* lock_file_name = ".tenon-lock";

enum class LockWait {
  /// An owner is refused at once.
  none,
  /// An owner that is alive is refused after a third of a second; one that has been killed and is still being ended by
  /// the kernel, which may take its time with much memory or a slow disk, is waited for up to ten.
  for_a_dying_owner
};

/// An flock on a file, `.tenon-lock` unless another name is given: the kernel lets go of it when its owner dies, so
/// that no stale pid is ever believed. Children that a process forks share it and leave it alone. Where the file system
/// has no flock the file's existence is the lock, and it is taken over when its owner was a process of this host that
/// is gone.
class FolderLock {
 public:
  /// Throws LockedError when somebody has it, std::system_error when the system refuses.
  FolderLock(FileSystem& files, int folder, const std::string& run_id, std::string file_name = lock_file_name,
             LockWait wait = LockWait::for_a_dying_owner);
  FolderLock(FolderLock&&) = default;
  /// Removes the file, still under the lock.
  void release(int folder) noexcept;

 private:
  bool open_or_make(int folder);
  void take(int folder, LockWait wait);
  void take_over_by_existence(int folder, const std::string& owner);
  std::string if_it_has_ended() const;

  FileSystem* files_;
  std::string name_;
  Descriptor file_;
  pid_t owner_;
};

/// `what()` names the owner: "process 4711 on host 'a' (run 'x')".
class LockedError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace tenon::checkpoint

#endif
