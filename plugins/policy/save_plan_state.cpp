// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A plan across processes: what of it is kept in a checkpoint, and how it finds its feet after a resume.
#include <tenon/plugin.hpp>

#include <algorithm>
#include <set>
#include <utility>

#include "save_plan.hpp"

namespace tenon::policy {

namespace {

void put_entries(StateWriter& out, const std::vector<Entry>& entries) {
  out.put(std::uint64_t{entries.size()});
  for (const Entry& e : entries) out.put(e.ticket).put(e.leaving_for).put(e.score).put(e.durable);
}

std::vector<Entry> get_entries(StateReader& in) {
  constexpr std::uint64_t entry_bytes = 32;
  const auto count = in.get<std::uint64_t>();
  if (count > in.left() / entry_bytes)
    throw Error(TENON_E_INVALID_ARGUMENT, "saved state ends in the middle of a list");
  std::vector<Entry> out(static_cast<std::size_t>(count));
  for (Entry& e : out) {
    e.ticket = in.get<Ticket>();
    e.leaving_for = in.get<Ticket>();
    e.score = in.get<double>();
    e.durable = in.get<bool>();
  }
  return out;
}

}  // namespace

void SavePlanState::put(StateWriter& out) const {
  out.put(scored_by).put(keep).put(waiting).put(best_step).put(newest).put(newest_step).put(exception);
  put_entries(out, open);
  out.put(on_disk).put(best).put(counts_from).put(let_go);
  put_entries(out, alone);
  out.put(lasts).put(only_worse).put(previous);
}

SavePlanState SavePlanState::get(StateReader& in) {
  SavePlanState state;
  state.scored_by = in.get<std::string>();
  state.keep = in.get<std::int64_t>();
  state.waiting = in.get<bool>();
  state.best_step = in.get<std::uint64_t>();
  state.newest = in.get<Ticket>();
  state.newest_step = in.get<std::uint64_t>();
  state.exception = in.get<Ticket>();
  state.open = get_entries(in);
  state.on_disk = in.get<std::uint64_t>();
  state.best = in.get<Ticket>();
  state.counts_from = in.get<Ticket>();
  state.let_go = in.get<std::vector<Ticket>>();
  state.alone = get_entries(in);
  state.lasts = in.get<std::vector<Ticket>>();
  state.only_worse = in.get<std::optional<std::uint64_t>>();
  state.previous = in.get<std::optional<double>>();
  return state;
}

/// Whose scores they are: those of another metric, or of the other direction, say nothing here.
std::string SavePlan::scored_by() const {
  if (!options_.goal) return "";
  return (*options_.goal == Goal::maximize ? "max " : "min ") + options_.metric;
}

SavePlanState SavePlan::state() const {
  if (restored_) return *restored_;
  SavePlanState state;
  state.scored_by = scored_by();
  state.keep = options_.keep;
  state.waiting = waiting_;
  state.best_step = best_step_;
  state.newest = newest_;
  state.newest_step = newest_step_;
  state.exception = exception_;
  state.open = best_.open();
  state.on_disk = best_.settled();
  state.best = best_.best() ? best_.best()->ticket : 0;
  state.counts_from = counts_from_;
  state.let_go = let_go_;
  state.alone = alone_.entries();
  state.lasts = lasts_;
  state.only_worse = only_worse_;
  state.previous = previous_;
  return state;
}

void SavePlan::restore(SavePlanState state) {
  const bool same = state.scored_by == scored_by();
  waiting_ = same && state.waiting;
  best_step_ = state.best_step;
  newest_ = state.newest;
  newest_step_ = state.newest_step;
  exception_ = state.exception;
  counts_from_ = state.counts_from;
  let_go_ = state.let_go;
  remembered_ = std::max(remembered_, let_go_.size());
  best_.restore(same ? state.open : std::vector<Entry>());
  alone_.restore(state.alone);
  lasts_ = state.lasts;
  only_worse_ = same ? state.only_worse : 0;
  previous_ = same ? state.previous : std::nullopt;
  restored_ = std::move(state);
}

void SavePlan::reconcile() {
  if (!restored_) return;
  const SavePlanState before = std::move(*restored_);
  restored_.reset();
  const std::vector<Durable> there = actions_.durable();
  forget_deleted(there);
  if (before.scored_by == scored_by()) {
    std::vector<Entry> all = scored_here(there);
    const std::size_t found = all.size();
    for (const Entry& entry : best_.entries()) all.push_back(entry);
    // What the k of then had no place for is leaving, whatever the k of now is.
    TopK then(before.keep, options_.goal, options_.initial_value_threshold);
    then.restore(all);
    release(then.trim(), leaving_reason());
    best_.restore(before.keep < 0 ? all : then.entries());
    tell_of_deleted(before, found);
  } else {
    counts_from_ = newest_ + 1;
    for (const Durable& d : there) counts_from_ = std::max(counts_from_, d.ticket + 1);
    actions_.warn("the checkpoints kept so far were decided by " +
                  (before.scored_by.empty() ? "no monitor" : before.scored_by) +
                  ": they stay on disk and no longer count");
  }
  // After a smaller k there may be more than ever leave at once otherwise: forgotten, they would count again.
  const std::vector<Release> too_many = best_.trim();
  remembered_ = std::max(remembered_, let_go_.size() + too_many.size());
  release(too_many, leaving_reason());
  announce_best();
}

void SavePlan::forget_deleted(const std::vector<Durable>& there) {
  std::set<Ticket> tickets;
  for (const Durable& d : there) tickets.insert(d.ticket);
  const auto is_gone = [&](Ticket ticket) { return !tickets.count(ticket); };
  const auto is_open = [&](Ticket ticket) {  // the host has yet to say how it ended
    const Entry* best = best_.find(ticket);
    const Entry* alone = alone_.find(ticket);
    return (best && !best->durable) || (alone && !alone->durable);
  };
  lasts_.erase(std::remove_if(lasts_.begin(), lasts_.end(), [&](Ticket t) { return is_gone(t) && !is_open(t); }),
               lasts_.end());
  for (TopK* plan : {&best_, &alone_})
    for (const Entry& e : plan->entries())
      if (e.durable && is_gone(e.ticket)) plan->removed(e.ticket);
}

/// Those of the best k that are on disk and not among the entries, which the host's list knows.
std::vector<Entry> SavePlan::scored_here(const std::vector<Durable>& there) const {
  std::vector<Entry> out;
  const std::set<Ticket> leaving(let_go_.begin(), let_go_.end());
  for (const Durable& d : there)
    if (d.ticket >= counts_from_ && !leaving.count(d.ticket) && d.ticket != exception_ && !alone_.find(d.ticket) &&
        !best_.find(d.ticket) && d.metric == options_.metric)
      out.push_back({d.ticket, 0, options_.goal ? score_of(*options_.goal, d.score) : 0.0, true});
  return out;
}

/// Where all were kept, only the best of them was remembered.
void SavePlan::tell_of_deleted(const SavePlanState& before, std::size_t found) {
  const bool best_is_there = !before.best || best_.find(before.best);
  std::size_t deleted = best_is_there ? 0 : 1;
  if (before.keep >= 0) deleted = before.on_disk > found ? static_cast<std::size_t>(before.on_disk) - found : 0;
  if (deleted > 0) actions_.tell(words_of_deleted(deleted, before.best));
}

}  // namespace tenon::policy
