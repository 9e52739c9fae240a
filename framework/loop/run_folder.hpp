// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_LOOP_RUN_FOLDER_HPP
#define TENON_LOOP_RUN_FOLDER_HPP

#include <tenon/metrics.hpp>
#include <tenon/trainer_options.hpp>

#include <filesystem>
#include <set>
#include <string>

namespace tenon::loop {

/// "-validate", "-test" or "-predict", so that an evaluation does not stand in the training's way; empty for a
/// training.
const char* folder_suffix(Stage stage);

/// Where a run goes for which nobody has named a folder: `name` and the suffix in default_root_dir. Absolute.
std::filesystem::path default_run_folder(const TrainerOptions& options, const std::string& name, Stage stage);

/// A folder that is this object's alone: no other run, of this process or another, gets it meanwhile.
class RunFolder {
 public:
  /// Takes `wanted` where it is new or empty, else the first of `wanted`-v1, -v2, ... that is. Throws Failure
  /// (ExitCode::output) where it cannot be made or written.
  explicit RunFolder(const std::filesystem::path& wanted);
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
  int lock_ = -1;
};

/// Removes what a run that was refused has put into its folder, which stays claimed: the files `made`, locks, and
/// folders that are empty then. What somebody else has put there stays.
void make_empty(const std::filesystem::path& claimed, const std::set<std::filesystem::path>& made) noexcept;

/// Unique without any registry: the time and a random number, "20261122-081500-3f9a2c71".
std::string new_run_id();

}  // namespace tenon::loop

#endif
