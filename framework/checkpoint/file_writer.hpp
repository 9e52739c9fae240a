// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// One file of a checkpoint, written once from front to back and hashed on the way.
#ifndef TENON_CHECKPOINT_FILE_WRITER_HPP
#define TENON_CHECKPOINT_FILE_WRITER_HPP

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/file_system.hpp"
#include "checkpoint/hash.hpp"
#include "checkpoint/large_file.hpp"

namespace tenon::checkpoint {

/// Bytes that are hashed and then handed to the system while they are still in the processor's cache.
inline constexpr std::size_t piece_size = std::size_t{256} << 10;

/// All functions throw std::system_error.
class FileWriter {
 public:
  /// Makes the file, which must not be there yet. `size`: what will be appended in all, 0 if that is not known; a file
  /// known to be large is written as large_file.hpp says.
  FileWriter(FileSystem& files, int folder, std::string name, std::uint64_t size = 0);
  /// Small pieces are gathered, those of piece_size and above go straight to the system.
  void append(std::span<const std::byte> bytes);
  /// Writes what is gathered, fsyncs if `durable`, closes; answers the hash of all bytes.
  std::string finish(bool durable);
  std::uint64_t size() const noexcept { return size_; }

 private:
  void flush();

  FileSystem& files_;
  std::string name_;
  Descriptor file_;
  Hash hash_;
  std::vector<std::byte> gathered_;
  std::unique_ptr<LargeFile> large_;
  std::uint64_t size_ = 0;
};

}  // namespace tenon::checkpoint

#endif
