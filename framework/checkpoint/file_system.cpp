// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/file_system.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <system_error>

namespace tenon::checkpoint {
namespace {

/// Above this the kernel cuts a call short anyway.
constexpr std::size_t largest_call = std::size_t{1} << 30;

}  // namespace

int FileSystem::open_at(int folder, const char* name, int flags, mode_t mode) {
  return ::openat(folder, name, flags, mode);
}
int FileSystem::close(int file) { return ::close(file); }
ssize_t FileSystem::write(int file, const void* from, std::size_t size) { return ::write(file, from, size); }
ssize_t FileSystem::read_at(int file, void* to, std::size_t size, off_t offset) {
  return ::pread(file, to, size, offset);
}
int FileSystem::truncate(int file, off_t size) { return ::ftruncate(file, size); }
int FileSystem::reserve(int file, off_t size) { return ::fallocate(file, 0, 0, size); }
int FileSystem::set_direct(int file, bool direct) {
  const int flags = ::fcntl(file, F_GETFL);
  return flags == -1 ? -1 : ::fcntl(file, F_SETFL, direct ? flags | O_DIRECT : flags & ~O_DIRECT);
}
int FileSystem::start_write_back(int file, off_t offset, off_t size) {
  return ::sync_file_range(file, offset, size, SYNC_FILE_RANGE_WRITE);
}
int FileSystem::sync(int file) { return ::fsync(file); }
int FileSystem::lock(int file) { return ::flock(file, LOCK_EX | LOCK_NB); }
int FileSystem::status(int file, struct stat* out) { return ::fstat(file, out); }
int FileSystem::status_at(int folder, const char* name, struct stat* out) {
  return ::fstatat(folder, name, out, AT_SYMLINK_NOFOLLOW);
}
int FileSystem::make_folder_at(int folder, const char* name) { return ::mkdirat(folder, name, 0777); }
int FileSystem::rename_at(int from_folder, const char* from, int to_folder, const char* to) {
  return ::renameat(from_folder, from, to_folder, to);
}
int FileSystem::rename_new_at(int from_folder, const char* from, int to_folder, const char* to) {
#ifdef SYS_renameat2
  constexpr unsigned no_replace = 1;  // RENAME_NOREPLACE, which older headers lack
  return static_cast<int>(::syscall(SYS_renameat2, from_folder, from, to_folder, to, no_replace));
#else
  errno = ENOSYS;
  return -1;
#endif
}
int FileSystem::unlink_at(int folder, const char* name, int flags) { return ::unlinkat(folder, name, flags); }
int FileSystem::make_link_at(const char* target, int folder, const char* name) {
  return ::symlinkat(target, folder, name);
}
ssize_t FileSystem::read_link_at(int folder, const char* name, char* to, std::size_t size) {
  return ::readlinkat(folder, name, to, size);
}

int FileSystem::set_attribute(int file, const char* name, const void* value, std::size_t size) {
  return ::fsetxattr(file, name, value, size, 0);
}
ssize_t FileSystem::get_attribute(int file, const char* name, void* value, std::size_t size) {
  return ::fgetxattr(file, name, value, size);
}

int FileSystem::list(int folder, std::vector<std::string>& names) {
  names.clear();
  const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);  // a position of its own
  if (copy == -1) return -1;
  DIR* stream = ::fdopendir(copy);
  if (stream == nullptr) {
    ::close(copy);
    return -1;
  }
  errno = 0;
  while (const dirent* entry = ::readdir(stream)) {
    if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
      names.emplace_back(entry->d_name);
    errno = 0;
  }
  const int trouble = errno;
  ::closedir(stream);
  errno = trouble;
  return trouble == 0 ? 0 : -1;
}

FileSystem& real_file_system() {
  static FileSystem real;
  return real;
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (number_ != -1) files_->close(number_);
    files_ = other.files_;
    number_ = std::exchange(other.number_, -1);
  }
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ != -1) files_->close(number_);
}

void Descriptor::close(const std::string& name) {
  // After EINTR the number is free on Linux and may already be somebody else's: no second call.
  if (files_->close(std::exchange(number_, -1)) == -1 && errno != EINTR) throw_system_error("close", name);
}

void throw_system_error(const std::string& action, const std::string& name) {
  throw std::system_error(errno, std::generic_category(), action + " '" + name + "'");
}

Descriptor open_file(FileSystem& files, int folder, const std::string& name, int flags, mode_t mode) {
  const int number = uninterrupted([&] { return files.open_at(folder, name.c_str(), flags | O_CLOEXEC, mode); });
  if (number == -1) throw_system_error((flags & O_CREAT) != 0 ? "create" : "open", name);
  return {files, number};
}

Descriptor open_folder(FileSystem& files, int folder, const std::string& name) {
  return open_file(files, folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

std::optional<Descriptor> open_readable_folder(FileSystem& files, int folder, const std::string& name) {
  const auto found = status_at(files, folder, name);
  if (!found || !S_ISDIR(found->st_mode)) return std::nullopt;
  try {
    return open_folder(files, folder, name);
  } catch (const std::system_error& error) {
    for (const std::errc passed_over : {std::errc::permission_denied, std::errc::no_such_file_or_directory,
                                        std::errc::too_many_symbolic_link_levels, std::errc::not_a_directory})
      if (error.code() == passed_over) return std::nullopt;
    throw;
  }
}

void write_all(FileSystem& files, int file, std::span<const std::byte> bytes, const std::string& name) {
  while (!bytes.empty()) {
    const std::size_t size = std::min(bytes.size(), largest_call);
    const ssize_t written = uninterrupted([&] { return files.write(file, bytes.data(), size); });
    if (written == -1) throw_system_error("write", name);
    if (written == 0) {  // a file system that takes nothing and gives no reason must not keep us here
      errno = EIO;
      throw_system_error("write", name);
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

std::size_t read_full(FileSystem& files, int file, std::span<std::byte> to, off_t offset, const std::string& name) {
  std::size_t done = 0;
  while (done < to.size()) {
    const std::size_t size = std::min(to.size() - done, largest_call);
    const ssize_t read =
        uninterrupted([&] { return files.read_at(file, to.data() + done, size, offset + static_cast<off_t>(done)); });
    if (read == -1) throw_system_error("read", name);
    if (read == 0) break;
    done += static_cast<std::size_t>(read);
  }
  return done;
}

void sync(FileSystem& files, int file, const std::string& name) {
  // EINTR is no failure: nothing was dropped, and an error of the interrupted write-back is reported by the next call.
  if (uninterrupted([&] { return files.sync(file); }) == -1) throw_system_error("fsync", name);
}

struct stat status(FileSystem& files, int file, const std::string& name) {
  struct stat result {};
  if (uninterrupted([&] { return files.status(file, &result); }) == -1) throw_system_error("stat", name);
  return result;
}

std::optional<struct stat> status_at(FileSystem& files, int folder, const std::string& name) {
  struct stat result {};
  if (uninterrupted([&] { return files.status_at(folder, name.c_str(), &result); }) == 0) return result;
  if (errno == ENOENT) return std::nullopt;
  throw_system_error("stat", name);
}

}  // namespace tenon::checkpoint
