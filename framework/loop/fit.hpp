// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// One fit put together: metrics, requests, services, chain, commit point and loop around an engine.
#ifndef TENON_LOOP_FIT_HPP
#define TENON_LOOP_FIT_HPP

#include <boost/json/object.hpp>

#include "chain/chain.hpp"
#include "loop/commit_point.hpp"
#include "loop/loop.hpp"
#include "loop/services/services.hpp"

namespace tenon::loop {

/// One training, or one pass over evaluation data (facts.stage). Use: make it, add callbacks to chain(), run() once.
/// The engine outlives it.
class Fit {
 public:
  Fit(Engine& engine, RunFacts facts, std::filesystem::path manifest_folder, chain::AbiModel model = {});

  chain::Chain& chain() { return chain_; }
  Decisions& decisions() { return decisions_; }
  MetricStore& metrics() { return metrics_; }
  Ledger& ledger() { return ledger_; }
  /// Before run(from), where this run itself goes on: `found` are its checkpoints, of every kind. Holds, refs and bests
  /// are as they were at that moment; what was saved behind it, without `from` all, goes once there is a newer full
  /// one.
  void go_on_from(const std::vector<RunCheckpoint>& found, const ResumePoint* from);
  /// The same for a new run that begins with the state of another's callbacks: what they had asked for there and was
  /// not known to be carried out has failed, and what they hold there is not theirs here. `found`: what is there of an
  /// earlier attempt of this run; all of it goes.
  void begin_with(const ResumePoint& from, const std::vector<RunCheckpoint>& found);
  /// `from`: a training goes on there; the engine has been restored from it.
  FitResult run(const ResumePoint* from = nullptr, const Interruption* interruption = nullptr);
  /// [loop-thread] Within a hook of a test: until all is on disk that commit points have asked for so far.
  void drain() { commit_point_.drain(); }

  /// After run(): {"end":...,"epochs":...,"steps":...,"callbacks":{id:{"plugin","saved","removed","kept",...account}}};
  /// of an evaluation also "metrics":{name:value}.
  boost::json::object summary(const FitResult& result);
  /// The same for a person, a callback after the other, with a warning where one saved nothing.
  std::string account_text(const FitResult& result);

 private:
  boost::json::object callback_account(const chain::Callback& callback);

  Engine& engine_;
  RunFacts facts_;
  tenon_progress progress_{};
  Clock clock_;
  MetricStore metrics_;
  Requests requests_;
  Ledger ledger_;
  Decisions decisions_;
  TensorTable tensors_;
  OwnTensors own_tensors_;
  Tasks tasks_;
  LoopServices services_;
  CommitPoint commit_point_;  // before the chain: callbacks may call services until they are destroyed
  chain::Chain chain_;
};

}  // namespace tenon::loop

#endif
