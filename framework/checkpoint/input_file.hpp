// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A file that is read and not trusted.
#ifndef TENON_CHECKPOINT_INPUT_FILE_HPP
#define TENON_CHECKPOINT_INPUT_FILE_HPP

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "checkpoint/file_system.hpp"
#include "checkpoint/read_error.hpp"

namespace tenon::checkpoint {

/// One open file for header and data: what another process renames over it is not seen. Every error is a ReadError.
class InputFile {
 public:
  /// `folder` may be AT_FDCWD. What is no regular file is refused without waiting for it.
  InputFile(FileSystem& files, int folder, std::string name);

  std::uint64_t size() const noexcept { return size_; }
  const std::string& name() const noexcept { return name_; }

  /// Fills all of `to`; a file that has become shorter meanwhile is damaged. [any thread]
  void read(std::span<std::byte> to, std::uint64_t offset) const;

 private:
  FileSystem& files_;
  std::string name_;
  Descriptor file_;
  std::uint64_t size_ = 0;
};

}  // namespace tenon::checkpoint

#endif
