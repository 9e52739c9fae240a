// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What the commit point takes from the writer: tickets that end, counts, decisions, and the loop's own ledger.
#include <tenon/services/checkpoints.h>

#include "loop/commit_point.hpp"

namespace tenon::loop {

void CommitPoint::take_results() {
  FirstFailure failures;
  for (const WriteResult& result : writer_.take()) {
    asked_at_ = &result.progress;
    for (const WriteEvent& event : result.events)
      failures.go_on([&] { std::visit([this](const auto& e) { happened(e); }, event); });
    asked_at_ = nullptr;
  }
  carry_out_bests();
  failures.rethrow();
}

void CommitPoint::happened(const Saved& event) {
  ledger_.end_writing(event.checkpoint);
  const std::string path = relative(event.checkpoint.path);
  for (const SaveRequest& save : event.requests) {
    if (save.by_host) {
      decide(TENON_ACTION_SAVE, nullptr, path, "", save.reason);
      continue;
    }
    ++tallies_[save.by->id()].saved;
    decide(TENON_ACTION_SAVE, save.by, path, "", save.reason);
    requests_.end({save.by, TENON_REQUEST_SAVE, save.ticket, TENON_TICKET_DONE, TENON_OK,
                   event.checkpoint.path.native(), "", save.reason});
  }
  delivery_.add({Notice::What::saved, ledger_.add(event.checkpoint), TENON_OK, event.requests.front().reason});
}

void CommitPoint::happened(const NotSaved& event) {
  ledger_.end_writing(event.checkpoint);
  const auto& [status, reason] = event.why;
  const std::string path = relative(event.checkpoint.path);
  for (const SaveRequest& save : event.requests) {
    if (save.by_host) {
      decide(TENON_ACTION_WARN, nullptr, path, "", "not saved: " + reason);
      continue;
    }
    ++tallies_[save.by->id()].failed;
    tallies_[save.by->id()].warned.add(reason);
    decide(TENON_ACTION_WARN, save.by, path, "", "not saved: " + reason);
    requests_.end({save.by, TENON_REQUEST_SAVE, save.ticket, TENON_TICKET_FAILED, status, "", "", reason});
    failed_saves_.push_back({save.by, status, "'" + path + "' was not saved: " + reason});
  }
  delivery_.add({Notice::What::failed, event.checkpoint, status, reason});
}

void CommitPoint::happened(const RefMoved& event) {
  Kept* kept = ledger_.find(event.request.ticket);
  if (!kept) return;
  decide_ref(event.request, *kept);
  ledger_.point_ref(event.request.ref, *kept, *event.request.by);
}

void CommitPoint::decide_ref(const RefRequest& moved, const Kept& at) {
  const bool is_final = moved.ref == final_ref;
  decide(TENON_ACTION_REF, is_final ? nullptr : moved.by, relative(at.folder / (moved.ref + ".ckpt")),
         relative(at.path),
         "'" + moved.ref + (is_final ? "' has the weights that the run ends with" : "' is the newest"));
}

void CommitPoint::happened(const RefStayed& event) {
  note(*event.request.by, TENON_ACTION_WARN, relative(event.ref), event.reason);
}

void CommitPoint::happened(const RefGone& event) {
  decide(TENON_ACTION_REMOVE, nullptr, relative(event.folder / (event.ref + ".ckpt")), "", RefGone::reason);
  ledger_.forget_ref(event.folder, event.ref, RefGone::reason);
}

void CommitPoint::happened(const Released& event) {
  ledger_.end_release(event.request);
  ledger_.release(event.request.held, event.request.reason);
}

void CommitPoint::happened(const Removed& event) {
  Kept* kept = ledger_.find(event.checkpoint);
  if (!kept) return;
  was_removed(*kept, event.reason);
  ledger_.erase(*kept);
}

/// Counted, and its callback's to know, also where an earlier attempt has told it.
void CommitPoint::was_removed(const Kept& kept, const std::string& reason, bool is_told) {
  if (kept.released_by) ++tallies_[kept.released_by->id()].removed;
  if (is_told) decide(TENON_ACTION_REMOVE, kept.released_by, relative(kept.path), "", reason);
  delivery_.add({Notice::What::removed, kept, TENON_OK, reason});
}

void CommitPoint::happened(const NotRemoved& event) {
  const Kept* kept = ledger_.find(event.checkpoint);
  if (!kept) return;
  const chain::Callback* by = kept->released_by;
  decide(TENON_ACTION_WARN, by, relative(kept->path), "", event.reason);
  if (by) tallies_[by->id()].warned.add(event.reason);
}

}  // namespace tenon::loop
