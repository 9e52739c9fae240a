// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/file_writer.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace tenon::checkpoint {

FileWriter::FileWriter(FileSystem& files, int folder, std::string name, std::uint64_t size)
    : files_(files), name_(std::move(name)), file_(open_file(files, folder, name_, O_WRONLY | O_CREAT | O_EXCL)) {
  if (size >= files.large_piece()) large_ = std::make_unique<LargeFile>(files, file_.number(), name_, size);
}

void FileWriter::append(std::span<const std::byte> bytes) {
  if (large_) {
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(bytes.size(), piece_size))) {
      const auto piece = bytes.first(std::min(bytes.size(), piece_size));
      hash_.update(piece);
      large_->append(piece);
      size_ += piece.size();
    }
    return;
  }
  hash_.update(bytes);
  size_ += bytes.size();
  if (gathered_.size() + bytes.size() > piece_size) flush();
  if (bytes.size() >= piece_size) {
    write_all(files_, file_.number(), bytes, name_);
  } else {
    gathered_.insert(gathered_.end(), bytes.begin(), bytes.end());
  }
}

std::string FileWriter::finish(bool durable) {
  if (large_)
    large_->finish();
  else
    flush();
  if (static_cast<std::uint64_t>(status(files_, file_.number(), name_).st_size) != size_) {
    errno = EIO;
    throw_system_error("write all of", name_);
  }
  if (durable) sync(files_, file_.number(), name_);
  file_.close(name_);
  return hash_.hex();
}

void FileWriter::flush() {
  write_all(files_, file_.number(), gathered_, name_);
  gathered_.clear();
}

}  // namespace tenon::checkpoint
