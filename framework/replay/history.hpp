// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A recorded metric history, as jsonl_logger writes it: one JSON object a line, in time order.
#ifndef TENON_REPLAY_HISTORY_HPP
#define TENON_REPLAY_HISTORY_HPP

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

namespace tenon::replay {

enum class EventKind : std::uint8_t { batch, validation, epoch_end, exception };

struct Value {
  std::uint32_t name = 0;  ///< index of History::names
  double value = 0.0;
};

/// One line, or an epoch's end that no line tells of.
struct Event {
  EventKind kind = EventKind::batch;
  std::uint64_t epoch = 0;
  std::uint64_t step = 0;         ///< steps finished at it
  double seconds = 0.0;           ///< since the start; NaN where the line has no time
  std::uint64_t first_value = 0;  ///< of History::values
  std::uint32_t value_count = 0;
  std::uint32_t message = 0;  ///< of an exception: index of History::messages
};

struct History {
  std::vector<Event> events;  ///< steps never go back; each epoch but the last one has its end, behind all else of it
  std::vector<Value> values;
  std::vector<std::string> names, messages;
  std::vector<std::string> remarks;  ///< for the person who replays it
  bool has_validation = false;
};

/// Reads and checks all of it. `name` is what errors call it. Throws Failure (ExitCode::usage) that names it, the line
/// and the cure.
History read_history(std::istream& in, const std::string& name);
/// Of a file.
History read_history(const std::filesystem::path& file);

}  // namespace tenon::replay

#endif
