// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_INTERRUPTION_HPP
#define TENON_INTERRUPTION_HPP

#include <atomic>

namespace tenon {

/// Asks a training for its state, or to end with it saved. What is asked for is carried out at the next commit point
/// that is not in the middle of an accumulation group, in `recovery/` of the run's folder. Every function may be called
/// on any thread and in a signal's handler, before a training begins too.
class Interruption {
 public:
  /// Saves, and goes on.
  void save() noexcept { save_ = true; }
  /// Finishes the batch, saves, and ends the training as interrupted. `signal`: what it is told to be because of; 0:
  /// nothing in particular.
  void leave(int signal = 0) noexcept {
    signal_ = signal;
    leave_ = true;
  }
  bool leaves() const noexcept { return leave_; }
  int signal() const noexcept { return signal_; }
  /// For whoever carries it out: leave() was seen, and the state of this moment is what is left behind.
  void answer() noexcept { answered_ = true; }
  bool is_answered() const noexcept { return answered_; }
  /// Whether save() was called since the last time that this was asked. For whoever carries it out.
  bool take_save() noexcept { return save_.exchange(false); }

 private:
  std::atomic<bool> save_ = false, leave_ = false, answered_ = false;
  std::atomic<int> signal_ = 0;
  static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);
};

}  // namespace tenon

#endif
