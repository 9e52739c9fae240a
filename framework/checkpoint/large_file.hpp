// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A large file on its way to the disk: while the disk takes one piece, the next is gathered.
#ifndef TENON_CHECKPOINT_LARGE_FILE_HPP
#define TENON_CHECKPOINT_LARGE_FILE_HPP

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <span>
#include <string>
#include <thread>

#include "checkpoint/file_system.hpp"
#include "checkpoint/memory.hpp"

namespace tenon::checkpoint {

/// Writes past the page cache where the file system takes that (O_DIRECT): the disk's own speed, and the training's
/// files stay in the cache. Elsewhere through the cache, pushing each piece on to the disk at once, so that the fsync
/// at the end has little left to do. A thread of its own makes the calls, and only between the constructor and
/// finish(). All functions throw std::system_error, the thread's errors among them.
class LargeFile {
 public:
  /// `file` is open for writing and empty; room for `size` bytes is reserved at once. Both outlive this.
  LargeFile(FileSystem& files, int file, std::string name, std::uint64_t size);
  /// Waits for the thread.
  ~LargeFile();
  LargeFile(const LargeFile&) = delete;
  LargeFile& operator=(const LargeFile&) = delete;

  void append(std::span<const std::byte> bytes);
  /// Returns when the system has taken everything; the thread has ended.
  void finish();

 private:
  void hand_over();
  void end_thread() noexcept;
  void write_pieces() noexcept;
  void write(std::span<const std::byte> piece);
  void leave_direct();
  void push(std::size_t size);

  FileSystem& files_;
  int file_;
  std::string name_;
  std::size_t piece_;
  bool is_direct_ = false;
  std::uint64_t written_ = 0;

  struct Piece {
    Memory memory;
    std::size_t size = 0;
    bool is_full = false;  ///< it is the thread's
  };
  std::array<Piece, 2> pieces_;
  std::size_t filling_ = 0;

  std::mutex mutex_;  // is_full, ended_, error_
  std::condition_variable changed_;
  bool ended_ = false;
  std::exception_ptr error_;
  std::thread thread_;
};

}  // namespace tenon::checkpoint

#endif
