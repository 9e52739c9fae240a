// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/input_file.hpp"

#include <fcntl.h>

#include <system_error>
#include <utility>

namespace tenon::checkpoint {

InputFile::InputFile(FileSystem& files, int folder, std::string name) : files_(files), name_(std::move(name)) {
  try {
    file_ = open_file(files, folder, name_, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    const struct stat found = status(files, file_.number(), name_);
    if (!S_ISREG(found.st_mode)) throw ReadError(ReadError::Reason::damaged, "'" + name_ + "' is no file");
    size_ = static_cast<std::uint64_t>(found.st_size);
  } catch (const std::system_error& error) {
    const bool missing = error.code() == std::errc::no_such_file_or_directory;
    throw ReadError(missing ? ReadError::Reason::missing : ReadError::Reason::io, error.what(), error.code());
  }
}

void InputFile::read(std::span<std::byte> to, std::uint64_t offset) const {
  try {
    if (read_full(files_, file_.number(), to, static_cast<off_t>(offset), name_) == to.size()) return;
  } catch (const std::system_error& error) {
    throw ReadError(ReadError::Reason::io, error.what(), error.code());
  }
  throw ReadError(ReadError::Reason::damaged, "'" + name_ + "' became shorter while it was read");
}

}  // namespace tenon::checkpoint
