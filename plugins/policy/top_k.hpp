// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Which checkpoints a saver means to keep: the best k, or without a goal the newest k.
//
// Where all are kept, only the best on disk and those still being written are remembered, and a decision does not grow
// with them. Otherwise it grows by the logarithm of k.
//
// The plan runs ahead of the disk: it holds what is still being written. An entry that a newer one pushes out stays in
// it, as leaving, until the newer one is durable; when that fails, the old one is simply back. Where several are still
// being written, nobody can be named whose success alone makes it superfluous: it is let go of when all but one have
// ended.
#ifndef TENON_PLUGINS_POLICY_TOP_K_HPP
#define TENON_PLUGINS_POLICY_TOP_K_HPP

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "goal.hpp"

namespace tenon::policy {

/// Tickets grow: of two, the lower one is the older.
using Ticket = std::uint64_t;

struct Entry {
  Ticket ticket = 0;
  Ticket leaving_for = 0;  ///< 0 while it counts
  double score = 0;        ///< of score_of(); 0 without a goal
  bool durable = false;
};

/// "Let go of `held` once `after` is durable"; `after` 0: now.
struct Release {
  Ticket held = 0;
  Ticket after = 0;
};

class TopK {
 public:
  /// `keep` is -1 for all. Without a goal every newcomer enters and the oldest leaves. `bar`: what a value must be
  /// better than to have a place at all.
  TopK(std::int64_t keep, std::optional<Goal> goal, std::optional<double> bar = std::nullopt) noexcept
      : keep_(keep), goal_(goal), bar_(bar) {}

  /// Whether a checkpoint of this value has a place: it passes the bar, and there is room, or it is strictly better
  /// than the worst.
  bool enters(double value) const;
  bool passes_bar(double value) const { return !bar_ || !goal_ || improves(*goal_, score_of(*goal_, value), *bar_); }
  /// Takes in what was asked for, and says who leaves for it. Among equally bad ones the oldest leaves.
  [[nodiscard]] std::vector<Release> add(Ticket ticket, double value);
  /// The save of `ticket` is durable: those that were leaving for it are gone.
  [[nodiscard]] std::vector<Release> saved(Ticket ticket);
  /// The save of `ticket` came to nothing: those that were leaving for it are back, which may be too many.
  [[nodiscard]] std::vector<Release> lost(Ticket ticket);
  /// It is no longer on disk. True when it was in the plan.
  bool removed(Ticket ticket);
  /// Everything counted leaves for `after`, which is kept elsewhere.
  [[nodiscard]] std::vector<Release> clear(Ticket after);
  /// Lets go of what is too much, after a smaller `keep`.
  [[nodiscard]] std::vector<Release> trim();

  /// Of equally good ones the oldest; without a goal the newest. nullptr when none counts.
  const Entry* best() const;
  /// The one that would leave. nullptr when none counts.
  const Entry* worst() const;
  const Entry* find(Ticket ticket) const;
  std::uint64_t counted() const noexcept { return counted_.size(); }

  /// Oldest first.
  std::vector<Entry> entries() const;
  /// Those of them that are still being written, or leaving; in no time that grows with the others.
  std::vector<Entry> open() const;
  /// As many as are neither, and are to stay.
  std::uint64_t settled() const;
  void restore(const std::vector<Entry>& entries);

 private:
  /// How good, more is better, and the ticket: in the order in which they would leave.
  using Rank = std::pair<double, Ticket>;

  Rank rank_of(const Entry& entry) const;
  void insert(const Entry& entry);
  void forget(Ticket ticket);
  void leave(Entry& entry, Ticket after);
  void come_back(Entry& entry);
  void count(const Entry& entry);
  void uncount(const Entry& entry);
  void choose();
  void forget_durable_but_best();
  std::uint64_t places() const noexcept { return keep_ < 0 ? UINT64_MAX : static_cast<std::uint64_t>(keep_); }

  std::int64_t keep_;
  std::optional<Goal> goal_;
  std::optional<double> bar_;
  std::map<Ticket, Entry> entries_;
  std::set<Rank> counted_;
  std::set<Ticket> undone_;                      // those of entries_ that are not durable
  std::set<Ticket> unwritten_;                   // those of counted_ that are not durable
  std::set<Rank> surplus_;                       // neither counted nor leaving
  std::set<std::pair<Ticket, Ticket>> leaving_;  // for whom, who
};

}  // namespace tenon::policy

#endif
