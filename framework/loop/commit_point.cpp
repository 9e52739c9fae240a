// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/commit_point.hpp"

#include <tenon/services/checkpoints.h>
#include <tenon/failure.hpp>

#include <algorithm>

#include "chain/abi.hpp"
#include "loop/checkpoint_document.hpp"
#include "loop/pipeline.hpp"

namespace tenon::loop {

using chain::Callback;

namespace {

bool same_content(const SaveRequest& a, const SaveRequest& b) {
  return a.folder == b.folder && a.name == b.name && a.kind == b.kind && a.transforms == b.transforms;
}

tenon_status status_of(const checkpoint::WriteError& error) {
  switch (error.reason()) {
    case checkpoint::WriteError::Reason::name_taken:
      return TENON_E_WRONG_STATE;
    case checkpoint::WriteError::Reason::invalid:
      return TENON_E_INVALID_ARGUMENT;
    default:
      return TENON_E_IO;
  }
}

/// Ends what set_for_reader began, also when a hook's failure is thrown.
class ReaderReset {
 public:
  explicit ReaderReset(chain::Chain& chain) : chain_(chain) {}
  ~ReaderReset() { chain_.set_for_reader({}); }
  ReaderReset(const ReaderReset&) = delete;
  ReaderReset& operator=(const ReaderReset&) = delete;

