// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/commit_point.hpp"

#include <tenon/services/checkpoints.h>
#include <tenon/failure.hpp>

#include <algorithm>

#include "chain/abi.hpp"
#include "loop/checkpoint_document.hpp"
#include "loop/pipeline.hpp"
#include "loop/what_failed.hpp"

namespace tenon::loop {

using chain::Callback;

namespace {

bool same_content(const SaveRequest& a, const SaveRequest& b) {
  return a.folder == b.folder && a.name == b.name && a.kind == b.kind && a.transforms == b.transforms;
}

void add_hold(Kept& kept, const SaveRequest& save) {
  kept.holds.push_back({save.by, save.ticket, save.score, save.monitor});
  if (!kept.monitor.empty()) return;
  kept.score = save.score;
  kept.monitor = save.monitor;
}

}  // namespace

CommitPoint::CommitPoint(Engine& engine, chain::Chain& chain, MetricStore& metrics, Requests& requests, Ledger& ledger,
                         Decisions& decisions, TensorTable& tensors, const RunFacts& facts, tenon_progress& progress)
    : engine_(engine),
      chain_(chain),
      metrics_(metrics),
      requests_(requests),
      ledger_(ledger),
      decisions_(decisions),
      tensors_(tensors),
      facts_(facts),
      progress_(progress),
      delivery_(chain, requests, decisions, progress) {}

void CommitPoint::decide(std::int32_t action, const Callback* by, std::string path, std::string target,
                         std::string reason) {
  decisions_.record({action, by ? by->id() : "", std::move(path), std::move(target), std::move(reason), progress_});
}

void CommitPoint::note(const Callback& by, std::int32_t action, std::string path, std::string reason) {
  Tally& tally = tallies_[by.id()];
  ++(action == TENON_ACTION_SKIP ? tally.skipped : tally.warned)[reason];
  decide(action, &by, std::move(path), "", std::move(reason));
}

void CommitPoint::run(const CommitState& now) {
  FirstFailure failures;
  failures.go_on([&] { deliver(); });
  withdraw_from_disabled();
  ++progress_.sequence;
  failures.go_on([&] { carry_out_options(); });
  if (!now.gradients_pending || now.phase == Phase::final) {
    failures.go_on([&] { carry_out_saves(now, failures); });
    failures.go_on([&] { carry_out_refs(); });
    failures.go_on([&] { carry_out_bests(); });
    failures.go_on([&] { carry_out_releases(); });
    if (!stopped_ && now.phase != Phase::final) carry_out_stops(now, failures);
  }
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
  args.by = chain::to_text(save.by->id());
  args.path = chain::to_text(path);
  args.reason = chain::to_text(save.reason);
  std::optional<chain::Denial> denial;
  try {
    denial = chain_.decide_checkpoint(args);
  } catch (...) {
    failures.keep();
    const auto [status, reason] = what_failed();
    fail_group({&save}, status, reason);
    return false;
  }
  if (!denial) return true;
  const std::string why = "denied by '" + denial->by + "': " + denial->reason;
  ++tallies_[save.by->id()].denied;
  ++tallies_[save.by->id()].warned[why];
  decide(TENON_ACTION_SKIP, save.by, relative(path), "", why);
  requests_.end(
      {save.by, TENON_REQUEST_SAVE, save.ticket, TENON_TICKET_DENIED, TENON_OK, "", denial->by, denial->reason});
  return false;
}

void CommitPoint::carry_out_saves(const CommitState& state, FirstFailure& failures) {
  if (requests_.saves.empty()) return;
  const std::vector<SaveRequest> saves = std::exchange(requests_.saves, {});
  std::vector<Group> groups;
  bool full = false;
  for (const SaveRequest& save : saves) {
    if (!decided(save, failures)) continue;
    if (!state.resumable() && !(save.flags & TENON_SAVE_INCONSISTENT)) {
      fail_group({&save}, TENON_E_WRONG_STATE,
                 state.consistent ? "the run ends inside an accumulation group, whose gradients would be lost"
                                  : "the weights may be half updated after an error inside a batch");
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
  std::shared_ptr<const Snapshot> snapshot;
  try {
    collect_callback_state();
    snapshot = snapshots_.take(engine_, full);
  } catch (...) {
    const auto [status, reason] = what_failed();
    for (const Group& group : groups) fail_group(group, status, reason);
    return;
  }
  for (const Group& group : groups) write_group(group, state, *snapshot);
}

void CommitPoint::collect_callback_state() {
  callback_states_.clear();
  callback_records_.clear();
  callback_entries_.clear();
  state_failure_.clear();
  callback_states_.reserve(chain_.callbacks().size());
  for (const auto& callback : chain_.callbacks()) {
    boost::json::object entry;
    entry["id"] = callback->id();
    entry["plugin"] = callback->descriptor().id;
    entry["version"] = callback->descriptor().version;
    entry["sha256"] = callback->library().sha256;
    entry["options"] = callback->options();
    try {
      if (std::optional<chain::SavedState> saved = callback->save_state()) {
        entry["state_version"] = saved->version;
        const chain::SavedState& kept = callback_states_.emplace_back(std::move(*saved));
        callback_records_.push_back({"callback_state/" + callback->id(),
                                     checkpoint::DType::u8,
                                     {static_cast<std::int64_t>(kept.bytes.size())},
                                     kept.bytes});
      }
    } catch (const chain::AbiError& error) {
      state_failure_ = "callback '" + callback->id() + "' could not save its state: " + error.what();
    }
    callback_entries_.push_back(std::move(entry));
  }
}

void CommitPoint::fail_group(const Group& group, tenon_status status, const std::string& reason) {
  Notice notice{Notice::What::failed, {}, status, reason};
  const SaveRequest& first = *group.front();
  notice.checkpoint.folder = first.folder;
  notice.checkpoint.name = first.name;
  notice.checkpoint.path = first.folder / (first.name + ".ckpt");
  notice.checkpoint.kind = first.kind;
  notice.checkpoint.sequence = progress_.sequence;
  notice.checkpoint.epoch = progress_.epoch;
  notice.checkpoint.step = progress_.step;
  for (const SaveRequest* save : group) {
    add_hold(notice.checkpoint, *save);
    ++tallies_[save->by->id()].failed;
    ++tallies_[save->by->id()].warned[reason];
    decide(TENON_ACTION_WARN, save->by, relative(notice.checkpoint.path), "", "not saved: " + reason);
    requests_.end({save->by, TENON_REQUEST_SAVE, save->ticket, TENON_TICKET_FAILED, status, "", "", reason});
  }
  delivery_.add(std::move(notice));
}

void CommitPoint::write_group(const Group& group, const CommitState& state, const Snapshot& snapshot) {
  const SaveRequest& first = *group.front();
  try {
    if (!state_failure_.empty() && first.kind == TENON_CHECKPOINT_FULL)
      return fail_group(group, TENON_E_FAILED, state_failure_);
    checkpoint::Content content;
    content.name = first.name;
    content.versioned = (first.flags & TENON_SAVE_VERSIONED) != 0;
    content.full = first.kind == TENON_CHECKPOINT_FULL;
    content.model_metadata["format"] = "pt";
    content.document = checkpoint_document(
        {group, state, facts_, progress_, metrics_, requests_, ledger_.best, snapshot.document(), callback_entries_});
    Pipeline pipeline(first.transforms, *first.by, snapshot, tensors_, progress_);
    snapshot.wait();
    content.model = pipeline.run();
    if (!first.transforms.empty()) content.document["transforms"] = pipeline.description();
    if (content.full) {
      content.training = snapshot.training();
      content.training.insert(content.training.end(), callback_records_.begin(), callback_records_.end());
    }
    checkpoint::Folder& folder = ledger_.folder(first.folder);
    const checkpoint::Written written = folder.write(content);

    Kept kept;
    kept.folder = first.folder;
    kept.name = written.name;
    kept.path = written.path;
    kept.kind = first.kind;
    kept.sequence = progress_.sequence;
    kept.epoch = progress_.epoch;
    kept.step = progress_.step;
    kept.bytes = written.bytes;
    kept.flags = (state.resumable() ? TENON_CHECKPOINT_CONSISTENT : 0u) |
                 (first.transforms.empty() ? 0u : TENON_CHECKPOINT_TRANSFORMED);
    for (const SaveRequest* save : group) {
      add_hold(kept, *save);
      kept.tickets.push_back(save->ticket);
      ++tallies_[save->by->id()].saved;
      decide(TENON_ACTION_SAVE, save->by, relative(kept.path), "", save->reason);
      requests_.end({save->by, TENON_REQUEST_SAVE, save->ticket, TENON_TICKET_DONE, TENON_OK, kept.path.native(), "",
                     save->reason});
    }
    delivery_.add({Notice::What::saved, ledger_.add(std::move(kept)), TENON_OK, first.reason});
  } catch (...) {
    const auto [status, reason] = what_failed();
    fail_group(group, status, reason);
  }
}

void CommitPoint::carry_out_refs() {
  for (const RefRequest& r : std::exchange(requests_.refs, {})) {
    if (pending(r.ticket)) {
      requests_.refs.push_back(r);
      continue;
    }
    Kept* kept = ledger_.find(r.ticket);
    if (!kept) continue;  // it failed: the ref stays where it was
    if (!(kept->flags & TENON_CHECKPOINT_CONSISTENT)) {
      note(*r.by, TENON_ACTION_WARN, relative(kept->folder / (r.ref + ".ckpt")),
           "'" + r.ref + "' stays where it is: training cannot go on from '" + kept->name + "'");
      continue;
    }
    try {
      ledger_.folder(kept->folder).set_ref(r.ref, kept->name);
      decide(TENON_ACTION_REF, r.by, relative(kept->folder / (r.ref + ".ckpt")), relative(kept->path),
             "'" + r.ref + "' is the newest");
      if (Kept* unheld = ledger_.point_ref(r.ref, *kept, *r.by)) remove(*unheld);
    } catch (const checkpoint::WriteError& error) {
      note(*r.by, TENON_ACTION_WARN, relative(kept->folder / (r.ref + ".ckpt")),
           "the ref could not be moved: " + std::string(error.what()));
    }
  }
}

void CommitPoint::carry_out_bests() {
  for (const BestRequest& b : std::exchange(requests_.bests, {})) {
    if (pending(b.ticket))
      requests_.bests.push_back(b);
    else if (b.ticket == 0)
      ledger_.best.erase(b.by);
    else if (ledger_.find(b.ticket))
      ledger_.best[b.by] = b.ticket;
  }
}

void CommitPoint::carry_out_releases() {
  for (Kept* kept : std::exchange(unremoved_, {})) remove(*kept);  // the disk may take it by now
  for (const ReleaseRequest& r : std::exchange(requests_.releases, {})) {
    if (pending(r.held) || pending(r.after)) {
      requests_.releases.push_back(r);
      continue;
    }
    if (r.after != 0 && !ledger_.was_durable(r.after)) continue;  // void: it stays held
    if (Kept* unheld = ledger_.release(r.held, r.reason)) remove(*unheld);
  }
}

void CommitPoint::remove(Kept& kept) {
  const Callback* by = kept.released_by;
  try {
    ledger_.folder(kept.folder).remove(kept.name);
  } catch (const checkpoint::WriteError& error) {
    if (error.reason() == checkpoint::WriteError::Reason::missing)
      return removed(kept, "somebody had removed it already");
    if (!kept.removal_failed) {
      decide(TENON_ACTION_WARN, by, relative(kept.path), "", "could not be removed: " + std::string(error.what()));
      if (by) ++tallies_[by->id()].warned["could not be removed: " + std::string(error.what())];
    }
    kept.removal_failed = true;
    unremoved_.push_back(&kept);
    return;
  }
  removed(kept, kept.last_release);
}

void CommitPoint::removed(Kept& kept, const std::string& reason) {
  if (kept.released_by) ++tallies_[kept.released_by->id()].removed;
  decide(TENON_ACTION_REMOVE, kept.released_by, relative(kept.path), "", reason);
  delivery_.add({Notice::What::removed, kept, TENON_OK, reason});
  ledger_.erase(kept);
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
    ++tallies_[stop.by->id()].warned[why];
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
