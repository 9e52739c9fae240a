// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/large_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tenon::checkpoint {
namespace {

bool is_unsupported(int error) {
  return error == EINVAL || error == EOPNOTSUPP || error == ENOSYS || error == ENODEV || error == ESPIPE;
}

}  // namespace

LargeFile::LargeFile(FileSystem& files, int file, std::string name, std::uint64_t size)
    : files_(files), file_(file), name_(std::move(name)), piece_(files.large_piece()) {
  for (Piece& piece : pieces_) piece.memory = allocate(piece_);
  if (uninterrupted([&] { return files_.reserve(file_, static_cast<off_t>(size)); }) == -1 && !is_unsupported(errno))
    throw_system_error("reserve the space for", name_);
  is_direct_ = uninterrupted([&] { return files_.set_direct(file_, true); }) == 0;
  thread_ = std::thread([this] { write_pieces(); });
}

LargeFile::~LargeFile() { end_thread(); }

void LargeFile::append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    Piece& piece = pieces_[filling_];
    const std::size_t size = std::min(bytes.size(), piece_ - piece.size);
    std::memcpy(piece.memory.get() + piece.size, bytes.data(), size);
    piece.size += size;
    bytes = bytes.subspan(size);
    if (piece.size == piece_) hand_over();
  }
}

void LargeFile::finish() {
  if (pieces_[filling_].size != 0) hand_over();
  end_thread();
  if (error_) std::rethrow_exception(error_);
}

/// Waits until the other piece may be filled.
void LargeFile::hand_over() {
  std::unique_lock lock(mutex_);
  pieces_[filling_].is_full = true;
  filling_ = 1 - filling_;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !pieces_[filling_].is_full || error_; });
  if (error_) std::rethrow_exception(error_);
  pieces_[filling_].size = 0;
}

void LargeFile::end_thread() noexcept {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void LargeFile::write_pieces() noexcept {
  for (std::size_t next = 0;; next = 1 - next) {
    Piece& piece = pieces_[next];
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return piece.is_full || ended_; });
    if (!piece.is_full) return;
    lock.unlock();
    std::exception_ptr error;
    try {
      write({piece.memory.get(), piece.size});
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    piece.is_full = false;
    error_ = error;
    changed_.notify_all();
    if (error) return;
  }
}

void LargeFile::write(std::span<const std::byte> piece) {
  while (!piece.empty()) {
    // The file's last bytes are less than a page, which O_DIRECT does not take.
    if (is_direct_ && piece.size() < page_size) leave_direct();
    const std::size_t size = is_direct_ ? piece.size() / page_size * page_size : piece.size();
    const ssize_t written = uninterrupted([&] { return files_.write(file_, piece.data(), size); });
    if (written == -1 && is_direct_ && is_unsupported(errno)) {
      leave_direct();
      continue;
    }
    if (written == 0) errno = EIO;  // a file system that takes nothing and gives no reason must not keep us here
    if (written <= 0) throw_system_error("write", name_);
    piece = piece.subspan(static_cast<std::size_t>(written));
    if (!is_direct_) push(static_cast<std::size_t>(written));
    written_ += static_cast<std::uint64_t>(written);
  }
}

void LargeFile::leave_direct() {
  if (uninterrupted([&] { return files_.set_direct(file_, false); }) == -1) throw_system_error("write", name_);
  is_direct_ = false;
}

void LargeFile::push(std::size_t size) {
  const int answer = uninterrupted(
      [&] { return files_.start_write_back(file_, static_cast<off_t>(written_), static_cast<off_t>(size)); });
  if (answer == -1 && !is_unsupported(errno)) throw_system_error("write", name_);
}

}  // namespace tenon::checkpoint
