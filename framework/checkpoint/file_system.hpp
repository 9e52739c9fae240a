// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The room's only way to the disk. FileSystem is the system's calls, one by one, so that a test can let any of them
// fail, be short or be the last; everything above retries, checks and throws.
#ifndef TENON_CHECKPOINT_FILE_SYSTEM_HPP
#define TENON_CHECKPOINT_FILE_SYSTEM_HPP

#include <sys/stat.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tenon::checkpoint {

/// Each function is the call of its name in section 2 of the manual: -1 and errno on error. `folder` may be AT_FDCWD.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  virtual int open_at(int folder, const char* name, int flags, mode_t mode);
  virtual int close(int file);
  virtual ssize_t write(int file, const void* from, std::size_t size);
  virtual ssize_t read_at(int file, void* to, std::size_t size, off_t offset);
  virtual int truncate(int file, off_t size);
  virtual int reserve(int file, off_t size);                         ///< fallocate: the file has that size at once
  virtual int set_direct(int file, bool direct);                     ///< fcntl: O_DIRECT on or off
  virtual int start_write_back(int file, off_t offset, off_t size);  ///< sync_file_range, without waiting
  virtual int sync(int file);
  virtual int lock(int file);  ///< flock, exclusive, at once or EWOULDBLOCK
  virtual int status(int file, struct stat* out);
  virtual int status_at(int folder, const char* name, struct stat* out);  ///< of a link itself
  virtual int make_folder_at(int folder, const char* name);
  virtual int rename_at(int from_folder, const char* from, int to_folder, const char* to);
  virtual int rename_new_at(int from_folder, const char* from, int to_folder, const char* to);  ///< never replaces
  virtual int unlink_at(int folder, const char* name, int flags);
  virtual int make_link_at(const char* target, int folder, const char* name);  ///< symbolic
  virtual ssize_t read_link_at(int folder, const char* name, char* to, std::size_t size);
  virtual int set_attribute(int file, const char* name, const void* value, std::size_t size);  ///< fsetxattr
  virtual ssize_t get_attribute(int file, const char* name, void* value, std::size_t size);    ///< fgetxattr
  virtual int list(int folder, std::vector<std::string>& names);                               ///< without "." and ".."
  /// Not a call: bytes that a large file is written in at a time, a multiple of 4096. What has fewer is small.
  virtual std::size_t large_piece() const noexcept { return std::size_t{8} << 20; }
};

/// The one without faults.
FileSystem& real_file_system();

/// An open file or folder; closed at the end of its life.
class Descriptor {
 public:
  Descriptor() = default;
  Descriptor(FileSystem& files, int number) : files_(&files), number_(number) {}
  Descriptor(Descriptor&& other) noexcept : files_(other.files_), number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int number() const noexcept { return number_; }
  /// For a written file, whose last error may come only now. Throws std::system_error; it is closed either way.
  void close(const std::string& name);

 private:
  FileSystem* files_ = nullptr;
  int number_ = -1;
};

/// Throws std::system_error with errno, "action 'name'".
[[noreturn]] void throw_system_error(const std::string& action, const std::string& name);

/// All throw std::system_error and go on after EINTR. `name` may be a path where `folder` is AT_FDCWD.
Descriptor open_file(FileSystem& files, int folder, const std::string& name, int flags, mode_t mode = 0666);
/// A link in its place is refused (ELOOP or ENOTDIR).
Descriptor open_folder(FileSystem& files, int folder, const std::string& name);
/// The same for who only looks around: nothing where there is no such folder, or not for us, such as another user's
/// lost+found.
std::optional<Descriptor> open_readable_folder(FileSystem& files, int folder, const std::string& name);
/// Writes all of it, however short the system's writes are.
void write_all(FileSystem& files, int file, std::span<const std::byte> bytes, const std::string& name);
/// Reads until `to` is full or the file ends; answers how much was read.
std::size_t read_full(FileSystem& files, int file, std::span<std::byte> to, off_t offset, const std::string& name);
/// Never call it again after it threw: the kernel has dropped the data and the next call would answer success.
void sync(FileSystem& files, int file, const std::string& name);
struct stat status(FileSystem& files, int file, const std::string& name);
/// Nothing when there is none of that name.
std::optional<struct stat> status_at(FileSystem& files, int folder, const std::string& name);

/// Calls until the answer is not EINTR.
template <typename Call>
auto uninterrupted(Call&& call) -> decltype(call()) {
  for (;;) {
    const auto answer = call();
    if (answer != -1 || errno != EINTR) return answer;
  }
}

}  // namespace tenon::checkpoint

#endif
