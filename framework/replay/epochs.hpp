// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Puts the events of a history in order: where each epoch ends, also those whose end no line tells of.
#ifndef TENON_REPLAY_EPOCHS_HPP
#define TENON_REPLAY_EPOCHS_HPP

#include <optional>

#include "replay/history.hpp"

namespace tenon::replay {

/// Takes lines as they stand in the file.
class Epochs {
 public:
  explicit Epochs(History& history) : history_(history) {}
  /// Throws LineError where the line goes back in time, or leaves an epoch out that cannot have had a step.
  void add(const Event& event);

 private:
  void check_order(const Event& event);
  std::optional<Event> take_end_back(const Event& event);
  void end_epochs_before(const Event& event);
  void end_epoch(std::uint64_t epoch, std::uint64_t step);
  void close(std::uint64_t epoch);

  History& history_;
  std::uint64_t open_ = 0;  // the epoch that has not ended
  bool has_lines_ = false;  // of it
  std::uint64_t step_ = 0;  // of the last event
  double seconds_ = 0.0;    // the latest time that a line has told
  std::uint64_t last_epoch_ = 0;
};

}  // namespace tenon::replay

#endif
