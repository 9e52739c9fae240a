// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A full checkpoint that a run goes on from.
#ifndef TENON_LOOP_RESUME_POINT_HPP
#define TENON_LOOP_RESUME_POINT_HPP

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "checkpoint/checkpoint.hpp"
#include "loop/checkpoint_document.hpp"
#include "loop/engine.hpp"
#include "loop/kept_weights.hpp"
#include "loop/own_tensors.hpp"
#include "loop/restore_parts.hpp"
#include "loop/run_facts.hpp"

namespace tenon::loop {

/// A callback as it was when the checkpoint was made.
struct SavedCallback {
  std::string id, plugin, version;  ///< the plugin's id and version
  boost::json::object options;
  std::uint32_t state_version = 0;
  std::optional<std::vector<std::byte>> state;  ///< nothing where its kind keeps none
};

/// Where the run stood, as the document's "position", "commit_point" and "progress" say.
struct SavedPosition {
  Phase phase = Phase::batch;
  bool inside_epoch = false;
  std::uint64_t sequence = 0, epoch = 0, batch = 0, epoch_samples = 0;
  std::uint64_t completed_epochs = 0, total_batches = 0, step = 0, optimizer_steps = 0, samples = 0, validations = 0;
  double seconds = 0.0;
  std::string stopped_by;  ///< the reasons of the stops that had been carried out; empty: none
};

/// A stop that was asked for and not allowed yet.
struct SavedStop {
  std::string callback, reason;
  tenon_ticket ticket = 0;
};

/// Weights that were to be kept or put back later.
struct SavedWeightRequest {
  std::string callback;
  WeightRequest request;            ///< without the callback
  std::filesystem::path below_run;  ///< where it is to come from, relative to the run's folder; empty: not from there
};

class ResumePoint {
 public:
  /// `model` and `training` are all tensors of its files, verified as they were loaded. `parts` are what the run takes
  /// over (restore_parts.hpp); where `stops_are_done`, the stops that were pending are not carried out again. Throws
  /// Failure (ExitCode::checkpoint): damaged, of weights only, or without something that a resume needs.
  ResumePoint(const checkpoint::Checkpoint& from, checkpoint::LoadedTensors model, checkpoint::LoadedTensors training,
              std::uint32_t parts = restore_everything, bool stops_are_done = false);
  /// Loads them, and compares every checksum.
  explicit ResumePoint(const checkpoint::Checkpoint& from, std::uint32_t parts = restore_everything,
                       bool stops_are_done = false);
  ResumePoint(const ResumePoint&) = delete;
  ResumePoint& operator=(const ResumePoint&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }
  const boost::json::object& document() const noexcept { return document_; }
  bool takes(std::uint32_t part) const noexcept { return (parts_ & part) != 0; }
  std::uint32_t parts() const noexcept { return parts_; }
  /// Until forget_tensors().
  EngineState engine_state() const;
  /// The engine has them: their memory is free.
  void forget_tensors();
  const SavedPosition& position() const noexcept { return position_; }
  const std::vector<SavedCallback>& callbacks() const noexcept { return callbacks_; }
  /// Callbacks' own; what is written to one of them is written for all who have asked.
  const std::vector<std::shared_ptr<HostTensor>>& own_tensors() const noexcept { return own_tensors_; }
  /// By callback.
  const std::map<std::string, KeptCopy>& kept_weights() const noexcept { return kept_weights_; }
  const std::vector<SavedWeightRequest>& pending_weights() const noexcept { return pending_weights_; }
  const std::vector<SavedStop>& pending_stops() const noexcept { return stops_; }
  /// They were carried out in an attempt before; the run goes on behind them.
  bool stops_are_done() const noexcept { return stops_are_done_; }
  tenon_ticket next_ticket() const noexcept { return next_ticket_; }
  const boost::json::object& metrics() const noexcept { return *metrics_; }

  /// What is not as it was: throws Failure (ExitCode::checkpoint) with a table where the run would be another one (its
  /// task, its seed, a callback's plugin); else answers the differences that are taken as they are now, each a line for
  /// a person.
  std::vector<std::string> compare(const RunFacts& facts, const chain::Chain& chain) const;

 private:
  void read();

  std::filesystem::path path_;
  std::uint32_t parts_;
  boost::json::object document_;
  checkpoint::LoadedTensors model_tensors_, training_tensors_;
  std::vector<EngineTensor> weights_, training_;
  SavedPosition position_;
  std::vector<SavedCallback> callbacks_;
  std::vector<std::shared_ptr<HostTensor>> own_tensors_;
  std::map<std::string, KeptCopy> kept_weights_;
  std::vector<SavedWeightRequest> pending_weights_;
  std::vector<SavedStop> stops_;
  bool stops_are_done_ = false;
  tenon_ticket next_ticket_ = 1;
  const boost::json::object* metrics_ = nullptr;
};

}  // namespace tenon::loop

#endif
