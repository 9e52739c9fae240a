// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "top_k.hpp"

#include <algorithm>

namespace tenon::policy {

bool TopK::enters(double value) const {
  if (keep_ < 0) return true;
  if (keep_ == 0) return false;
  if (!goal_ || counted() < static_cast<std::uint64_t>(keep_)) return true;
  return improves(*goal_, score_of(*goal_, value), worst()->score);
}

std::vector<Release> TopK::add(Ticket ticket, double value) {
  entries_.push_back({ticket, 0, goal_ ? score_of(*goal_, value) : 0.0, false});
  return trim();
}

void TopK::saved(Ticket ticket) {
  entries_.erase(
      std::remove_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.leaving_for == ticket; }),
      entries_.end());
  for (Entry& e : entries_)
    if (e.ticket == ticket) e.durable = true;
  if (keep_ < 0) forget_all_but_best();
}

void TopK::restore(std::vector<Entry> entries) {
  entries_ = std::move(entries);
  if (keep_ < 0) forget_all_but_best();
}

void TopK::forget_all_but_best() {
  const Entry* kept = best();
  const Ticket ticket = kept ? kept->ticket : 0;
  entries_.erase(
      std::remove_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.durable && e.ticket != ticket; }),
      entries_.end());
}

std::vector<Release> TopK::lost(Ticket ticket) {
  for (Entry& e : entries_)
    if (e.leaving_for == ticket) e.leaving_for = 0;
  removed(ticket);
  return trim();
}

bool TopK::removed(Ticket ticket) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.ticket == ticket; });
  if (found == entries_.end()) return false;
  entries_.erase(found);
  return true;
}

std::vector<Release> TopK::clear(Ticket after) {
  std::vector<Release> out;
  for (Entry& e : entries_) {
    if (e.leaving_for) continue;
    e.leaving_for = after;
    out.push_back({e.ticket, after});
  }
  return out;
}

std::vector<Release> TopK::trim() {
  std::vector<Release> out;
  while (too_many()) {
    const Ticket leaves = worst()->ticket;
    // The newest of those still being written is the last that could fail; where all are durable, nothing is waited
    // for.
    Ticket after = 0;
    for (const Entry& e : entries_)
      if (!e.leaving_for && !e.durable && e.ticket != leaves) after = e.ticket;
    const auto entry =
        std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.ticket == leaves; });
    out.push_back({leaves, after});
    if (after)
      entry->leaving_for = after;
    else
      entries_.erase(entry);
  }
  return out;
}

const Entry* TopK::best() const {
  const Entry* found = nullptr;
  for (const Entry& e : entries_) {
    if (e.leaving_for) continue;
    if (!found || !goal_ || improves(*goal_, e.score, found->score)) found = &e;
  }
  return found;
}

const Entry* TopK::worst() const {
  const Entry* found = nullptr;
  for (const Entry& e : entries_) {
    if (e.leaving_for) continue;
    if (!found || (goal_ && improves(*goal_, found->score, e.score))) found = &e;
  }
  return found;
}

const Entry* TopK::find(Ticket ticket) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& e) { return e.ticket == ticket; });
  return found == entries_.end() ? nullptr : &*found;
}

std::uint64_t TopK::counted() const noexcept {
  return static_cast<std::uint64_t>(
      std::count_if(entries_.begin(), entries_.end(), [](const Entry& e) { return !e.leaving_for; }));
}

}  // namespace tenon::policy
