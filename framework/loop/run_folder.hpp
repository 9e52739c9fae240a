// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_LOOP_RUN_FOLDER_HPP
#define TENON_LOOP_RUN_FOLDER_HPP

#include <tenon/metrics.hpp>
#include <tenon/trainer_options.hpp>

#include <filesystem>
#include <optional>
#include <set>
#include <string>

#include "checkpoint/file_system.hpp"
#include "checkpoint/lock.hpp"

namespace tenon::loop {

/// "-validate", "-test" or "-predict", so that an evaluation does not stand in the training's way; empty for a
/// training.
const char* folder_suffix(Stage stage);

/// Where a run goes for which nobody has named a folder: `name` and the suffix in default_root_dir. Absolute.
std::filesystem::path default_run_folder(const TrainerOptions& options, const std::string& name, Stage stage);

/// Unique without any registry: the time and a random number, "20261122-081500-3f9a2c71".
std::string new_run_id();

/// A folder that is this object's alone: no other run, of this process or another, gets it meanwhile.
class RunFolder {
 public:
  enum class Take {
    fresh,    ///< `wanted` where it is new or empty, else the first of `wanted`-v1, -v2, ... that is
    existing  ///< `wanted`, as it is; made where it is missing
  };
  /// Throws Failure (ExitCode::output) where it cannot be made or written, or, of an existing one, where somebody is
  /// alive in it, with the owner's process. `run_id` is what others are told then.
  explicit RunFolder(const std::filesystem::path& wanted, Take take = Take::fresh,
                     const std::string& run_id = new_run_id());
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }
  /// Whether there was nothing in it but hidden files of ours when it was taken.
  bool was_vacant() const noexcept { return was_vacant_; }

 private:
  bool claim(Take take, const std::string& run_id);

  std::filesystem::path path_;
  bool was_vacant_ = false;
  checkpoint::Descriptor folder_;
  std::optional<checkpoint::FolderLock> lock_;
};

/// Removes what a run that was refused has put into its folder, which stays claimed: the files `made`, locks, and
/// folders that are empty then. What somebody else has put there stays.
void make_empty(const std::filesystem::path& claimed, const std::set<std::filesystem::path>& made) noexcept;

}  // namespace tenon::loop

#endif
