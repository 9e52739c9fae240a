// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Every callback's state at one commit point, shared by all checkpoints that are made there.
#ifndef TENON_LOOP_CALLBACK_STATES_HPP
#define TENON_LOOP_CALLBACK_STATES_HPP

#include <boost/json/array.hpp>
#include <string>
#include <vector>

#include "chain/chain.hpp"
#include "checkpoint/content.hpp"

namespace tenon::loop {

class CallbackStates {
 public:
  /// None: a replay keeps no state.
  CallbackStates() = default;
  /// [loop-thread] Asks every callback for its state.
  explicit CallbackStates(const chain::Chain& chain);
  CallbackStates(const CallbackStates&) = delete;
  CallbackStates& operator=(const CallbackStates&) = delete;

  /// `callback_state/<id>`, bytes; they live as long as this.
  const std::vector<checkpoint::TensorRecord>& records() const { return records_; }
  /// [{"id","plugin","version","sha256","state_version"}], the last one where there is state.
  const boost::json::array& entries() const { return entries_; }
  /// Whose save() failed, and why; empty when none did.
  const std::string& failure() const { return failure_; }

 private:
  std::vector<chain::SavedState> states_;
  std::vector<checkpoint::TensorRecord> records_;
  boost::json::array entries_;
  std::string failure_;
};

}  // namespace tenon::loop

#endif
