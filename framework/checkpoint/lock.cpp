// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/lock.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <span>
#include <thread>

namespace tenon::checkpoint {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

std::string read_owner(FileSystem& files, int file) {
  std::array<std::byte, 512> bytes{};
  // Between taking the lock and writing the name the file is empty for a moment.
  for (int attempt = 0; attempt < 50; ++attempt) {
    const std::size_t size = read_full(files, file, bytes, 0, lock_file_name);
    std::string owner(reinterpret_cast<const char*>(bytes.data()), size);
    if (const auto end = owner.find('\n'); end != std::string::npos) return owner.substr(0, end);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return "another process";
}

}  // namespace

FolderLock::FolderLock(FileSystem& files, int folder, const std::string& run_id) : files_(&files) {
  for (;;) {
    file_ = open_file(files, folder, lock_file_name, O_RDWR | O_CREAT | O_NOFOLLOW);
    if (uninterrupted([&] { return files.lock(file_.number()); }) == -1) {
      if (errno == EWOULDBLOCK) throw LockedError(read_owner(files, file_.number()));
      throw_system_error("lock", lock_file_name);
    }
    // The owner before us may have removed the file between our open and our lock.
    const struct stat ours = status(files, file_.number(), lock_file_name);
    const auto there = status_at(files, folder, lock_file_name);
    if (there && there->st_dev == ours.st_dev && there->st_ino == ours.st_ino) break;
  }
  const std::string owner =
      "process " + std::to_string(::getpid()) + " on host '" + host_name() + "' (run '" + run_id + "')\n";
  if (uninterrupted([&] { return files.truncate(file_.number(), 0); }) == -1)
    throw_system_error("truncate", lock_file_name);
  write_all(files, file_.number(), std::as_bytes(std::span(owner)), lock_file_name);
}

void FolderLock::release(int folder) noexcept {
  if (file_.number() == -1) return;
  uninterrupted([&] { return files_->unlink_at(folder, lock_file_name, 0); });
  file_ = Descriptor();
}

}  // namespace tenon::checkpoint
