// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "save_plan.hpp"

#include <algorithm>
#include <utility>

namespace tenon::policy {

namespace {

constexpr const char* replaced = "replaced by a newer state";

}  // namespace

SavePlan::SavePlan(SavePlanOptions options, SaveActions& actions)
    : options_(std::move(options)),
      actions_(actions),
      best_(options_.keep, options_.goal, options_.initial_value_threshold),
      alone_(1, std::nullopt) {}

void SavePlan::decide(const Occasion& now) {
  if (!is_open_at(now.step)) return;
  if (now.best_due && options_.keep != 0 && decide_best(now)) return;
  if (now.last_due && options_.keeps_last && newest_step_ != now.step) save_last(now);
}

/// True when the best k took this state in.
bool SavePlan::decide_best(const Occasion& now) {
  if (options_.goal) {
    waiting_ = !now.value && now.may_wait;
    if (!now.value && !now.may_wait) actions_.skip(nothing_to_decide_by(now.step));
    if (!now.value) return false;
    watch_direction(*now.value);
    if (!best_.enters(*now.value)) {
      actions_.skip(staying_out_reason(*now.value));
      return false;
    }
  }
  const std::string reason = options_.goal ? entering_reason(*now.value) : options_.when;
  if (options_.keeps_last && newest_step_ == now.step) take_back_last();
  const Ticket ticket = save(now.step, Purpose::best, options_.goal ? now.value : std::nullopt, reason);
  if (!ticket) return true;
  best_step_ = now.step;
  release(best_.add(ticket, now.value.value_or(0.0)), leaving_reason());
  if (options_.keeps_last) {
    release(alone_.clear(ticket), replaced);
    point_last_at(ticket);
  }
  announce_best();
  return true;
}

void SavePlan::watch_direction(double value) {
  const bool worse = !previous_ || improves(*options_.goal, *previous_, value);
  only_worse_ = only_worse_ && worse ? std::optional<std::uint64_t>(*only_worse_ + 1) : std::nullopt;
  previous_ = value;
}

void SavePlan::save_last(const Occasion& now) {
  const Ticket ticket = save(now.step, Purpose::last, std::nullopt, "the newest state, for last");
  if (!ticket) return;
  release(alone_.add(ticket, 0.0), replaced);
  point_last_at(ticket);
}

/// The step's trigger has asked for a `last` before its validation let the same state into the best.
void SavePlan::take_back_last() {
  // Where it is carried out already, it leaves when the better one is durable.
  if (!actions_.withdraw(newest_, "saved as one of the best instead")) return;
  lasts_.erase(std::remove(lasts_.begin(), lasts_.end(), newest_), lasts_.end());
  release(alone_.lost(newest_), replaced);
}

void SavePlan::save_after_exception(const std::string& message) {
  const Ticket ticket = actions_.request(Purpose::exception, std::nullopt, "the run fails: " + message);
  const Ticket before = std::exchange(exception_, ticket);
  if (before) actions_.release({before, exception_}, "replaced by the state of a later failure");
}

Ticket SavePlan::save(std::uint64_t step, Purpose purpose, std::optional<double> score, const std::string& reason) {
  const Ticket ticket = actions_.request(purpose, score, reason);
  newest_ = ticket;
  newest_step_ = step;
  return ticket;
}

void SavePlan::point_last_at(Ticket ticket) {
  actions_.point_last_at(ticket);
  lasts_.push_back(ticket);
}

void SavePlan::release(const std::vector<Release>& releases, const std::string& reason) {
  for (const Release& r : releases) {
    if (only_last_needs(r))
      hold_for_last(r.held);
    else
      let_go(r, reason);
  }
}

void SavePlan::let_go(const Release& what, const std::string& reason) {
  actions_.release(what, reason);
  let_go_.push_back(what.held);
  // What others hold as well stays on disk, and nothing is told of it.
  if (let_go_.size() > remembered_)
    let_go_.erase(let_go_.begin(), let_go_.end() - static_cast<std::ptrdiff_t>(remembered_));
}

/// One of the best whose place is gone, after a smaller k, while `last` still points at it, or will in a moment.
bool SavePlan::only_last_needs(const Release& what) const {
  return options_.keeps_last && !what.after && std::find(lasts_.begin(), lasts_.end(), what.held) != lasts_.end();
}

void SavePlan::hold_for_last(Ticket ticket) {
  const std::vector<Durable> there = actions_.durable();
  const bool durable = std::any_of(there.begin(), there.end(), [&](const Durable& d) { return d.ticket == ticket; });
  std::vector<Entry> entries = alone_.entries();
  entries.push_back({ticket, 0, 0.0, durable});
  alone_.restore(entries);
  if (ticket == lasts_.back()) return;
  for (const Release& r : alone_.find(lasts_.back()) ? alone_.trim() : alone_.clear(lasts_.back())) let_go(r, replaced);
}

void SavePlan::announce_best() {
  if (!options_.goal) return;
  const Entry* best = best_.best();
  actions_.set_best(best ? best->ticket : 0);
}

void SavePlan::saved(Ticket ticket) {
  release(best_.saved(ticket), leaving_reason());
  release(alone_.saved(ticket), replaced);
  const auto last = std::find(lasts_.begin(), lasts_.end(), ticket);
  if (last != lasts_.end()) lasts_.erase(lasts_.begin(), last);
}

void SavePlan::failed(Ticket ticket) {
  lasts_.erase(std::remove(lasts_.begin(), lasts_.end(), ticket), lasts_.end());
  if (ticket == exception_) exception_ = 0;
  if (ticket == newest_) {
    if (best_step_ == newest_step_) best_step_ = 0;
    newest_ = newest_step_ = 0;
  }
  const std::vector<Release> too_many = best_.lost(ticket);
  const auto is_back = [&](Ticket t) { return best_.find(t) && !best_.find(t)->leaving_for; };
  let_go_.erase(std::remove_if(let_go_.begin(), let_go_.end(), is_back), let_go_.end());
  release(too_many, leaving_reason());
  release(alone_.lost(ticket), replaced);
  // What was leaving for it is back, and may be older than one of the best that `last` points at by now.
  if (!lasts_.empty() && !alone_.find(lasts_.back())) release(alone_.clear(lasts_.back()), replaced);
  announce_best();
}

/// Let go of, or deleted by somebody: either way it no longer counts.
void SavePlan::removed(Ticket ticket) {
  alone_.removed(ticket);
  let_go_.erase(std::remove(let_go_.begin(), let_go_.end(), ticket), let_go_.end());
  lasts_.erase(std::remove(lasts_.begin(), lasts_.end(), ticket), lasts_.end());
  if (!best_.removed(ticket)) return;
  if (options_.keep < 0) {  // it was the best, the only one on disk that is remembered
    std::vector<Entry> all = best_.entries();
    for (const Entry& entry : scored_here(actions_.durable())) all.push_back(entry);
    best_.restore(all);
  }
  announce_best();
}

}  // namespace tenon::policy
