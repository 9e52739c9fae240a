// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "log_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace tenon::policy {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail_at(const std::string& path, const char* what, int reason) {
  throw std::runtime_error(path + " " + what + ": " + std::generic_category().message(reason));
}

/// Pipes and devices have nothing to sync.
bool cannot_be_synced(int reason) { return reason == EINVAL || reason == EROFS || reason == ENOTSUP; }

void sync_or_fail(int file, const std::string& path) {
  while (::fsync(file) != 0) {
    if (errno == EINTR) continue;
    if (cannot_be_synced(errno)) return;
    fail_at(path, "cannot be synced to disk", errno);
  }
}

}  // namespace

class LogFile::Handle {
 public:
  explicit Handle(int file) noexcept : file_(file) {}
  ~Handle() { ::close(file_); }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  int get() const noexcept { return file_; }

 private:
  int file_;
};

LogFile::LogFile(std::string path, std::uint64_t keep) : path_(std::move(path)), is_synced_(keep > 0) {
  open();
  std::error_code wrong;
  if (fs::is_regular_file(path_, wrong)) keep_whole_lines(keep);  // in a pipe or a device nothing is to go on from
}

void LogFile::keep_whole_lines(std::uint64_t most) {
  std::ifstream in(path_, std::ios::binary);
  Fingerprint fingerprint;
  std::uint64_t left = most;
  for (std::string line; left > 0 && std::getline(in, line) && !in.eof() && line.size() < left;) {
    line += '\n';
    fingerprint.add(line);
    left -= line.size();
    content_ = {content_.size + line.size(), content_.lines + 1, fingerprint.value()};
  }
  std::error_code wrong;
  if (fs::file_size(path_, wrong) > content_.size) fs::resize_file(path_, content_.size, wrong);
  if (wrong) fail("cannot be cut", wrong.value());
}

void LogFile::open() {
  const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) fail("cannot be opened", errno);
  file_ = std::make_shared<const Handle>(file);
}

LogFile::~LogFile() {
  try {
    flush();
  } catch (const std::exception&) {
    waiting_.clear();
  }
}

void LogFile::flush() {
  const std::string lines = std::move(waiting_);
  waiting_.clear();
  if (!lines.empty()) write(lines, content_.size - lines.size());
}

void LogFile::append(std::string_view lines) {
  constexpr std::size_t many = 1 << 16;
  if (gathers_)
    waiting_ += lines;
  else
    write(lines, content_.size);
  Fingerprint fingerprint(content_.fingerprint);
  fingerprint.add(lines);
  content_.size += lines.size();
  content_.lines += static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
  content_.fingerprint = fingerprint.value();
  if (waiting_.size() >= many) flush();
}

/// Where it fails, the file ends as before.
void LogFile::write(std::string_view lines, std::uint64_t size_before) {
  for (std::string_view left = lines; !left.empty();) {
    const ssize_t written = ::write(file_->get(), left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      const int reason = written < 0 ? errno : ENOSPC;
      // Nothing may follow a part of a line; what is no regular file keeps it.
      if (left.size() < lines.size() && ::ftruncate(file_->get(), static_cast<off_t>(size_before)) != 0)
        fail("cannot be written, and ends in a part of a line", reason);
      fail("cannot be written", reason);
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::function<void()> LogFile::sync() const {
  is_synced_ = true;
  return [file = file_, path = path_] {
    sync_or_fail(file->get(), path);
    const std::string folder = fs::path(path).parent_path().string();
    const Handle names(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (names.get() < 0) fail_at(folder, "cannot be opened", errno);
    sync_or_fail(names.get(), folder);
  };
}

std::string LogFile::read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void LogFile::replace(std::string_view content) {
  const std::string beside = path_ + ".tmp";
  LogFile fresh(beside, 0);
  fresh.append(content);
  if (is_synced_) sync_or_fail(fresh.file_->get(), beside);
  std::error_code wrong;
  fs::rename(beside, path_, wrong);
  if (wrong) fail("cannot be replaced", wrong.value());
  file_ = fresh.file_;
  content_ = fresh.content_;
}

void LogFile::fail(const char* what, int reason) const { fail_at(path_, what, reason); }

}  // namespace tenon::policy
