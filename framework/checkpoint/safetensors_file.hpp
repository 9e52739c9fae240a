// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A safetensors file that is read, our own or anybody's.
#ifndef TENON_CHECKPOINT_SAFETENSORS_FILE_HPP
#define TENON_CHECKPOINT_SAFETENSORS_FILE_HPP

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "checkpoint/hash.hpp"
#include "checkpoint/input_file.hpp"
#include "checkpoint/safetensors_header.hpp"

namespace tenon::checkpoint {

/// The header is read and checked whole at the start; tensors are read one by one, so that a file may be larger than
/// memory. Every error is a ReadError.
class SafetensorsFile {
 public:
  /// `folder` may be AT_FDCWD.
  SafetensorsFile(FileSystem& files, int folder, std::string name);

  const std::string& name() const noexcept { return file_.name(); }
  std::uint64_t size() const noexcept { return file_.size(); }
  const SafetensorsHeader& header() const noexcept { return header_; }
  /// XXH3-128 of the first header().size bytes.
  const std::string& header_hash() const noexcept { return header_hash_; }
  /// Nothing for an unknown name.
  const TensorEntry* find(std::string_view tensor) const noexcept;

  /// Fills `to`, of entry.size bytes, and answers their XXH3-128. [any thread]
  std::string read(const TensorEntry& entry, std::span<std::byte> to) const;
  /// Hashes a tensor without keeping it; its bytes go into `whole` as well. `buffer` is of any size but 0.
  std::string hash(const TensorEntry& entry, std::span<std::byte> buffer, Hash& whole) const;
  /// Reads `to.size()` bytes of the file at `offset`, for a caller that hashes the whole of it.
  void read_raw(std::span<std::byte> to, std::uint64_t offset) const { file_.read(to, offset); }

 private:
  InputFile file_;
  SafetensorsHeader header_;
  std::string header_hash_;
};

}  // namespace tenon::checkpoint

#endif
