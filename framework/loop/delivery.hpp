// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What has ended and is still to be told: on_decision, then on_ticket in the order of tickets, then on_checkpoint_*.
#ifndef TENON_LOOP_DELIVERY_HPP
#define TENON_LOOP_DELIVERY_HPP

#include <tenon/hooks.h>

#include <string>
#include <vector>

#include "loop/decisions.hpp"
#include "loop/ledger.hpp"
#include "loop/requests.hpp"

namespace tenon::loop {

/// An on_checkpoint_*.
struct Notice {
  enum class What { saved, failed, removed, loaded } what;
  Kept checkpoint;
  tenon_status status = TENON_OK;
  std::string reason;
};

/// A hook that fails keeps nothing from anybody: all is told, then the first failure is thrown.
class Delivery {
 public:
  Delivery(chain::Chain& chain, Requests& requests, Decisions& decisions, const tenon_progress& progress)
      : chain_(chain), requests_(requests), decisions_(decisions), progress_(progress) {}

  void add(Notice notice) { notices_.push_back(std::move(notice)); }
  void deliver();
  /// Decisions and the tickets of stops alone; the rest waits for deliver().
  void deliver_stops();

 private:
  void tell_ticket(const EndedTicket& ended);
  void tell_checkpoint(const Notice& notice);

  chain::Chain& chain_;
  Requests& requests_;
  Decisions& decisions_;
  const tenon_progress& progress_;
  std::vector<Notice> notices_;
};

/// The ABI's struct of a checkpoint; `holders` backs its list and texts are borrowed from `kept`.
tenon_checkpoint to_abi(const Kept& kept, const chain::Callback* reader, std::vector<tenon_text>& holders);

}  // namespace tenon::loop

#endif
