// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A safetensors file that is read, our own or anybody's.
#ifndef TENON_CHECKPOINT_SAFETENSORS_FILE_HPP
#define TENON_CHECKPOINT_SAFETENSORS_FILE_HPP

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "checkpoint/hash.hpp"
#include "checkpoint/input_file.hpp"
#include "checkpoint/safetensors_header.hpp"

namespace tenon::checkpoint {

/// Told of a tensor and the XXH3-128 of its bytes.
using FoundTensor = std::function<void(const TensorEntry&, std::string_view hash)>;

/// The header is read and checked whole at the start; tensors can be read one by one, so that a file may be larger than
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
  /// Fills `to`, of size() - header().size bytes, with all tensors as they lie in the file, by two threads. `found` is
  /// called in that order; what it throws ends the reading and is thrown.
  void read_all(std::span<std::byte> to, const FoundTensor& found) const;
  /// The same for the whole file without keeping it; answers its XXH3-128.
  std::string hash_all(const FoundTensor& found) const;

 private:
  InputFile file_;
  SafetensorsHeader header_;
  std::string header_hash_;
};

}  // namespace tenon::checkpoint

#endif
