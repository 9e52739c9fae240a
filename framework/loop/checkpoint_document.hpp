// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The loop's part of checkpoint.json: where the run stood, what was measured, who asked.
#ifndef TENON_LOOP_CHECKPOINT_DOCUMENT_HPP
#define TENON_LOOP_CHECKPOINT_DOCUMENT_HPP

#include <tenon/hooks.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "loop/metric_store.hpp"
#include "loop/requests.hpp"
#include "loop/run_facts.hpp"

namespace tenon::loop {

enum class Phase { batch, epoch_end, final };
/// As checkpoint.json has it.
const char* phase_name(Phase phase);

/// Where the run stands at a commit point, beyond its progress.
struct CommitState {
  Phase phase = Phase::batch;
  bool gradients_pending = false;  ///< saves and stops wait
  bool consistent = true;          ///< false after an error inside a batch
  std::uint64_t completed_epochs = 0;
  std::uint64_t epoch_samples = 0;  ///< position: samples consumed of the epoch's order
  std::uint64_t total_batches = 0;  ///< of all epochs
  bool inside_epoch = false;        ///< the epoch goes on when the run does: its end has not come, or it was cut short
  bool may_be_last = false;         ///< the run may end here: no later one can make up for a save
  std::string_view stopped_by;      ///< the reasons of the stops that were carried out before; empty: none
  std::string_view ended;           ///< at the final commit point: how, as the summary says it
  /// Whether training can go on from what is saved now: gradients are no part of a checkpoint.
  bool resumable() const { return consistent && !gradients_pending; }
};

struct DocumentSources {
  const std::vector<const SaveRequest*>& requests;  ///< that share the checkpoint
  const CommitState& state;
  const RunFacts& facts;
  const tenon_progress& progress;
  const MetricStore& metrics;
  const Requests& pending;
  const std::unordered_map<const chain::Callback*, tenon_ticket>& bests;  ///< of each callback, as declared so far
  const boost::json::object& engine;
  const boost::json::array& callbacks;
};
boost::json::object checkpoint_document(const DocumentSources& from);

}  // namespace tenon::loop

#endif
