// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The checkpoints that a run has left in its folders.
#ifndef TENON_LOOP_RUN_CHECKPOINTS_HPP
#define TENON_LOOP_RUN_CHECKPOINTS_HPP

#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/folder.hpp"
#include "checkpoint/read_error.hpp"
#include "loop/run_record.hpp"

namespace tenon::loop {

/// Where checkpoints lie whose callback says nothing else, in the run's folder.
inline constexpr const char* usual_folder = "checkpoints";
/// Saves that the host itself makes, on a signal, lie in this folder of the run's.
inline constexpr const char* recovery_folder = "recovery";

/// One that can be read; the bytes of its tensors have not been looked at.
struct RunCheckpoint {
  std::filesystem::path folder;  ///< the run's, absolute
  std::string name;              ///< in it, without ".ckpt"
  std::filesystem::path path;
  boost::json::object document;
  std::vector<std::string> refs;  ///< that point at it
  std::uint64_t bytes = 0;
  std::uint64_t sequence = 0, attempt = 1;
  bool full = false;
  bool consistent = false;   ///< training can go on from it
  bool left_behind = false;  ///< a later attempt has gone back behind it
};

/// One that cannot be used as it is.
struct DamagedCheckpoint {
  std::filesystem::path path;
  std::string problem;
  checkpoint::ReadError::Reason reason;
  std::vector<std::string> refs;  ///< that point at it
};

struct RunCheckpoints {
  std::vector<RunCheckpoint> own;  ///< of this run, oldest first; of equal sequence, by path
  std::vector<DamagedCheckpoint> damaged;
  std::vector<std::string> remarks;  ///< folders that are gone
};

/// In the folders of the record, and in `recovery`.
RunCheckpoints find_run_checkpoints(const RunRecord& record, const std::filesystem::path& run_folder);

/// The newest checkpoint below a folder that is none itself: `checkpoints/last.ckpt`, or else the last one saved.
/// Nothing where there is none that can be read, or no such folder.
std::optional<std::filesystem::path> newest_state(const std::filesystem::path& run_folder);

/// What can be told of a run whose record is missing or damaged: the run of the newest checkpoint in any folder below
/// the run's, with those folders; without a run_id where there is none. Of links to folders only `checkpoints` is
/// followed: others may lead to what is another run's.
RunRecord rebuild_record(const std::filesystem::path& run_folder);

/// Whether a replay has written in it, and no run.
bool is_of_a_replay(const std::filesystem::path& run_folder);

/// For each callback the checkpoint that it called its best, as the newest checkpoint that knows has it. Points into
/// `own`; those left behind do not count.
std::map<std::string, const RunCheckpoint*> best_of_each(const std::vector<RunCheckpoint>& own);

/// Moves a checkpoint aside, to the first free of NAME.ckpt.damaged, NAME.ckpt.damaged-1, ...; answers the new name.
/// `locked` is the folder around it whose lock the caller holds; those between the two that have locks of their own
/// are locked meanwhile. Throws Failure, with the owner's process, where one is somebody's, and std::system_error.
std::filesystem::path quarantine(const std::filesystem::path& checkpoint, const checkpoint::Folder& locked,
                                 const std::string& run_id);

}  // namespace tenon::loop

#endif
