// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a run goes on from: the word of `--resume` against what is on disk.
#ifndef TENON_LOOP_RESUME_CHOICE_HPP
#define TENON_LOOP_RESUME_CHOICE_HPP

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/checkpoint.hpp"
#include "loop/restore_parts.hpp"
#include "loop/run_checkpoints.hpp"
#include "loop/run_record.hpp"

namespace tenon::loop {

struct ResumeRequest {
  std::filesystem::path run_folder;          ///< absolute; that of the run, or where a new one would go
  std::string word;                          ///< auto | last | best | best:ID, else the path of a checkpoint or ref
  std::uint32_t parts = restore_everything;  ///< others: a new run takes over these of PATH's state
  RunLimits limits;                          ///< that the run would have now
};

struct ResumeChoice {
  /// Of the run that goes on; without a run_id where a new run begins.
  RunRecord record;
  bool same_run = false;  ///< false: a new run begins, from `from` where there is one, which is then protected for ever
  std::optional<checkpoint::Checkpoint> from;  ///< nothing: from the beginning
  checkpoint::LoadedTensors model, training;   ///< all of `from`, every byte of them verified
  /// Nothing of its own is there for the same run to go on from: it begins again with what it began with, as its record
  /// says; of a checkpoint, `from` is that one.
  bool begins_again = false;
  /// Of a `from` of the same run, else 0. What the same run has saved behind it becomes trash once a new checkpoint is
  /// durable.
  std::uint64_t sequence = 0;
  std::uint64_t attempt = 0;  ///< that has saved it
  /// Of the same run, of every kind, those left behind too; oldest first. Where it goes on these are what its ledger
  /// begins with.
  std::vector<RunCheckpoint> checkpoints;
  /// The stops that are pending in `from` have been carried out: they ended the run, and what asked for them has other
  /// options now.
  bool stops_are_done = false;
  std::string finished;  ///< not empty: nothing is left to do; says so, and how to go on
  std::vector<std::string> warnings, remarks;
};

/// Whether the run goes on in its folder as it is (it may be new or empty under `auto`), or a new run begins, in a new
/// folder. Looks at little, since it is asked before the folder is locked. Throws Failure with the cure:
/// ExitCode::checkpoint where there is nothing of what the word means, ExitCode::output where the folder is no run's.
bool goes_on_in_place(const ResumeRequest& request);

/// Under the lock of the run's folder. `auto` moves what is damaged aside (`NAME.ckpt.damaged`) and takes the newest
/// that is whole. Throws Failure (ExitCode::checkpoint) that says what is wrong with what was asked for, and the cure.
ResumeChoice choose_resume(const ResumeRequest& request);

}  // namespace tenon::loop

#endif
