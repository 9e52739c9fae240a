// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_LOOP_SIGNALS_HPP
#define TENON_LOOP_SIGNALS_HPP

#include <signal.h>
#include <tenon/interruption.hpp>

#include <array>

namespace tenon::loop {

/// While it lives, SIGINT and SIGTERM ask a training to leave with its state saved, a second one of either ends the
/// process at once, and SIGUSR1 asks for the state alone. There is one at a time. What a signal did before comes back.
class SignalWatch {
 public:
  explicit SignalWatch(Interruption& interruption);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  static constexpr std::array<int, 3> watched_ = {SIGINT, SIGTERM, SIGUSR1};
  std::array<struct sigaction, watched_.size()> before_{};
};

}  // namespace tenon::loop

#endif
