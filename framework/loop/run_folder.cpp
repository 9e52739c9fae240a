// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/run_folder.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <tenon/failure.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <random>
#include <vector>

namespace tenon::loop {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& folder, const std::string& why) {
  throw Failure(ExitCode::output, "the run's folder '" + folder.string() + "' cannot be written: " + why +
                                      "; choose another with --out DIR");
}

void sync(const fs::path& folder) {
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return;  // a folder above that may not be read is not ours to sync
  ::fsync(opened);
  ::close(opened);
}

/// Each new folder's entry is durable: what is saved in it must not vanish with it in a power cut.
void make_folders(const fs::path& folder) {
  std::vector<fs::path> missing;
  std::error_code wrong;
  for (fs::path at = folder; !at.empty() && !fs::exists(at, wrong); at = at.parent_path()) missing.push_back(at);
  fs::create_directories(folder, wrong);
  if (wrong) refuse(folder, wrong.message());
  for (auto made = missing.rbegin(); made != missing.rend(); ++made) sync(made->parent_path());
}

/// The folder's lock; -1 where something else stands there, or another run has just taken it.
int claim(const fs::path& folder) {
  std::error_code wrong;
  if (fs::exists(folder, wrong) && !fs::is_directory(folder)) return -1;
  make_folders(folder);
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) refuse(folder, std::strerror(errno));
  // Some network file systems know no locks: there the empty folder has to do.
  const bool is_locked_elsewhere = ::flock(directory, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (!is_locked_elsewhere && fs::is_empty(folder, wrong) && !wrong) return directory;
  ::close(directory);
  if (wrong) refuse(folder, wrong.message());
  return -1;
}

void probe(const fs::path& folder) {
  std::string file = (folder / ".tenon-probe-XXXXXX").string();
  const int opened = ::mkstemp(file.data());
  if (opened < 0) refuse(folder, std::strerror(errno));
  ::close(opened);
  ::unlink(file.c_str());
}

}  // namespace

const char* folder_suffix(Stage stage) {
  return stage == Stage::validation ? "-validate"
         : stage == Stage::test     ? "-test"
         : stage == Stage::predict  ? "-predict"
                                    : "";
}

fs::path default_run_folder(const TrainerOptions& options, const std::string& name, Stage stage) {
  const std::string root = options.default_root_dir.empty() ? "runs" : options.default_root_dir;
  return fs::absolute(root) / (name + folder_suffix(stage));
}

RunFolder::RunFolder(const fs::path& wanted) : path_(wanted) {
  for (int version = 1; (lock_ = claim(path_)) < 0; ++version) path_ = wanted.string() + "-v" + std::to_string(version);
  try {
    probe(path_);
  } catch (...) {
    ::close(lock_);
    throw;
  }
}

RunFolder::~RunFolder() { ::close(lock_); }

void make_empty(const fs::path& claimed, const std::set<fs::path>& made) noexcept {
  std::error_code ignored, wrong;
  for (const fs::path& file : made) ::unlink(file.c_str());
  std::vector<fs::path> folders;
  for (fs::recursive_directory_iterator entry(claimed, wrong), end; !wrong && entry != end; entry.increment(wrong)) {
    if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) folders.push_back(entry->path());
    if (entry->path().filename().string().starts_with(".tenon-")) ::unlink(entry->path().c_str());  // a lock of ours
  }
  // Only empty ones go; what somebody else has put there stays, and the folders around it.
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) ::rmdir(folder->c_str());
}

std::string new_run_id() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 48> id{};
  const std::size_t n = std::strftime(id.data(), id.size(), "%Y%m%d-%H%M%S-", &utc);
  std::snprintf(id.data() + n, id.size() - n, "%08x", std::random_device{}());
  return id.data();
}

}  // namespace tenon::loop
