// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The commit point: the moment after a whole chain has run when what callbacks asked for is carried out.
//
//   deliver what has ended (delivery.hpp)  ->  settings of optimizers, weights kept and put back (commit_restores.cpp)
//   ->  ask decide_checkpoint  ->  callbacks' state  ->  snapshot, prepare  ->  hand to the writer (writer.hpp): write,
//   refs, removals  ->  stops
//
// What the writer has done is taken at the start of the next commit point. Until then callbacks decide by what is
// planned, and are shown what is durable.
#ifndef TENON_LOOP_COMMIT_POINT_HPP
#define TENON_LOOP_COMMIT_POINT_HPP

#include <tenon/hooks.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "loop/account.hpp"
#include "loop/adoption.hpp"
#include "loop/checkpoint_document.hpp"
#include "loop/decisions.hpp"
#include "loop/delivery.hpp"
#include "loop/first_failure.hpp"
#include "loop/kept_weights.hpp"
#include "loop/ledger.hpp"
#include "loop/metric_store.hpp"
#include "loop/own_tensors.hpp"
#include "loop/requests.hpp"
#include "loop/run_facts.hpp"
#include "loop/snapshot.hpp"
#include "loop/tally.hpp"
#include "loop/tasks.hpp"
#include "loop/tensor_table.hpp"
#include "loop/write_job.hpp"
#include "loop/writer.hpp"

namespace tenon::loop {

class CommitPoint {
 public:
  CommitPoint(Engine& engine, chain::Chain& chain, MetricStore& metrics, Requests& requests, Ledger& ledger,
              Decisions& decisions, TensorTable& tensors, const OwnTensors& own_tensors, Tasks& tasks,
              const RunFacts& facts, tenon_progress& progress);

  ~CommitPoint() { snapshots_.settle(); }  // the writer may be waiting for it

  /// Of a resumed run, before on_fit_start: what the checkpoint of `sequence` says of requests, holds, refs and bests
  /// holds again, and the tickets that were open in it end. `found`: all the run's checkpoints.
  void go_on_from(const std::vector<RunCheckpoint>& found, std::uint64_t sequence, const boost::json::object& document);
  /// Carries everything out whatever fails on the way; then throws the first failure.
  void run(const CommitState& now);
  /// What a resumed run's checkpoint had asked the disk for, and what nobody holds any more: done there before anything
  /// is saved again, as it was in the run that never stopped.
  void carry_out_owed_moves();
  /// The stops that a resumed run's checkpoint was waiting with: they were due right behind it.
  void carry_out_due_stops(const CommitState& now);
  /// After the last one: waits for the writer, tells what has ended, carries out what follows from that (refs,
  /// releases), and closes the requests. `reason`, a TENON_END_*: what was kept for a resume goes where the run has
  /// come to its end; after an interruption nothing is carried out any more, since the run goes on from what it has
  /// saved. Throws as run() does.
  void finish(std::int32_t reason);
  /// Until all is on disk that was asked for so far; told at the next commit point.
  void drain() {
    snapshots_.settle();
    writer_.drain();
  }
  /// drain(), and the end of the writer's thread; callbacks may be destroyed then.
  void stop_writer() {
    snapshots_.settle();
    writer_.stop();
  }
  /// drain(), and the ledger says what came of it; tickets and notices wait for the next commit point.
  void take_all_results() {
    drain();
    take_results();
  }
  /// The DONE of the stops that ended the run, before on_train_end.
  void deliver_stops() { delivery_.deliver_stops(); }
  /// What was noted since, before on_teardown.
  void deliver_last_notes() { decisions_.deliver_all(chain_); }

  /// Before anything writes weights or the optimizers' state: what is still to be copied of them is copied first.
  void wait_for_copies() { snapshots_.wait(); }

  /// What a resumed run's checkpoint has of weights that were kept.
  void adopt_kept(const std::map<std::string, KeptCopy>& kept) { kept_weights_.adopt(kept, chain_); }
  bool has_kept(const chain::Callback& by) const { return kept_weights_.find(by) != nullptr; }

