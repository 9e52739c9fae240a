// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// One line of a history, read and checked by itself.
#ifndef TENON_REPLAY_HISTORY_LINE_HPP
#define TENON_REPLAY_HISTORY_LINE_HPP

#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

#include "replay/history.hpp"

namespace tenon::replay {

/// What is wrong with a line, and what to do about it.
class LineError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Adds a line's values, names and message to a history as it reads.
class LineReader {
 public:
  explicit LineReader(History& history) : history_(history) {}
  /// Throws LineError; then nothing has been added.
  Event read(std::string_view line);

 private:
  std::uint32_t name(std::string_view text);

  History& history_;
  std::unordered_map<std::string, std::uint32_t> ids_;
  std::string key_;
};

}  // namespace tenon::replay

#endif
