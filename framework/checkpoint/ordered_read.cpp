// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/ordered_read.hpp"

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>

#include "checkpoint/memory.hpp"

namespace tenon::checkpoint {
namespace {

/// A huge page, so that the two threads never wait for the same one.
constexpr std::uint64_t read_size = std::uint64_t{2} << 20;

class OrderedRead {
 public:
  /// Without `to` the bytes pass through memory of each thread's own.
  OrderedRead(const InputFile& file, std::uint64_t begin, std::uint64_t size, std::byte* to, const Look& look)
      : file_(file), begin_(begin), size_(size), to_(to), look_(look) {}

  void run() {
    std::thread second;
    if (size_ > read_size) {
      try {
        second = std::thread([this] { read_pieces(); });
      } catch (const std::system_error&) {  // no thread to be had: one does it as well
      }
    }
    read_pieces();
    if (second.joinable()) second.join();
    if (error_) std::rethrow_exception(error_);
  }

 private:
  void read_pieces() noexcept {
    Memory own;
    for (;;) {
      std::unique_lock lock(mutex_);
      if (error_ || next_ == size_) return;
      const std::uint64_t offset = next_;
      const std::uint64_t size = std::min(size_ - offset, read_size);
      next_ += size;
      lock.unlock();
      std::span<std::byte> piece;
      std::exception_ptr error;
      try {
        if (to_ == nullptr && !own) own = allocate(std::min(size_, read_size));
        piece = {to_ == nullptr ? own.get() : to_ + offset, size};
        file_.read(piece, begin_ + offset);
      } catch (...) {
        error = std::current_exception();
      }
      lock.lock();
      turn_changed_.wait(lock, [&] { return looked_at_ == offset || error_; });
      if (error_) return;
      try {
        if (error) std::rethrow_exception(error);
        look_(piece);
      } catch (...) {
        error_ = std::current_exception();
      }
      looked_at_ += size;
      turn_changed_.notify_all();
    }
  }

  const InputFile& file_;
  const std::uint64_t begin_, size_;
  std::byte* const to_;
  const Look& look_;

  std::mutex mutex_;
  std::condition_variable turn_changed_;
  std::uint64_t next_ = 0;       // where the next piece begins
  std::uint64_t looked_at_ = 0;  // all before it were
  std::exception_ptr error_;
};

}  // namespace

void read_in_order(const InputFile& file, std::uint64_t begin, std::span<std::byte> to, const Look& look) {
  OrderedRead(file, begin, to.size(), to.data(), look).run();
}

void read_in_order(const InputFile& file, const Look& look) { OrderedRead(file, 0, file.size(), nullptr, look).run(); }

}  // namespace tenon::checkpoint