  /// A resumed run's checkpoint was made after the stops had been carried out.
  void set_stopped(const std::string& detail);
  bool stopped() const { return stopped_; }
  /// Every stop's reason with its callback's id.
  const std::string& stop_detail() const { return stop_detail_; }
  const std::map<std::string, Tally>& tallies() const { return tallies_; }
  /// From here on the account says what this callback saved, also when it is nothing.
  void expect_saves(const chain::Callback& by) { tallies_[by.id()].saver = true; }
  void note(const chain::Callback& by, std::int32_t action, std::string path, std::string reason);

  /// Each begins when the writer is done with those before: what is told at which of them does not depend on the disk
  /// then. For tests alone.
  static inline bool waits_for_the_writer = false;

 private:
  using Group = std::vector<const SaveRequest*>;

  struct Restored;

  void deliver();
  void take_results();
  void withdraw_outdated_saves(const chain::Callback* put_back_by);
  void carry_out_weight_requests(const CommitState& now, FirstFailure& failures, bool at_end);
  Restored open_for(const WeightRequest& request) const;
  bool copy_has_them(const WeightRequest& request) const;
  Restored from_copy(const KeptCopy& kept, chain::Callback& by) const;
  Restored from_checkpoint(const WeightRequest& request) const;
  bool has_model() const;
  Restored restore_weights(const WeightRequest& request);
  const Kept* checkpoint_with(const Restored& restored) const;
  void point_final_at(const Restored& restored, const WeightRequest& request);
  boost::json::array pending_weights() const;
  void carry_out_options();
  void carry_out_saves(const CommitState& state, WriteJob& job, FirstFailure& failures);
  bool decided(const SaveRequest& save, FirstFailure& failures);
  void prepare(const Group& group, CommitState state, const boost::json::object& requests, WriteJob& job);
  void add_moves(WriteJob& job);
  void hand_over(const CommitState& now, FirstFailure& failures, bool moves = true);
  bool may_skip(const CommitState& now) const;
  void skip_saves();
  void prepare_snapshots(const CommitState& now);
  void carry_out_what_follows(bool at_its_end, FirstFailure& failures);
  void carry_out_bests();
  void happened(const Saved& event);
  void happened(const NotSaved& event);
  void happened(const RefMoved& event);
  void happened(const RefStayed& event);
  void happened(const RefGone& event);
  void happened(const Released& event);
  void happened(const ReleaseVoid& event) { ledger_.end_release(event.request); }
  void happened(const Removed& event);
  void was_removed(const Kept& kept, const std::string& reason, bool is_told = true);
  void take_removed(const std::vector<Leaving>& leaving);
  void tell_untold();
  void decide_ref(const RefRequest& moved, const Kept& at);
  void happened(const NotRemoved& event);
  void withdraw_from_disabled();
  void carry_out_stops(const CommitState& state, FirstFailure& failures);
  void carry_out_stop(const StopRequest& stop);
  bool pending(tenon_ticket ticket) const { return ticket != 0 && requests_.find_save(ticket) != nullptr; }
  void decide(std::int32_t action, const chain::Callback* by, std::string path, std::string target, std::string reason);
  std::string relative(const std::filesystem::path& path) const { return relative_to_run(facts_, path); }

  Engine& engine_;
  chain::Chain& chain_;
  MetricStore& metrics_;
  Requests& requests_;
  Ledger& ledger_;
  Decisions& decisions_;
  TensorTable& tensors_;
  const OwnTensors& own_tensors_;
  Tasks& tasks_;
  const RunFacts& facts_;
  tenon_progress& progress_;

  Snapshots snapshots_;
  KeptWeights kept_weights_;
  Writer writer_;
  Delivery delivery_;
  std::vector<chain::OutsideFailure> failed_saves_;  // not told to the chain yet
  std::vector<Kept> removed_before_;                 // by the attempt that the run goes on from, and told to nobody
  Untold untold_;
  const tenon_progress* asked_at_ = nullptr;  // of the commit point whose results are being taken
  std::map<std::string, Tally> tallies_;
  std::uint64_t adopted_step_ = 0;  // of the checkpoint that the run has gone on from
  bool stopped_ = false;
  std::string stop_detail_;
};

}  // namespace tenon::loop

#endif
