// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "log_file.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace tenon::policy {

namespace fs = std::filesystem;

LogFile::LogFile(std::string path, std::uint64_t keep) : path_(std::move(path)) {
  open();
  std::error_code wrong;
  if (!fs::is_regular_file(path_, wrong)) return;  // a pipe, a device: nothing to go on from
  size_ = fs::file_size(path_, wrong);
  const std::uint64_t kept = size_ > keep ? keep : whole_lines();
  if (!wrong && size_ > kept) fs::resize_file(path_, kept, wrong);
  if (wrong) fail("cannot be cut", wrong.value());
  size_ = kept;
}

std::uint64_t LogFile::whole_lines() const {
  const std::string content = read(path_);
  return content.rfind('\n') + 1;  // npos + 1 is 0
}

void LogFile::open() {
  errno = 0;
  file_.reset(std::fopen(path_.c_str(), "ab"));
  if (!file_) fail("cannot be opened", errno);
}

void LogFile::append(std::string_view lines) {
  errno = 0;
  const bool written = std::fwrite(lines.data(), 1, lines.size(), file_.get()) == lines.size();
  if (!written || std::fflush(file_.get()) != 0) fail("cannot be written", errno);
  size_ += lines.size();
}

std::string LogFile::read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void LogFile::replace(std::string_view content) {
  const std::string beside = path_ + ".tmp";
  {
    LogFile fresh(beside, 0);
    fresh.append(content);
  }
  std::error_code wrong;
  fs::rename(beside, path_, wrong);
  if (wrong) fail("cannot be replaced", wrong.value());
  open();
  size_ = content.size();
}

void LogFile::fail(const char* what, int reason) const {
  throw std::runtime_error(path_ + " " + what + ": " + std::generic_category().message(reason));
}

}  // namespace tenon::policy
