// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A file system of which one call, or every call from one on, goes wrong.
#ifndef TENON_TESTS_FAULTS_FAULTY_FILE_SYSTEM_HPP
#define TENON_TESTS_FAULTS_FAULTY_FILE_SYSTEM_HPP

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <vector>

#include "checkpoint/file_system.hpp"

namespace tenon::test {

struct Fault {
  enum class Kind { none, error, error_from_here_on, short_count, interrupt, kill } kind = Kind::none;
  long at = -1;   ///< the how manieth call, from 0
  int error = 0;  ///< errno for the two error kinds
};

inline constexpr int killed_status = 137;

class FaultyFileSystem : public checkpoint::FileSystem {
 public:
  Fault fault;
  long calls = 0;
  std::string hit;  ///< the call that went wrong
  /// What becomes of O_DIRECT: taken, refused when asked for, refused by the first write.
  enum class Cache { passed_by, used, used_after_all } cache = Cache::passed_by;
  std::size_t piece = FileSystem::large_piece();

  int open_at(int folder, const char* name, int flags, mode_t mode) override {
    return goes_wrong("open", name) ? -1 : FileSystem::open_at(folder, name, flags, mode);
  }
  int close(int file) override {
    const bool wrong = goes_wrong("close");
    const int reason = errno;
    is_direct_ = false;                          // one file is written at a time
    const int answer = FileSystem::close(file);  // as the system does it: closed, whatever it answers
    errno = reason;
    return wrong ? -1 : answer;
  }
  ssize_t write(int file, const void* from, std::size_t size) override {
    if (goes_wrong("write")) return -1;
    if (is_direct_ && cache == Cache::used_after_all) {
      errno = EINVAL;
      return -1;
    }
    return FileSystem::write(file, from, shortened(size));
  }
  ssize_t read_at(int file, void* to, std::size_t size, off_t offset) override {
    return goes_wrong("read") ? -1 : FileSystem::read_at(file, to, shortened(size), offset);
  }
  int truncate(int file, off_t size) override { return goes_wrong("truncate") ? -1 : FileSystem::truncate(file, size); }
  int reserve(int file, off_t size) override { return goes_wrong("reserve") ? -1 : FileSystem::reserve(file, size); }
  int set_direct(int file, bool direct) override {
    if (goes_wrong("set direct")) return -1;
    if (direct && cache == Cache::used) {
      errno = EINVAL;
      return -1;
    }
    is_direct_ = direct;
    return FileSystem::set_direct(file, direct);
  }
  int start_write_back(int file, off_t offset, off_t size) override {
    return goes_wrong("write back") ? -1 : FileSystem::start_write_back(file, offset, size);
  }
  int sync(int file) override { return goes_wrong("fsync") ? -1 : FileSystem::sync(file); }
  int lock(int file) override { return goes_wrong("lock") ? -1 : FileSystem::lock(file); }
  int status(int file, struct stat* out) override { return goes_wrong("fstat") ? -1 : FileSystem::status(file, out); }
  int status_at(int folder, const char* name, struct stat* out) override {
    return goes_wrong("stat", name) ? -1 : FileSystem::status_at(folder, name, out);
  }
  int make_folder_at(int folder, const char* name) override {
    return goes_wrong("mkdir", name) ? -1 : FileSystem::make_folder_at(folder, name);
  }
  int rename_at(int from_folder, const char* from, int to_folder, const char* to) override {
    return goes_wrong("rename", to) ? -1 : FileSystem::rename_at(from_folder, from, to_folder, to);
  }
  int rename_new_at(int from_folder, const char* from, int to_folder, const char* to) override {
    return goes_wrong("rename new", to) ? -1 : FileSystem::rename_new_at(from_folder, from, to_folder, to);
  }
  int unlink_at(int folder, const char* name, int flags) override {
    return goes_wrong("unlink", name) ? -1 : FileSystem::unlink_at(folder, name, flags);
  }
  int make_link_at(const char* target, int folder, const char* name) override {
    return goes_wrong("link", name) ? -1 : FileSystem::make_link_at(target, folder, name);
  }
  ssize_t read_link_at(int folder, const char* name, char* to, std::size_t size) override {
    return goes_wrong("readlink", name) ? -1 : FileSystem::read_link_at(folder, name, to, size);
  }
  int set_attribute(int file, const char* name, const void* value, std::size_t size) override {
    return goes_wrong("set attribute", name) ? -1 : FileSystem::set_attribute(file, name, value, size);
  }
  ssize_t get_attribute(int file, const char* name, void* value, std::size_t size) override {
    return goes_wrong("get attribute", name) ? -1 : FileSystem::get_attribute(file, name, value, size);
  }
  int list(int folder, std::vector<std::string>& names) override {
    return goes_wrong("list") ? -1 : FileSystem::list(folder, names);
  }

  std::size_t large_piece() const noexcept override { return piece; }

 private:
  /// Counts a call; true when it is to fail, with errno set.
  bool goes_wrong(const char* call, const char* name = "") {
    const long number = calls++;
    is_short_ = false;
    if (number != fault.at && !(fault.kind == Fault::Kind::error_from_here_on && number > fault.at)) return false;
    if (number == fault.at) hit = std::string(call) + " " + name;
    switch (fault.kind) {
      case Fault::Kind::none:
        return false;
      case Fault::Kind::kill:
        _exit(killed_status);
      case Fault::Kind::short_count:
        is_short_ = true;
        return false;
      case Fault::Kind::interrupt:
        errno = EINTR;
        return true;
      case Fault::Kind::error:
      case Fault::Kind::error_from_here_on:
        errno = fault.error;
        return true;
    }
    return false;
  }
  std::size_t shortened(std::size_t size) const { return is_short_ ? std::max<std::size_t>(size / 2, 1) : size; }

  bool is_short_ = false;
  bool is_direct_ = false;
};

}  // namespace tenon::test

#endif
