// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// run.json in a run's folder: which run this is, where its checkpoints lie, how it ended.
#ifndef TENON_LOOP_RUN_RECORD_HPP
#define TENON_LOOP_RUN_RECORD_HPP

#include <tenon/trainer_options.hpp>

#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/file_system.hpp"

namespace tenon::loop {

inline constexpr const char* run_record_file = "run.json";

/// What decides whether a run that has ended has anything left to do.
struct RunLimits {
  std::uint64_t max_epochs = no_limit, max_steps = no_limit;
  double max_time = std::numeric_limits<double>::infinity();  ///< seconds
  std::string settings;  ///< XXH3-128 of the callbacks' options and of all limits; another one may undo a stop
};

struct RunEnd {
  std::string reason;  ///< end_name(): finished, stopped, failed, interrupted
  std::string detail;
  std::uint64_t epochs = 0, steps = 0;
  RunLimits limits;  ///< under which it ended
};

/// What a run began with beside its manifest. Where it is killed before its first checkpoint, it begins with that
/// again.
struct RunBeginning {
  enum class With {
    task,        ///< the weights that the task makes
    weights,     ///< those of `from`, a checkpoint or a .safetensors file
    checkpoint,  ///< `parts` of the state of `from`
    program,     ///< weights that the program had in its memory
    unknown      ///< the record was lost, or is of a version that did not say
  };
  With with = With::task;
  std::filesystem::path from;  ///< absolute, and no ref; in the file also relative to the run's folder
  std::uint32_t parts = 0;     ///< of a checkpoint: see restore_parts.hpp
  std::string hash;            ///< of `from`: see run_beginning.hpp
};

struct RunRecord {
  std::string run_id;
  std::int64_t started_unix_ns = 0;  ///< the first attempt
  std::uint64_t attempt = 1;         ///< counts the processes that have worked on the run
  /// Of the second attempt and those after it: the sequence of the checkpoint that it went on from, 0 where it started
  /// afresh. What an earlier attempt has saved behind it is left behind.
  std::vector<std::uint64_t> resumed_from;
  /// And the attempt that had saved it; where this is shorter, the one before.
  std::vector<std::uint64_t> resumed_attempts;
  /// Sequence of the last checkpoint, among those that the last attempt goes on behind, from which an attempt went on
  /// behind the stop that had ended the run: what asks for a stop in it, or before it, has had it. 0: none.
  std::uint64_t stops_done_to = 0;
  RunBeginning begun_with;
  std::string task;
  std::uint64_t seed = 0;
  std::vector<std::filesystem::path> folders;  ///< of its checkpoints, absolute; in the file relative to the run's
                                               ///< folder where they lie below it, so that it can be moved
  std::optional<RunEnd> ended;                 ///< nothing while it goes on, and after a crash

  /// A further attempt, which goes on from there; 0, 0: afresh.
  void go_on_from(std::uint64_t sequence, std::uint64_t its_attempt);
  /// Whether a checkpoint of this run is none of those that the last attempt goes on behind.
  bool leaves_behind(std::uint64_t its_attempt, std::uint64_t its_sequence) const;
};

/// Nothing where the folder has no record. Throws checkpoint::ReadError for one that cannot be read or is not as it was
/// written.
std::optional<RunRecord> read_run_record(const std::filesystem::path& run_folder,
                                         checkpoint::FileSystem& files = checkpoint::real_file_system());

/// The record of the run that this process works on; each change is durable when its function returns, by a temporary
/// file and one rename. The run's folder is locked meanwhile. All throw Failure (ExitCode::output) where it cannot be
/// written, and the file is as before then.
class RecordedRun {
 public:
  /// Writes nothing.
  RecordedRun(std::filesystem::path run_folder, RunRecord record,
              checkpoint::FileSystem& files = checkpoint::real_file_system());

  const RunRecord& record() const noexcept { return record_; }

  void create();
  /// A new attempt, which goes on from the checkpoint of this sequence that this attempt has saved; 0: afresh.
  void reopen(std::uint64_t from_sequence, std::uint64_t from_attempt);
  /// As it was before reopen(): the attempt was refused.
  void put_back();
  /// [any-thread] Once for each; before anything is saved there.
  void add_folder(const std::filesystem::path& absolute);
  void set_ended(RunEnd end);

 private:
  void change(RunRecord next);

  std::filesystem::path run_folder_;
  checkpoint::FileSystem& files_;
  std::mutex mutex_;
  RunRecord record_;
  RunRecord before_;
};

}  // namespace tenon::loop

#endif
