// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What does not change while a run goes on, and its clock.
#ifndef TENON_LOOP_RUN_FACTS_HPP
#define TENON_LOOP_RUN_FACTS_HPP

#include <boost/json/object.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include <tenon/trainer_options.hpp>
#include "checkpoint/file_system.hpp"
#include "loop/engine.hpp"

namespace tenon::loop {

struct RunFacts {
  std::string run_id;
  std::uint64_t attempt = 1;         ///< of the run, in a process of its own each
  std::filesystem::path run_folder;  ///< absolute
  std::string manifest_json;         ///< with defaults filled in
  std::string hparams_json = "{}";
  std::string task_name;
  boost::json::object trainer;  ///< the options, as a manifest has them
  TrainerOptions options;
  Stage stage = Stage::train;        ///< train, or validation, test or predict where nothing is trained
  std::int64_t started_unix_ns = 0;  ///< of the first attempt
  bool wait_for_saves = false;       ///< every commit point waits until all that it saves is on disk
  bool is_replay = false;            ///< of a recorded history: checkpoints have no tensors and are not fsynced
  bool has_told_its_end = false;     ///< an earlier attempt: what it had asked for up to there was told by it
  bool on_terminal = false;
  bool stdout_taken = false;
  checkpoint::FileSystem* files = &checkpoint::real_file_system();  ///< of the checkpoints that are saved
};

/// Seconds of the run so far. [any-thread]
class Clock {
 public:
  explicit Clock(Engine& engine) : engine_(engine) {}
  double seconds() const {
    if (const auto recorded = engine_.recorded_seconds()) return *recorded;
    return before_ + std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  }
  /// Seconds that earlier attempts took; before anybody asks.
  void go_on_from(double seconds) { before_ = seconds; }

 private:
  Engine& engine_;
  double before_ = 0.0;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

/// Batches that a limit leaves of a loader's; UNKNOWN where neither is known.
inline std::uint64_t limited(std::uint64_t batches, const BatchLimit& limit) {
  if (!limit.is_share) return std::min(batches, limit.count);
  if (batches == TENON_UNKNOWN || limit.share >= 1.0) return limit.share == 0.0 ? 0 : batches;
  return static_cast<std::uint64_t>(static_cast<double>(batches) * limit.share);
}

/// Whether any validation can happen under these options.
inline bool has_validation(const EngineFacts& facts, const TrainerOptions& options) {
  for (const std::uint64_t batches : facts.validation_batches)
    if (limited(batches, options.limit_val_batches) > 0) return true;
  return false;
}

}  // namespace tenon::loop

#endif
