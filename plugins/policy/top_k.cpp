// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "top_k.hpp"

#include <iterator>

namespace tenon::policy {

bool TopK::enters(double value) const {
  if (keep_ == 0 || !passes_bar(value)) return false;
  if (keep_ < 0 || !goal_ || counted() < static_cast<std::uint64_t>(keep_)) return true;
  return improves(*goal_, score_of(*goal_, value), worst()->score);
}

std::vector<Release> TopK::add(Ticket ticket, double value) {
  insert({ticket, 0, goal_ ? score_of(*goal_, value) : 0.0, false});
  choose();
  return trim();
}

std::vector<Release> TopK::saved(Ticket ticket) {
  while (true) {
    const auto gone = leaving_.lower_bound({ticket, 0});
    if (gone == leaving_.end() || gone->first != ticket) break;
    forget(gone->second);
  }
  if (const auto entry = entries_.find(ticket); entry != entries_.end()) entry->second.durable = true;
  unwritten_.erase(ticket);
  undone_.erase(ticket);
  if (keep_ < 0) forget_durable_but_best();
  return trim();
}

std::vector<Release> TopK::lost(Ticket ticket) {
  while (true) {
    const auto back = leaving_.lower_bound({ticket, 0});
    if (back == leaving_.end() || back->first != ticket) break;
    come_back(entries_.at(back->second));
  }
  removed(ticket);
  return trim();
}

bool TopK::removed(Ticket ticket) {
  if (!entries_.count(ticket)) return false;
  forget(ticket);
  choose();
  return true;
}

std::vector<Release> TopK::clear(Ticket after) {
  std::vector<Release> out;
  for (auto& [ticket, entry] : entries_) {
    if (entry.leaving_for) continue;
    leave(entry, after);
    out.push_back({ticket, after});
  }
  return out;
}

std::vector<Release> TopK::trim() {
  std::vector<Release> out;
  if (unwritten_.size() > 1) return out;
  const Ticket after = unwritten_.empty() ? 0 : *unwritten_.begin();
  while (!surplus_.empty()) {
    const Ticket leaves = surplus_.begin()->second;
    out.push_back({leaves, after});
    if (after)
      leave(entries_.at(leaves), after);
    else
      forget(leaves);
  }
  return out;
}

const Entry* TopK::best() const {
  if (counted_.empty()) return nullptr;
  const Rank top = *counted_.rbegin();
  return &entries_.at(goal_ ? counted_.lower_bound({top.first, 0})->second : top.second);
}

const Entry* TopK::worst() const { return counted_.empty() ? nullptr : &entries_.at(counted_.begin()->second); }

const Entry* TopK::find(Ticket ticket) const {
  const auto found = entries_.find(ticket);
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<Entry> TopK::entries() const {
  std::vector<Entry> out;
  out.reserve(entries_.size());
  for (const auto& [ticket, entry] : entries_) out.push_back(entry);
  return out;
}

std::vector<Entry> TopK::open() const {
  std::set<Ticket> tickets = undone_;
  for (const auto& [after, ticket] : leaving_) tickets.insert(ticket);
  std::vector<Entry> out;
  for (const Ticket ticket : tickets) out.push_back(entries_.at(ticket));
  return out;
}

std::uint64_t TopK::settled() const {
  std::uint64_t count = entries_.size() - open().size();
  for (const auto& [score, ticket] : surplus_)
    if (!undone_.count(ticket)) --count;
  return count;
}

void TopK::restore(const std::vector<Entry>& entries) {
  entries_.clear();
  counted_.clear();
  undone_.clear();
  unwritten_.clear();
  surplus_.clear();
  leaving_.clear();
  for (const Entry& entry : entries) insert(entry);
  choose();
  if (keep_ < 0) forget_durable_but_best();
}

TopK::Rank TopK::rank_of(const Entry& entry) const {
  return {goal_ == Goal::minimize ? -entry.score : entry.score, entry.ticket};
}

void TopK::insert(const Entry& entry) {
  const Entry& added = entries_[entry.ticket] = entry;
  if (!added.durable) undone_.insert(added.ticket);
  if (added.leaving_for)
    leaving_.insert({added.leaving_for, added.ticket});
  else
    count(added);
}

void TopK::forget(Ticket ticket) {
  const Entry& entry = entries_.at(ticket);
  uncount(entry);
  surplus_.erase(rank_of(entry));
  leaving_.erase({entry.leaving_for, ticket});
  undone_.erase(ticket);
  entries_.erase(ticket);
}

void TopK::leave(Entry& entry, Ticket after) {
  uncount(entry);
  surplus_.erase(rank_of(entry));
  entry.leaving_for = after;
  leaving_.insert({after, entry.ticket});
}

void TopK::come_back(Entry& entry) {
  leaving_.erase({entry.leaving_for, entry.ticket});
  entry.leaving_for = 0;
  count(entry);
  choose();
}

void TopK::count(const Entry& entry) {
  counted_.insert(rank_of(entry));
  if (!entry.durable) unwritten_.insert(entry.ticket);
}

void TopK::uncount(const Entry& entry) {
  counted_.erase(rank_of(entry));
  unwritten_.erase(entry.ticket);
}

/// As many as there are places count, and no other is better than one of them.
void TopK::choose() {
  while (counted_.size() > places()) {
    const Rank worst = *counted_.begin();
    uncount(entries_.at(worst.second));
    surplus_.insert(worst);
  }
  while (counted_.size() < places() && !surplus_.empty()) {
    const Rank best = *surplus_.rbegin();
    surplus_.erase(best);
    count(entries_.at(best.second));
  }
}

/// Those that are still being written may fail: the best of what is on disk is what there is then.
void TopK::forget_durable_but_best() {
  std::optional<Rank> best;
  for (const auto& [ticket, entry] : entries_) {
    const Rank rank = rank_of(entry);
    if (entry.durable && !entry.leaving_for && (!best || !goal_ || rank.first > best->first)) best = rank;
  }
  if (!best) return;
  for (auto it = entries_.begin(); it != entries_.end();) {
    const Entry& entry = (it++)->second;
    if (entry.durable && !entry.leaving_for && entry.ticket != best->second) forget(entry.ticket);
  }
}

}  // namespace tenon::policy
