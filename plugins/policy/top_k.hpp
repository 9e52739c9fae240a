// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Which checkpoints a saver means to keep: the best k, or without a goal the newest k.
//
// Where all are kept, only the best and those still being written are remembered: neither the state nor a decision
// grows.
//
// The plan runs ahead of the disk: it holds what is still being written. An entry that a newer one pushes out stays in
// it, as leaving, until the newer one is durable; when that fails, the old one is simply back.
#ifndef TENON_PLUGINS_POLICY_TOP_K_HPP
#define TENON_PLUGINS_POLICY_TOP_K_HPP

#include <cstdint>
#include <optional>
#include <vector>

#include "goal.hpp"

namespace tenon::policy {

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
  /// `keep` is -1 for all. Without a goal every newcomer enters and the oldest leaves.
  TopK(std::int64_t keep, std::optional<Goal> goal) noexcept : keep_(keep), goal_(goal) {}

  /// Whether a checkpoint of this value has a place: there is room, or it is strictly better than the worst.
  bool enters(double value) const;
  /// Takes in what was asked for, oldest first, and says who leaves for it. Among equally bad ones the oldest leaves.
  [[nodiscard]] std::vector<Release> add(Ticket ticket, double value);
  /// The save of `ticket` is durable: those that were leaving for it are gone.
  void saved(Ticket ticket);
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
  std::uint64_t counted() const noexcept;

  const std::vector<Entry>& entries() const noexcept { return entries_; }
  void restore(std::vector<Entry> entries);

 private:
  void forget_all_but_best();
  bool too_many() const noexcept { return keep_ >= 0 && counted() > static_cast<std::uint64_t>(keep_); }

  std::int64_t keep_;
  std::optional<Goal> goal_;
  std::vector<Entry> entries_;  // oldest first
};

}  // namespace tenon::policy

#endif
