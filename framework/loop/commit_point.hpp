// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The commit point: the moment after a whole chain has run when what callbacks asked for is carried out.
//
//   deliver tickets and on_checkpoint_*  ->  ask decide_checkpoint  ->  callbacks' state  ->  snapshot, prepare
//   ->  write, refs, removals  ->  stops
#ifndef TENON_LOOP_COMMIT_POINT_HPP
#define TENON_LOOP_COMMIT_POINT_HPP

#include <tenon/hooks.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "loop/account.hpp"
#include "loop/checkpoint_document.hpp"
#include "loop/decisions.hpp"
#include "loop/ledger.hpp"
#include "loop/metric_store.hpp"
#include "loop/requests.hpp"
#include "loop/run_facts.hpp"
#include "loop/snapshot.hpp"
#include "loop/tensor_table.hpp"

namespace tenon::loop {

/// What one callback's requests came to; printed at the end of the run.
struct Tally {
  std::uint64_t saved = 0, removed = 0, failed = 0, denied = 0;
  std::map<std::string, std::uint64_t> skipped;  ///< reason: how often
  std::map<std::string, std::uint64_t> warned;   ///< the same: failed, denied, or the callback's own warning
  bool saver = false;                            ///< has claimed a folder or asked for a checkpoint
};

class CommitPoint {
 public:
  CommitPoint(Engine& engine, chain::Chain& chain, MetricStore& metrics, Requests& requests, Ledger& ledger,
              Decisions& decisions, TensorTable& tensors, const RunFacts& facts, tenon_progress& progress);

  void run(const CommitState& state);
  /// Tells what has ended: on_decision, on_ticket in the order of tickets, then on_checkpoint_*.
  void deliver();
  /// The DONE of the stops that ended the run, before on_train_end.
  void deliver_stops();

  bool stopped() const { return stopped_; }
  /// Every stop's reason with its callback's id.
  const std::string& stop_detail() const { return stop_detail_; }
  const std::map<std::string, Tally>& tallies() const { return tallies_; }
  /// From here on the account says what this callback saved, also when it is nothing.
  void expect_saves(const chain::Callback& by) { tallies_[by.id()].saver = true; }
  void note(const chain::Callback& by, std::int32_t action, std::string path, std::string reason);

 private:
  struct Notice {  // an on_checkpoint_* that is still to be told
    enum { saved, failed, removed } what;
    Kept checkpoint;
    tenon_status status = TENON_OK;
    std::string reason;
  };

  void carry_out_saves(const CommitState& state);
  void write_group(const std::vector<const SaveRequest*>& group, const CommitState& state);
  void fail_group(const std::vector<const SaveRequest*>& group, tenon_status status, const std::string& reason);
  void carry_out_refs();
  void carry_out_bests();
  void carry_out_releases();
  void remove(Kept& kept);
  void carry_out_stops(const CommitState& state);
  void end(EndedTicket ended) { requests_.ended.push_back(std::move(ended)); }
  void tell_checkpoint(const Notice& notice);
  void collect_callback_state();
  void decide(std::int32_t action, const chain::Callback* by, std::string path, std::string target, std::string reason);
  std::string relative(const std::filesystem::path& path) const { return relative_to_run(facts_, path); }

  Engine& engine_;
  chain::Chain& chain_;
  MetricStore& metrics_;
  Requests& requests_;
  Ledger& ledger_;
  Decisions& decisions_;
  TensorTable& tensors_;
  const RunFacts& facts_;
  tenon_progress& progress_;

  Snapshot snapshot_;
  std::vector<checkpoint::TensorRecord> callback_records_;
  boost::json::array callback_entries_;
  std::vector<chain::SavedState> callback_states_;
  std::string state_failure_;  // whose save() failed, and why
  std::vector<Notice> notices_;
  std::set<tenon_ticket> not_done_;
  std::vector<Kept*> unremoved_;  // held by nobody, but still on disk: tried again at each commit point
  std::map<std::string, Tally> tallies_;
  bool stopped_ = false;
  std::string stop_detail_;
};

/// The ABI's struct of a checkpoint; `holders` backs its list and texts are borrowed from `kept`.
tenon_checkpoint to_abi(const Kept& kept, const chain::Callback* reader, std::vector<tenon_text>& holders);

}  // namespace tenon::loop

#endif
