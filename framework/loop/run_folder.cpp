// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/run_folder.hpp"

#include <fcntl.h>
#include <unistd.h>
#include <tenon/failure.hpp>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <system_error>
#include <vector>

#include "checkpoint/names.hpp"

namespace tenon::loop {

namespace {

namespace fs = std::filesystem;

constexpr const char* lock_file = ".tenon-run-lock";

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

/// Nothing is in it but hidden files of ours: a run that was killed before it had begun leaves its lock.
bool is_vacant(const fs::path& folder) {
  std::error_code wrong;
  for (fs::directory_iterator entry(folder, wrong), end; !wrong && entry != end; entry.increment(wrong))
    if (!entry->path().filename().string().starts_with(checkpoint::private_prefix)) return false;
  if (wrong) refuse(folder, wrong.message());
  return true;
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

RunFolder::RunFolder(const fs::path& wanted, Take take, const std::string& run_id) : path_(wanted) {
  for (int version = 1; !claim(take, run_id); ++version) path_ = wanted.string() + "-v" + std::to_string(version);
}

RunFolder::~RunFolder() { lock_->release(folder_.number()); }

/// False where something else stands at path_, or another run has just taken it.
bool RunFolder::claim(Take take, const std::string& run_id) {
  std::error_code wrong;
  const bool is_fresh = take == Take::fresh;
  if (is_fresh && fs::exists(path_, wrong) && !fs::is_directory(path_)) return false;
  make_folders(path_);
  if (is_fresh && !is_vacant(path_)) return false;  // nothing is ever written into somebody else's
  checkpoint::FileSystem& files = checkpoint::real_file_system();
  try {
    folder_ = checkpoint::open_file(files, AT_FDCWD, path_.string(), O_RDONLY | O_DIRECTORY);
    lock_.emplace(files, folder_.number(), run_id, lock_file);
  } catch (const checkpoint::LockedError& owner) {
    if (is_fresh) return false;
    throw Failure(ExitCode::output,
                  "the run's folder '" + path_.string() + "' is in use: " + owner.what() +
                      " trains there; wait until it ends or stop it, or choose another with --out DIR");
  } catch (const std::system_error& error) {
    refuse(path_, error.code().message());
  }
  was_vacant_ = is_vacant(path_);
  if (!is_fresh || was_vacant_) return true;
  lock_->release(folder_.number());
  return false;
}

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
