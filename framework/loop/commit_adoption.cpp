// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What the commit point of a resumed run begins with.
#include <algorithm>
#include <limits>
#include <utility>

#include "chain/log.hpp"
#include "loop/adoption.hpp"
#include "loop/commit_point.hpp"
#include "loop/request_document.hpp"

namespace tenon::loop {

namespace json = boost::json;

namespace {

/// A save that had become durable, and whose folder has been removed by hand before anybody was told of it.
std::optional<Leaving> removed_since(const OpenTicket& open, const std::filesystem::path& path, const Adoption& adopted,
                                     const std::vector<Leaving>& known) {
  if (checkpoint_of(open.ticket, adopted)) return std::nullopt;
  if (std::any_of(known.begin(), known.end(), [&](const Leaving& one) { return one.held == open.ticket; }))
    return std::nullopt;
  Leaving gone{open.by, open.ticket, "it was no longer on disk when the run went on", {}, false};
  gone.checkpoint.path = path.empty() ? open.folder / (open.name + ".ckpt") : path;
  gone.checkpoint.folder = gone.checkpoint.path.parent_path();
  gone.checkpoint.name = gone.checkpoint.path.stem();
  gone.checkpoint.score = std::numeric_limits<double>::quiet_NaN();
  return gone;
}

}  // namespace

void CommitPoint::go_on_from(const std::vector<RunCheckpoint>& found, std::uint64_t sequence,
                             const json::object& document) {
  SavedRequests saved = read_request_document(document, chain_, facts_);
  Adoption adopted = adopt(found, sequence, saved, chain_);
  restore_tallies(document, tallies_);
  std::vector<EndedTicket> ends = ends_of_open_tickets(saved, adopted.checkpoints);
  untold_ = untold_of(ends, adopted, found);
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const OpenTicket& open = saved.open[i];
    if (open.request == TENON_REQUEST_SAVE) requests_.remember_save(*open.by, open.ticket);
    if (open.request == TENON_REQUEST_SAVE && ends[i].outcome == TENON_TICKET_DONE)
      if (auto gone = removed_since(open, ends[i].path, adopted, saved.leaving)) {
        adopted.gone.push_back(gone->held);
        saved.leaving.push_back(std::move(*gone));
      }
    const bool was_in_hand = !open.folder.empty();  // by the writer: not counted then
    if (was_in_hand && ends[i].outcome == TENON_TICKET_DONE) ++tallies_[ends[i].owner->id()].saved;
    requests_.end(std::move(ends[i]));
  }
  ledger_.adopt(adopted.checkpoints, adopted.refs);
  writer_.adopt(adopted);
  if (const json::value* progress = document.if_contains("progress"))  // there is none where nothing was saved yet
    adopted_step_ = progress->at("step").to_number<std::uint64_t>();
  requests_.refs = refs_to_move(adopted, found);
  requests_.releases = std::move(saved.releases);
  requests_.bests = std::move(saved.bests);
  take_removed(saved.leaving);
  carry_out_bests();
}

/// What the writer had removed already when the process ended, which the run that never stops is told at the next
/// commit point.
void CommitPoint::take_removed(const std::vector<Leaving>& leaving) {
  for (const Leaving& one : leaving) {
    if (ledger_.find(one.held)) continue;
    auto gone = std::find_if(removed_before_.begin(), removed_before_.end(), [&](const Kept& kept) {
      return kept.path == one.checkpoint.path && kept.sequence == one.checkpoint.sequence;  // a name is used again
    });
    if (gone == removed_before_.end()) gone = removed_before_.insert(gone, one.checkpoint);
    gone->let_go.push_back({one.by, one.held, one.checkpoint.score, one.checkpoint.monitor, ""});
    gone->tickets.push_back(one.held);
    if (one.was_let_go)
      gone->released_by = one.by;
    else
      chain::log(TENON_LOG_WARN, one.by->id(),
                 "'" + relative(one.checkpoint.path) + "' is no longer on disk: it counts no more");
    gone->last_release = one.reason;
  }
}

/// What the writer has done for the commit point that the run goes on from, and its state could not know of yet.
void CommitPoint::tell_untold() {
  const Untold untold = std::exchange(untold_, {});
  const bool is_told = !facts_.has_told_its_end;
  for (const UntoldSave& save : untold.saves) {
    for (const auto& [by, reason] : save.asked_by)
      if (is_told) decide(TENON_ACTION_SAVE, by, relative(save.checkpoint.path), "", reason);
    delivery_.add({Notice::What::saved, save.checkpoint, TENON_OK, save.asked_by.front().reason});
  }
  for (const RefRequest& moved : untold.refs)
    if (const Kept* kept = ledger_.find(moved.ticket); kept && is_told) decide_ref(moved, *kept);
}

void CommitPoint::carry_out_owed_moves() {
  tell_untold();
  for (const Kept& gone : std::exchange(removed_before_, {}))
    was_removed(gone, gone.last_release, !facts_.has_told_its_end);
  auto job = std::make_unique<WriteJob>();
  job->progress = progress_;
  add_moves(*job);
  writer_.submit(std::move(job));
}

}  // namespace tenon::loop
