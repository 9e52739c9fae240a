// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a loop takes back from a checkpoint. The engine has been restored before.
#include <utility>

#include "chain/abi.hpp"
#include "chain/log.hpp"
#include "loop/loop.hpp"
#include "loop/services/services.hpp"

namespace tenon::loop {

void Loop::restore(const ResumePoint& from) {
  if (from.takes(restore_progress)) restore_progress_of(from);
  if (from.takes(restore_callbacks)) load_callbacks(from);
}

void Loop::restore_progress_of(const ResumePoint& from) {
  const SavedPosition& p = from.position();
  resumed_phase_ = p.phase;
  inside_epoch_ = p.inside_epoch;
  completed_epochs_ = p.completed_epochs;
  ended_epochs_ = p.completed_epochs + (ends_anew() ? 1 : 0);
  total_batches_ = p.total_batches;
  epoch_samples_ = p.epoch_samples;
  progress_.sequence = p.sequence;
  progress_.epoch = p.epoch;
  progress_.batch = p.batch;
  progress_.stage_batch = p.batch;
  progress_.step = p.step;
  progress_.optimizer_steps = p.optimizer_steps;
  progress_.samples = p.samples;
  progress_.validations = p.validations;
  tick();
  if (!p.stopped_by.empty()) commit_point_.set_stopped(p.stopped_by);
  metrics_.restore(from.metrics());
}

void Loop::go_on_from_commit_point() {
  phase_ = "commit point";
  commit_point_.carry_out_owed_moves();
  if (*resumed_phase_ != Phase::final && !commit_point_.stopped())
    commit_point_.carry_out_due_stops(commit_state(*resumed_phase_));
  if (!inside_epoch_ && !limits_reached()) ++progress_.epoch;
  if (*resumed_phase_ == Phase::batch && limits_reached()) run_epoch();  // all that is left of it is its end
  if (ends_anew() && !limits_reached()) --ended_epochs_;
}

void Loop::load_callbacks(const ResumePoint& from) {
  for (const SavedCallback& saved : from.callbacks()) {
    chain::Callback* callback = chain_.find(saved.id);
    if (callback == nullptr || !saved.state) continue;
    try {
      callback->load_state(saved.state_version, *saved.state);
    } catch (const chain::AbiError& error) {
      throw Failure(ExitCode::checkpoint, "the state of " + callback->label() + " cannot be taken from '" +
                                              from.path().string() + "': " + error.what());
    }
  }
  services_.own_tensors->adopt(from.own_tensors(), chain_);
  std::vector<StopRequest> stops;
  for (const SavedStop& saved : from.pending_stops()) {
    chain::Callback* callback = chain_.find(saved.callback);
    if (callback)
      stops.push_back({saved.ticket, callback, saved.reason});
    else
      chain::log(TENON_LOG_INFO, "",
                 "the stop that '" + saved.callback + "' had asked for (" + saved.reason +
                     ") is dropped: it is not in this run");
  }
  if (from.stops_are_done()) {
    for (const StopRequest& stop : std::exchange(stops, {}))
      requests_.end({stop.by, TENON_REQUEST_STOP, stop.ticket, TENON_TICKET_WITHDRAWN, TENON_OK, "", "",
                     "the run goes on behind this stop"});
  }
  commit_point_.adopt_kept(from.kept_weights());
  requests_.restore(from.next_ticket(), std::move(stops), pending_weights(from));
}

/// A run's folder may have been moved since.
std::vector<WeightRequest> Loop::pending_weights(const ResumePoint& from) {
  std::vector<WeightRequest> requests;
  for (const SavedWeightRequest& saved : from.pending_weights()) {
    WeightRequest request = saved.request;
    request.by = chain_.find(saved.callback);
    std::error_code ignored;  // what is not there is told where it is to be opened
    const std::filesystem::path here = facts_.run_folder / saved.below_run;
    if (!saved.below_run.empty() && std::filesystem::exists(here, ignored)) request.from = here;
    if (request.by) requests.push_back(std::move(request));
  }
  return requests;
}

}  // namespace tenon::loop
