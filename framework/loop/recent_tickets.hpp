// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What is remembered of tickets that have ended: enough for whoever may still name them, and no more however many there
// are.
#ifndef TENON_LOOP_RECENT_TICKETS_HPP
#define TENON_LOOP_RECENT_TICKETS_HPP

#include <tenon/base.h>

#include <array>
#include <cstddef>

namespace tenon::loop {

/// A value for each of the last `count` tickets at least, and for no ticket that is older than a newer one in its
/// place.
template <class Value>
class RecentTickets {
 public:
  static constexpr std::size_t count = 1024;

  void add(tenon_ticket ticket, Value value) {
    Entry& entry = entries_[ticket % count];
    if (entry.ticket <= ticket) entry = {ticket, value};
  }
  /// Value() where there is none.
  Value find(tenon_ticket ticket) const {
    const Entry& entry = entries_[ticket % count];
    return ticket != 0 && entry.ticket == ticket ? entry.value : Value();
  }

 private:
  struct Entry {
    tenon_ticket ticket = 0;
    Value value{};
  };
  std::array<Entry, count> entries_{};
};

}  // namespace tenon::loop

#endif
