// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a commit point hands to the writer thread, and what comes back.
#ifndef TENON_LOOP_WRITE_JOB_HPP
#define TENON_LOOP_WRITE_JOB_HPP

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "checkpoint/content.hpp"
#include "loop/callback_states.hpp"
#include "loop/ledger.hpp"
#include "loop/pipeline.hpp"
#include "loop/requests.hpp"
#include "loop/snapshot.hpp"
#include "loop/what_failed.hpp"

namespace tenon::loop {

/// One checkpoint to be.
struct SaveJob {
  std::vector<SaveRequest> requests;   ///< of one name and content, which share it
  Kept checkpoint;                     ///< under the name that was asked for
  checkpoint::Content content;         ///< its tensors are still missing
  std::unique_ptr<Pipeline> pipeline;  ///< prepared
};

/// One commit point's work on the disk. Destroyed on the writer thread.
struct WriteJob {
  tenon_progress progress{};
  std::shared_ptr<const Snapshot> snapshot;         ///< where there is something to save
  std::shared_ptr<const CallbackStates> callbacks;  ///< the same
  std::function<void()> wait_for_tasks;  ///< of callbacks, submitted up to here; empty: there is nothing to wait for
  std::vector<SaveJob> saves;
  std::vector<RefRequest> refs;
  std::vector<ReleaseRequest> releases;
  bool at_end = false;          ///< no checkpoint follows: nothing is kept for a resume that will not be
  bool is_another_end = false;  ///< of a run that had come to one before and has trained on
};

// What the writer has done, in order. Checkpoints are named by one of their tickets.
struct Saved {
  Kept checkpoint;
  std::vector<SaveRequest> requests;
};
struct NotSaved {
  Kept checkpoint;
  std::vector<SaveRequest> requests;
  Failed why;
};
struct RefMoved {
  RefRequest request;
};
struct RefStayed {
  RefRequest request;
  std::filesystem::path ref;
  std::string reason;
};
/// `final`, where the run has another end.
struct RefGone {
  static constexpr const char* reason = "the run has gone on, and ends with the weights of its training";
  std::filesystem::path folder;
  std::string ref;
};
struct Released {
  ReleaseRequest request;
};
struct ReleaseVoid {
  ReleaseRequest request;
};
struct Removed {
  tenon_ticket checkpoint;
  std::string reason;
};
/// Told once for each; it is tried again with every job.
struct NotRemoved {
  tenon_ticket checkpoint;
  std::string reason;
};
using WriteEvent =
    std::variant<Saved, NotSaved, RefMoved, RefStayed, RefGone, Released, ReleaseVoid, Removed, NotRemoved>;

struct WriteResult {
  tenon_progress progress{};  ///< of the commit point that asked for it
  std::vector<WriteEvent> events;
};

}  // namespace tenon::loop

#endif
