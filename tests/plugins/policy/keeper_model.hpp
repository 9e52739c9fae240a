// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a saver should keep, computed the long way: all that was ever taken in stands in one list, and every question
// walks over it.
#ifndef TENON_TESTS_PLUGINS_KEEPER_MODEL_HPP
#define TENON_TESTS_PLUGINS_KEEPER_MODEL_HPP

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <vector>

namespace tenon::tests {

class KeeperModel {
 public:
  /// `direction`: 1 where more is better, -1 where less is, 0 where the newest is.
  KeeperModel(std::int64_t keep, int direction, std::optional<double> bar) noexcept
      : keep_(keep), direction_(direction), bar_(bar) {}

  bool enters(double value) const {
    if (keep_ == 0) return false;
    if (direction_ && bar_ && !(std::isfinite(value) && direction_ * value > direction_ * *bar_)) return false;
    const std::vector<Item> counted = best_of_all();
    if (keep_ < 0 || counted.size() < static_cast<std::size_t>(keep_) || direction_ == 0) return true;
    for (const Item& item : counted)
      if (goodness(value) > item.goodness) return true;
    return false;
  }
  void take_in(std::uint64_t ticket, double value) {
    items_.push_back({ticket, goodness(value), false, 0});
    make_room();
  }
  void saved(std::uint64_t ticket) {
    std::vector<Item> left;
    for (Item item : items_) {
      if (item.leaving_for == ticket) continue;
      if (item.ticket == ticket) item.durable = true;
      left.push_back(item);
    }
    items_ = left;
    make_room();
  }
  void failed(std::uint64_t ticket) {
    for (Item& item : items_)
      if (item.leaving_for == ticket) item.leaving_for = 0;
    gone(ticket);
    make_room();
  }
  void gone(std::uint64_t ticket) {
    std::vector<Item> left;
    for (const Item& item : items_)
      if (item.ticket != ticket) left.push_back(item);
    items_ = left;
  }
  void change_keep(std::int64_t keep) { keep_ = keep; }
  /// What is not among the best k is let go of at once where all of those are on disk, when the last of them is where
  /// one is missing, and not yet where several are.
  void make_room() {
    const std::vector<Item> counted = best_of_all();
    std::vector<std::uint64_t> unwritten;
    for (const Item& item : counted)
      if (!item.durable) unwritten.push_back(item.ticket);
    if (unwritten.size() > 1) return;
    std::vector<Item> left;
    for (Item item : items_) {
      const bool counts = item.leaving_for || std::any_of(counted.begin(), counted.end(),
                                                          [&](const Item& c) { return c.ticket == item.ticket; });
      if (!counts && unwritten.empty()) continue;
      if (!counts) item.leaving_for = unwritten.front();
      left.push_back(item);
    }
    items_ = left;
  }

  /// All that is not let go of for good, on disk or on the way.
  std::set<std::uint64_t> held() const {
    std::set<std::uint64_t> out;
    for (const Item& item : items_) out.insert(item.ticket);
    return out;
  }
  std::optional<std::uint64_t> best() const {
    const Item* found = nullptr;
    const std::vector<Item> counted = best_of_all();
    for (const Item& item : counted)
      if (!found || (direction_ == 0 ? item.ticket > found->ticket
                                     : item.goodness > found->goodness ||
                                           (item.goodness == found->goodness && item.ticket < found->ticket)))
        found = &item;
    return found ? std::optional<std::uint64_t>(found->ticket) : std::nullopt;
  }
  bool is_durable(std::uint64_t ticket) const {
    for (const Item& item : items_)
      if (item.ticket == ticket) return item.durable;
    return false;
  }

 private:
  struct Item {
    std::uint64_t ticket;
    double goodness;
    bool durable;
    std::uint64_t leaving_for;
  };

  double goodness(double value) const {
    if (direction_ == 0) return 0.0;
    return std::isfinite(value) ? direction_ * value : -std::numeric_limits<double>::infinity();
  }
  /// Those that count: of equally good ones the newer.
  std::vector<Item> best_of_all() const {
    std::vector<Item> all;
    for (const Item& item : items_)
      if (!item.leaving_for) all.push_back(item);
    std::sort(all.begin(), all.end(), [](const Item& a, const Item& b) {
      return a.goodness != b.goodness ? a.goodness > b.goodness : a.ticket > b.ticket;
    });
    if (keep_ >= 0 && all.size() > static_cast<std::size_t>(keep_)) all.resize(static_cast<std::size_t>(keep_));
    return all;
  }

  std::int64_t keep_;
  int direction_;
  std::optional<double> bar_;
  std::vector<Item> items_;  // oldest first
};

}  // namespace tenon::tests

#endif