 private:
  chain::Chain& chain_;
};

}  // namespace

tenon_checkpoint to_abi(const Kept& kept, const Callback* reader, std::vector<tenon_text>& holders) {
  holders.clear();
  tenon_checkpoint c{};
  c.struct_size = sizeof c;
  for (const Hold& hold : kept.holds) {
    holders.push_back(chain::to_text(hold.by->id()));
    if (hold.by == reader) c.ticket = hold.ticket;
  }
  c.kind = kept.kind;
  c.sequence = kept.sequence;
  c.epoch = kept.epoch;
  c.step = kept.step;
  c.bytes = kept.bytes;
  c.score = kept.score;
  c.monitor = chain::to_text(kept.monitor);
  c.path = chain::to_text(kept.path.native());
  c.name = chain::to_text(kept.name);
  c.holders = holders.data();
  c.holder_count = holders.size();
  c.flags = kept.flags;
  return c;
}

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
      progress_(progress) {}

void CommitPoint::decide(std::int32_t action, const Callback* by, std::string path, std::string target,
                         std::string reason) {
  decisions_.record({action, by ? by->id() : "", std::move(path), std::move(target), std::move(reason), progress_});
}

void CommitPoint::note(const Callback& by, std::int32_t action, std::string path, std::string reason) {
  Tally& tally = tallies_[by.id()];
  ++(action == TENON_ACTION_SKIP ? tally.skipped : tally.warned)[reason];
  decide(action, &by, std::move(path), "", std::move(reason));
}

void CommitPoint::run(const CommitState& state) {
  deliver();
  ++progress_.sequence;
  if (!state.gradients_pending || state.phase == Phase::final) {
    carry_out_saves(state);
    carry_out_refs();
    carry_out_bests();
    carry_out_releases();
    if (!stopped_ && state.phase != Phase::final) carry_out_stops(state);
  }
}

void CommitPoint::deliver() {
  decisions_.deliver(chain_);
  std::vector<EndedTicket> ended = std::exchange(requests_.ended, {});
  std::stable_sort(ended.begin(), ended.end(), [](const auto& a, const auto& b) { return a.ticket < b.ticket; });
  for (const EndedTicket& e : ended) {
    if (e.outcome != TENON_TICKET_DONE) not_done_.insert(e.ticket);  // a withdrawn one too: releases after it are void
    tenon_ticket_args args{};
    args.struct_size = sizeof args;
    args.request = e.request;
    args.progress = &progress_;
    args.ticket = e.ticket;
    args.outcome = e.outcome;
    args.status = e.status;
    args.path = chain::to_text(e.path);
    args.by = chain::to_text(e.by);
    args.reason = chain::to_text(e.reason);
    chain_.on_ticket({*e.owner, args});
  }
  const std::vector<Notice> notices = std::exchange(notices_, {});
  for (const Notice& notice : notices) tell_checkpoint(notice);
}

void CommitPoint::deliver_stops() {
  std::vector<EndedTicket> later;
  std::vector<EndedTicket> all = std::exchange(requests_.ended, {});
  std::vector<Notice> notices = std::exchange(notices_, {});
  for (EndedTicket& e : all) (e.request == TENON_REQUEST_STOP ? requests_.ended : later).push_back(std::move(e));
  deliver();
  requests_.ended.insert(requests_.ended.begin(), later.begin(), later.end());
  notices_ = std::move(notices);
}

void CommitPoint::tell_checkpoint(const Notice& notice) {
  const std::uint32_t hook = notice.what == Notice::saved    ? TENON_HOOK(on_checkpoint_saved)
                             : notice.what == Notice::failed ? TENON_HOOK(on_checkpoint_failed)
                                                             : TENON_HOOK(on_checkpoint_removed);
  if (!chain_.wanted(hook)) return;
  std::vector<tenon_text> holders;
  tenon_checkpoint c = to_abi(notice.checkpoint, nullptr, holders);
  tenon_checkpoint_args args{};
  args.struct_size = sizeof args;
  args.status = notice.status;
  args.progress = &progress_;
  args.checkpoint = &c;
  args.reason = chain::to_text(notice.reason);
  chain_.set_for_reader([&](const Callback& reader) {
    c.ticket = 0;
    for (const Hold& hold : notice.checkpoint.holds)
      if (hold.by == &reader) c.ticket = hold.ticket;
  });
  const ReaderReset reset(chain_);
  if (notice.what == Notice::saved)
    chain_.on_checkpoint_saved(args);
  else if (notice.what == Notice::failed)
    chain_.on_checkpoint_failed(args);
  else
    chain_.on_checkpoint_removed(args);
}

void CommitPoint::carry_out_saves(const CommitState& state) {
  if (requests_.saves.empty()) return;
  const std::vector<SaveRequest> saves = std::exchange(requests_.saves, {});
  std::vector<std::vector<const SaveRequest*>> groups;
  bool full = false;
  for (const SaveRequest& save : saves) {
    const std::string path = (save.folder / (save.name + ".ckpt")).native();
    tenon_request_args args{};
    args.struct_size = sizeof args;
    args.request = TENON_REQUEST_SAVE;
    args.progress = &progress_;
    args.ticket = save.ticket;
    args.by = chain::to_text(save.by->id());
    args.path = chain::to_text(path);
    args.reason = chain::to_text(save.reason);
    if (const auto denial = chain_.decide_checkpoint(args)) {
      not_done_.insert(save.ticket);
      ++tallies_[save.by->id()].denied;
      ++tallies_[save.by->id()].warned["denied by '" + denial->by + "': " + denial->reason];
      decide(TENON_ACTION_SKIP, save.by, relative(path), "", "denied by '" + denial->by + "': " + denial->reason);
      end({save.by, TENON_REQUEST_SAVE, save.ticket, TENON_TICKET_DENIED, TENON_OK, "", denial->by, denial->reason});
      continue;
    }
    if (!state.consistent && !(save.flags & TENON_SAVE_INCONSISTENT)) {
      fail_group({&save}, TENON_E_WRONG_STATE, "the weights may be half updated after an error inside a batch");
      continue;
    }
    full = full || save.kind == TENON_CHECKPOINT_FULL;
    const auto same =
        std::find_if(groups.begin(), groups.end(), [&](const auto& g) { return same_content(*g.front(), save); });
    if (same != groups.end())
      same->push_back(&save);
    else
      groups.push_back({&save});
  }
  if (groups.empty()) return;
  collect_callback_state();
  snapshot_.take(engine_, full);
  for (const auto& group : groups) write_group(group, state);
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

void CommitPoint::fail_group(const std::vector<const SaveRequest*>& group, tenon_status status,
                             const std::string& reason) {
  Notice notice{Notice::failed, {}, status, reason};
  const SaveRequest& first = *group.front();
  notice.checkpoint.folder = first.folder;
  notice.checkpoint.name = first.name;
  notice.checkpoint.path = first.folder / (first.name + ".ckpt");
  notice.checkpoint.kind = first.kind;
  notice.checkpoint.sequence = progress_.sequence;
  notice.checkpoint.epoch = progress_.epoch;
  notice.checkpoint.step = progress_.step;
  notice.checkpoint.score = first.score;
  notice.checkpoint.monitor = first.monitor;
  for (const SaveRequest* save : group) {
    not_done_.insert(save->ticket);
    notice.checkpoint.holds.push_back({save->by, save->ticket});
    ++tallies_[save->by->id()].failed;
    ++tallies_[save->by->id()].warned[reason];
    decide(TENON_ACTION_WARN, save->by, relative(notice.checkpoint.path), "", "not saved: " + reason);
    end({save->by, TENON_REQUEST_SAVE, save->ticket, TENON_TICKET_FAILED, status, "", "", reason});
  }
  notices_.push_back(std::move(notice));
}

void CommitPoint::write_group(const std::vector<const SaveRequest*>& group, const CommitState& state) {
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
        {group, state, facts_, progress_, metrics_, requests_, snapshot_.document(), callback_entries_});
    Pipeline pipeline(first.transforms, *first.by, snapshot_, tensors_, progress_);
    content.model = pipeline.run();
    if (!first.transforms.empty()) content.document["transforms"] = pipeline.description();
    if (content.full) {
      content.training = snapshot_.training();
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
    kept.score = first.score;
    kept.monitor = first.monitor;
    kept.flags = (state.consistent ? TENON_CHECKPOINT_CONSISTENT : 0u) |
                 (first.transforms.empty() ? 0u : TENON_CHECKPOINT_TRANSFORMED);
    for (const SaveRequest* save : group) {
      kept.holds.push_back({save->by, save->ticket});
      kept.tickets.push_back(save->ticket);
      ++tallies_[save->by->id()].saved;
      decide(TENON_ACTION_SAVE, save->by, relative(kept.path), "", save->reason);
      end({save->by, TENON_REQUEST_SAVE, save->ticket, TENON_TICKET_DONE, TENON_OK, kept.path.native(), "",
           save->reason});
    }
    notices_.push_back({Notice::saved, ledger_.add(std::move(kept)), TENON_OK, first.reason});
  } catch (const checkpoint::WriteError& error) {
    fail_group(group, status_of(error), error.what());
  } catch (const chain::AbiError& error) {
    fail_group(group, error.status(), error.what());
  } catch (const Failure& error) {
    fail_group(group, TENON_E_IO, error.what());
  } catch (const std::bad_alloc&) {
    fail_group(group, TENON_E_OUT_OF_MEMORY, "out of memory while the checkpoint was made");
  } catch (const std::exception& error) {
    fail_group(group, TENON_E_FAILED, error.what());
  }
}

void CommitPoint::carry_out_refs() {
  for (const RefRequest& r : std::exchange(requests_.refs, {})) {
    Kept* kept = ledger_.find(r.ticket);
    if (!kept) continue;  // it failed: the ref stays where it was
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
    if (b.ticket == 0)
      ledger_.best.erase(b.by);
    else if (ledger_.find(b.ticket))
      ledger_.best[b.by] = b.ticket;
  }
}

void CommitPoint::carry_out_releases() {
  for (Kept* kept : std::exchange(unremoved_, {})) remove(*kept);  // the disk may take it by now
  for (const ReleaseRequest& r : std::exchange(requests_.releases, {})) {
    if (r.after != 0 && not_done_.count(r.after)) continue;  // void: it stays held
    if (Kept* unheld = ledger_.release(r.held, r.reason)) remove(*unheld);
  }
}

void CommitPoint::remove(Kept& kept) {
  Notice notice{Notice::removed, kept, TENON_OK, kept.last_release};
  const Callback* by = kept.released_by;
  try {
    ledger_.folder(kept.folder).remove(kept.name);
  } catch (const checkpoint::WriteError& error) {
    if (!kept.removal_failed) {
      decide(TENON_ACTION_WARN, by, relative(kept.path), "", "could not be removed: " + std::string(error.what()));
      if (by) ++tallies_[by->id()].warned["could not be removed: " + std::string(error.what())];
    }
    kept.removal_failed = true;
    unremoved_.push_back(&kept);
    return;
  }
  if (by) ++tallies_[by->id()].removed;
  decide(TENON_ACTION_REMOVE, by, relative(kept.path), "", kept.last_release);
  notices_.push_back(std::move(notice));
  ledger_.erase(kept);
}

void CommitPoint::carry_out_stops(const CommitState& state) {
  std::vector<StopRequest> stops = requests_.take_stops();
  if (stops.empty()) return;
  if (state.completed_epochs < facts_.options.min_epochs || progress_.step < facts_.options.min_steps)
    return requests_.put_back(std::move(stops));
  for (const StopRequest& stop : stops) {
    tenon_request_args args{};
    args.struct_size = sizeof args;
    args.request = TENON_REQUEST_STOP;
    args.progress = &progress_;
    args.ticket = stop.ticket;
    args.by = chain::to_text(stop.by->id());
    args.reason = chain::to_text(stop.reason);
    if (const auto denial = chain_.decide_stop(args)) {
      decide(TENON_ACTION_SKIP, stop.by, "", "", "stop denied by '" + denial->by + "': " + denial->reason);
      end({stop.by, TENON_REQUEST_STOP, stop.ticket, TENON_TICKET_DENIED, TENON_OK, "", denial->by, denial->reason});
      continue;
    }
    stopped_ = true;
    stop_detail_ += (stop_detail_.empty() ? "" : "; ") + stop.by->id() + ": " + stop.reason;
    decide(TENON_ACTION_STOP, stop.by, "", "", stop.reason);
    end({stop.by, TENON_REQUEST_STOP, stop.ticket, TENON_TICKET_DONE, TENON_OK, "", "", stop.reason});
  }
}

}  // namespace tenon::loop
