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

namespace tenon::loop {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& folder, const std::string& why) {
  throw Failure(ExitCode::output, "the run's folder '" + folder.string() + "' cannot be written: " + why +
                                      "; choose another with --out DIR");
}

/// Whether the folder is now ours; not where something else stands there, or another run has just taken it.
bool claim(const fs::path& folder) {
  std::error_code wrong;
  if (fs::exists(folder, wrong) && !fs::is_directory(folder)) return false;
  fs::create_directories(folder, wrong);
  if (wrong) refuse(folder, wrong.message());
  const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) refuse(folder, std::strerror(errno));
  // Some network file systems know no locks: there the empty folder has to do. The lock ends with the process.
  const bool is_locked_elsewhere = ::flock(directory, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  if (!is_locked_elsewhere && fs::is_empty(folder, wrong) && !wrong) return true;
  ::close(directory);
  if (wrong) refuse(folder, wrong.message());
  return false;
}

void probe(const fs::path& folder) {
  std::string file = (folder / ".tenon-probe-XXXXXX").string();
  const int opened = ::mkstemp(file.data());
  if (opened < 0) refuse(folder, std::strerror(errno));
  ::close(opened);
  ::unlink(file.c_str());
}

}  // namespace

fs::path claim_run_folder(const fs::path& wanted) {
  fs::path folder = wanted;
  for (int version = 1; !claim(folder); ++version) folder = wanted.string() + "-v" + std::to_string(version);
  probe(folder);
  return folder;
}

void make_empty(const fs::path& claimed) noexcept {
  std::error_code wrong;
  for (fs::directory_iterator entry(claimed, wrong), end; !wrong && entry != end; entry.increment(wrong)) {
    std::error_code ignored;
    fs::remove_all(entry->path(), ignored);
  }
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
