// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/commit_point.hpp"

#include <tenon/services/checkpoints.h>
#include <tenon/failure.hpp>

#include <algorithm>
#include <optional>

#include "chain/abi.hpp"
#include "chain/log.hpp"
#include "loop/checkpoint_document.hpp"
#include "loop/recovery.hpp"
#include "loop/request_document.hpp"
#include "loop/what_failed.hpp"

namespace tenon::loop {

namespace json = boost::json;
using chain::Callback;

namespace {

using Group = std::vector<const SaveRequest*>;

bool same_content(const SaveRequest& a, const SaveRequest& b) {
  return a.folder == b.folder && a.name == b.name && a.kind == b.kind && a.transforms == b.transforms;
}

void add_hold(Kept& kept, const SaveRequest& save) {
  kept.holds.push_back({save.by_host ? nullptr : save.by, save.ticket, save.score, save.monitor,
                        save.by_host ? std::string(SaveRequest::host_id) : ""});
  if (!kept.monitor.empty()) return;
  kept.score = save.score;
  kept.monitor = save.monitor;
}

/// The checkpoint that these requests ask for, before it is written.
Kept wanted(const Group& group, const tenon_progress& progress, bool consistent) {
  const SaveRequest& first = *group.front();
  Kept kept;
  kept.folder = first.folder;
  kept.name = first.name;
  kept.path = first.folder / (first.name + ".ckpt");
  kept.kind = first.kind;
  kept.sequence = progress.sequence;
  kept.epoch = progress.epoch;
  kept.step = progress.step;
  kept.flags =
      (consistent ? TENON_CHECKPOINT_CONSISTENT : 0u) | (first.transforms.empty() ? 0u : TENON_CHECKPOINT_TRANSFORMED);
  for (const SaveRequest* save : group) {
    add_hold(kept, *save);
    kept.tickets.push_back(save->ticket);
  }
  return kept;
}

NotSaved not_saved(const Group& group, const tenon_progress& progress, Failed why) {
  NotSaved event{wanted(group, progress, false), {}, std::move(why)};
  for (const SaveRequest* request : group) event.requests.push_back(*request);
  return event;
}

}  // namespace

CommitPoint::CommitPoint(Engine& engine, chain::Chain& chain, MetricStore& metrics, Requests& requests, Ledger& ledger,
                         Decisions& decisions, TensorTable& tensors, const OwnTensors& own_tensors, Tasks& tasks,
                         const RunFacts& facts, tenon_progress& progress)
    : engine_(engine),
      chain_(chain),
      metrics_(metrics),
      requests_(requests),
      ledger_(ledger),
      decisions_(decisions),
      tensors_(tensors),
      own_tensors_(own_tensors),
      tasks_(tasks),
      facts_(facts),
      progress_(progress),
      writer_(DurableList(ledger.folders()), !facts.is_replay),
      delivery_(chain, requests, decisions, progress) {}

void CommitPoint::decide(std::int32_t action, const Callback* by, std::string path, std::string target,
                         std::string reason) {
  const tenon_progress& at = asked_at_ ? *asked_at_ : progress_;
  decisions_.record({action, by ? by->id() : "", std::move(path), std::move(target), std::move(reason), at});
}

void CommitPoint::note(const Callback& by, std::int32_t action, std::string path, std::string reason) {
  Tally& tally = tallies_[by.id()];
  (action == TENON_ACTION_SKIP ? tally.skipped : tally.warned).add(reason);
  decide(action, &by, std::move(path), "", std::move(reason));
}

void CommitPoint::run(const CommitState& now) {
  FirstFailure failures;
  if (waits_for_the_writer) drain();
  snapshots_.settle_if_copied();
  failures.go_on([&] { deliver(); });
  failures.go_on([&] { chain_.count_failures(tasks_.take_failures()); });
  withdraw_from_disabled();
  ++progress_.sequence;
  failures.go_on([&] { carry_out_options(); });
  withdraw_outdated_saves(nullptr);
  carry_out_weight_requests(now, failures, false);
  if (now.phase == Phase::final && !requests_.weights.empty()) {
    // What is saved there is what the training has come to; it is resumed from as if it had not ended.
    if (!requests_.saves.empty()) hand_over(now, failures, false);
    carry_out_weight_requests(now, failures, true);
  }
  if (!now.gradients_pending || now.phase == Phase::final) {
    if (!requests_.disk_is_left_alone()) hand_over(now, failures);
    carry_out_bests();
    if (!stopped_ && now.phase != Phase::final) carry_out_stops(now, failures);
    failures.go_on([&] { prepare_snapshots(now); });
  }
  failures.rethrow();
}

/// What is asked of the disk goes to the writer; `moves`: with refs and releases.
void CommitPoint::hand_over(const CommitState& now, FirstFailure& failures, bool moves) {
  if (writer_.is_full()) {
    if (may_skip(now)) return skip_saves();
    snapshots_.settle();  // what it has may be of this same step, and waits for the next
  }
  auto job = std::make_unique<WriteJob>();
  job->progress = progress_;
  bool wait = facts_.wait_for_saves;
  for (const SaveRequest& save : requests_.saves) wait = wait || (save.flags & TENON_SAVE_WAIT);
  failures.go_on([&] { carry_out_saves(now, *job, failures); });
  job->wait_for_tasks = [&tasks = tasks_, count = tasks_.submitted()] { tasks.wait_for(count); };
  failures.go_on([&] {
    if (moves) add_moves(*job);
    writer_.submit(std::move(job));
    if (!wait) return;
    snapshots_.settle();
    writer_.drain();
    take_results();
  });
}

bool CommitPoint::may_skip(const CommitState& now) const {
  if (facts_.options.checkpoint_queue != CheckpointQueue::skip || facts_.wait_for_saves) return false;
  if (now.may_be_last || now.phase == Phase::final || !requests_.pending_stops().empty()) return false;
  return std::none_of(requests_.saves.begin(), requests_.saves.end(), [](const SaveRequest& save) {
    return (save.flags & TENON_SAVE_WAIT) || save.by->id() == recovery_id;
  });
}

/// What is to be moved and removed waits for a commit point at which the writer takes it.
void CommitPoint::skip_saves() {
  const std::string why =
      "the disk is still busy with what two commit points before have saved, and checkpoint_queue is \"skip\"";
  for (const SaveRequest& save : std::exchange(requests_.saves, {})) {
    NotSaved event = not_saved({&save}, progress_, {TENON_E_WRONG_STATE, "skipped: " + why});
    const auto& [status, reason] = event.why;
    tallies_[save.by->id()].skipped.add(why);
    decide(TENON_ACTION_SKIP, save.by, relative(event.checkpoint.path), "", why);
    requests_.end({save.by, TENON_REQUEST_SAVE, save.ticket, TENON_TICKET_FAILED, status, "", "", reason});
    delivery_.add({Notice::What::failed, std::move(event.checkpoint), status, reason});
  }
}

/// For whoever has said that there will be saves.
void CommitPoint::prepare_snapshots(const CommitState& now) {
  if (snapshots_.is_prepared() || progress_.step == 0 || now.phase == Phase::final) return;
  for (const auto& [id, tally] : tallies_)
    if (tally.saver) return snapshots_.prepare(engine_);
}

void CommitPoint::finish(std::int32_t reason) {
  FirstFailure failures;
  drain();
  if (reason != TENON_END_INTERRUPTED) carry_out_what_follows(reason != TENON_END_FAILED, failures);
  requests_.withdraw_all("the run has ended");
  requests_.close();
  failures.go_on([&] { deliver(); });
  failures.rethrow();
}

/// From the last commit point's answers.
void CommitPoint::carry_out_what_follows(bool at_its_end, FirstFailure& failures) {
  failures.go_on([&] { deliver(); });
  if (writer_.started())
    failures.go_on([&] {
      auto job = std::make_unique<WriteJob>();
      job->progress = progress_;
      job->at_end = at_its_end;
      job->is_another_end = at_its_end && progress_.step > adopted_step_;
      add_moves(*job);
      writer_.submit(std::move(job));
      writer_.drain();
    });
}

/// on_decision, on_ticket in the order of tickets, then on_checkpoint_*.
void CommitPoint::deliver() {
  FirstFailure failures;
  failures.go_on([&] { take_results(); });
  failures.go_on([&] { delivery_.deliver(); });
  failures.go_on([&] { chain_.count_failed_saves(std::exchange(failed_saves_, {})); });
  failures.rethrow();
}

void CommitPoint::withdraw_from_disabled() {
  if (!chain_.any_disabled()) return;
  const std::string reason = "withdrawn, since the callback is disabled";
  for (const auto& callback : chain_.callbacks())
    if (callback->disabled() && requests_.withdraw_all(reason, callback.get()))
      note(*callback, TENON_ACTION_SKIP, "", reason);
}

/// At once, also while gradients are pending: the next optimizer step is what they are for.
void CommitPoint::carry_out_options() {
  for (const OptionRequest& o : std::exchange(requests_.options, {})) {
    try {
      engine_.set_optimizer_option(o.optimizer, o.group, o.index, o.value);
      requests_.end({o.by, TENON_REQUEST_OPTIMIZER, o.ticket, TENON_TICKET_DONE, TENON_OK, "", "", o.reason});
    } catch (...) {
      const auto [status, reason] = what_failed();
      note(*o.by, TENON_ACTION_WARN, "", "a setting of an optimizer could not be changed: " + reason);
      requests_.end({o.by, TENON_REQUEST_OPTIMIZER, o.ticket, TENON_TICKET_FAILED, status, "", "", reason});
    }
  }
}

/// Asks decide_checkpoint; a save that it does not let through has ended.
bool CommitPoint::decided(const SaveRequest& save, FirstFailure& failures) {
  const std::string path = (save.folder / (save.name + ".ckpt")).native();
  tenon_request_args args{};
  args.struct_size = sizeof args;
  args.request = TENON_REQUEST_SAVE;
  args.progress = &progress_;
  args.ticket = save.ticket;
  if (!save.by_host) args.by = chain::to_text(save.by->id());
  args.path = chain::to_text(path);
  args.reason = chain::to_text(save.reason);
  std::optional<chain::Denial> denial;
  try {
    denial = chain_.decide_checkpoint(args);
  } catch (...) {
    failures.keep();
    happened(not_saved({&save}, progress_, what_failed()));
    return false;
  }
  if (!denial) return true;
  const std::string why = "denied by '" + denial->by + "': " + denial->reason;
  if (save.by_host) {
    decide(TENON_ACTION_SKIP, nullptr, relative(path), "", why);
    return false;
  }
  ++tallies_[save.by->id()].denied;
  tallies_[save.by->id()].warned.add(why);
  decide(TENON_ACTION_SKIP, save.by, relative(path), "", why);
  requests_.end(
      {save.by, TENON_REQUEST_SAVE, save.ticket, TENON_TICKET_DENIED, TENON_OK, "", denial->by, denial->reason});
  return false;
}

void CommitPoint::carry_out_saves(const CommitState& state, WriteJob& job, FirstFailure& failures) {
  if (requests_.saves.empty()) return;
  std::vector<SaveRequest> saves = std::exchange(requests_.saves, {});
  for (SaveRequest& save : saves)
    if (save.by->id() == recovery_id) save.name = recovery_name(progress_.step);
  std::vector<Group> groups;
  bool full = false;
  for (const SaveRequest& save : saves) {
    if (!decided(save, failures)) continue;
    if (!state.resumable() && !(save.flags & TENON_SAVE_INCONSISTENT)) {
      happened(not_saved({&save}, progress_,
                         {TENON_E_WRONG_STATE,
                          state.consistent ? "the run ends inside an accumulation group, whose gradients would be lost"
                                           : "the weights may be half updated after an error inside a batch"}));
      continue;
    }
    full = full || save.kind == TENON_CHECKPOINT_FULL;
    const auto same =
        std::find_if(groups.begin(), groups.end(), [&](const Group& g) { return same_content(*g.front(), save); });
    if (same != groups.end())
      same->push_back(&save);
    else
      groups.push_back({&save});
  }
  if (groups.empty()) return;
  std::vector<const SaveRequest*> asked;
  for (const Group& group : groups) asked.insert(asked.end(), group.begin(), group.end());
  try {
    job.callbacks = facts_.is_replay ? std::make_shared<CallbackStates>() : std::make_shared<CallbackStates>(chain_);
    CallbackTensors more;
    if (full) {
      more.written = own_tensors_.records();
      kept_weights_.add_to(more);
    }
    job.snapshot = snapshots_.take(engine_, full, more);
  } catch (...) {
    const Failed why = what_failed();
    for (const Group& group : groups) happened(not_saved(group, progress_, why));
    return;
  }
  const boost::json::object requests = full ? request_document(asked, requests_, ledger_, facts_) : json::object();
  for (const Group& group : groups) prepare(group, state, requests, job);
}

/// What one checkpoint is made of, but for its tensors.
void CommitPoint::prepare(const Group& group, CommitState state, const json::object& requests, WriteJob& job) {
  const SaveRequest& first = *group.front();
  if (first.by_host) {  // of weights that were put back: they are whole whatever went before
    state.consistent = true;
    state.gradients_pending = false;
  }
  try {
    ledger_.folder(first.folder);  // opened here, where it is told of
    SaveJob save;
    save.checkpoint = wanted(group, progress_, state.resumable());
    checkpoint::Content& content = save.content;
    content.name = first.name;
    content.versioned = (first.flags & TENON_SAVE_VERSIONED) != 0;
    content.full = first.kind == TENON_CHECKPOINT_FULL;
    content.durable = !facts_.is_replay;
    content.model_metadata["format"] = "pt";
    if (content.full && !job.callbacks->failure().empty())
      throw chain::AbiError(TENON_E_FAILED, job.callbacks->failure());
    content.document = checkpoint_document({group, state, facts_, progress_, metrics_, requests_, ledger_.best,
                                            job.snapshot->document(), job.callbacks->entries()});
    if (content.full) {
      content.document["requests"] = requests;
      content.document["kept"] = kept_weights_.document();
      content.document["pending_weights"] = pending_weights();
      content.document["tallies"] = tallies_json(tallies_);
    }
    save.pipeline = std::make_unique<Pipeline>(first.transforms, *first.by, job.snapshot, tensors_, progress_);
    for (const SaveRequest* request : group) save.requests.push_back(*request);
    job.saves.push_back(std::move(save));
    ledger_.begin_writing(job.saves.back().checkpoint);
  } catch (...) {
    happened(not_saved(group, progress_, what_failed()));
  }
}

/// The refs and releases that wait for nothing that is still to be asked for.
void CommitPoint::add_moves(WriteJob& job) {
  for (RefRequest& r : std::exchange(requests_.refs, {}))
    (pending(r.ticket) ? requests_.refs : job.refs).push_back(std::move(r));
  for (ReleaseRequest& r : std::exchange(requests_.releases, {})) {
    if (pending(r.held) || pending(r.after)) {
      requests_.releases.push_back(std::move(r));
      continue;
    }
    ledger_.begin_release(r);
    job.releases.push_back(std::move(r));
  }
}

void CommitPoint::carry_out_bests() {
  if (requests_.bests.empty()) return;
  for (const BestRequest& b : std::exchange(requests_.bests, {})) {
    if (pending(b.ticket) || ledger_.is_being_written(b.ticket)) {
      requests_.bests.push_back(b);
      continue;
    }
    if (b.ticket != 0 && !ledger_.find(b.ticket)) continue;  // it failed: what was the best before still is
    std::erase_if(requests_.bests, [&](const BestRequest& older) { return older.by == b.by; });
    if (b.ticket == 0)
      ledger_.best.erase(b.by);
    else
      ledger_.best[b.by] = b.ticket;
  }
}

void CommitPoint::carry_out_stops(const CommitState& state, FirstFailure& failures) {
  std::vector<StopRequest> stops = requests_.take_stops();
  if (stops.empty()) return;
  if (state.completed_epochs < facts_.options.min_epochs || progress_.step < facts_.options.min_steps)
    return requests_.put_back(std::move(stops));
  for (const StopRequest& stop : stops) {
    try {
      carry_out_stop(stop);
    } catch (...) {
      failures.keep();
      const auto [status, reason] = what_failed();
      requests_.end({stop.by, TENON_REQUEST_STOP, stop.ticket, TENON_TICKET_FAILED, status, "", "", reason});
    }
  }
}

void CommitPoint::set_stopped(const std::string& detail) {
  stopped_ = true;
  stop_detail_ = detail;
}

void CommitPoint::carry_out_due_stops(const CommitState& now) {
  FirstFailure failures;
  carry_out_stops(now, failures);
  failures.rethrow();
}

void CommitPoint::carry_out_stop(const StopRequest& stop) {
  tenon_request_args args{};
  args.struct_size = sizeof args;
  args.request = TENON_REQUEST_STOP;
  args.progress = &progress_;
  args.ticket = stop.ticket;
  args.by = chain::to_text(stop.by->id());
  args.reason = chain::to_text(stop.reason);
  if (const auto denial = chain_.decide_stop(args)) {
    const std::string why = "stop denied by '" + denial->by + "': " + denial->reason;
    ++tallies_[stop.by->id()].denied;
    tallies_[stop.by->id()].warned.add(why);
    decide(TENON_ACTION_SKIP, stop.by, "", "", why);
    requests_.end(
        {stop.by, TENON_REQUEST_STOP, stop.ticket, TENON_TICKET_DENIED, TENON_OK, "", denial->by, denial->reason});
    return;
  }
  stopped_ = true;
  stop_detail_ += (stop_detail_.empty() ? "" : "; ") + stop.by->id() + ": " + stop.reason;
  decide(TENON_ACTION_STOP, stop.by, "", "", stop.reason);
  requests_.end({stop.by, TENON_REQUEST_STOP, stop.ticket, TENON_TICKET_DONE, TENON_OK, "", "", stop.reason});
}

}  // namespace tenon::loop
