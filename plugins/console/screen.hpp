// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Lines, and at the bottom of a terminal one that is drawn again and again.
#ifndef TENON_PLUGINS_CONSOLE_SCREEN_HPP
#define TENON_PLUGINS_CONSOLE_SCREEN_HPP

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::console {

/// '?' in place of what would move a terminal's cursor or change its colours, and of what is not UTF-8: names, reasons
/// and texts come from everybody.
std::string harmless(std::string_view text);

/// The columns that a text takes: UTF-8's continuation bytes take none.
std::size_t characters(std::string_view text);

/// Everything that it prints is made harmless.
class Screen {
 public:
  Screen(std::FILE* out, bool terminal) noexcept : out_(out), terminal_(terminal) {}

  bool terminal() const noexcept { return terminal_; }
  /// Of the line at the bottom: one less than the terminal has, so that the cursor does not wrap. A terminal that tells
  /// nothing of itself, not even in $COLUMNS, has 80.
  std::size_t columns() const;
  /// A line that stays. What cannot be written is nobody's loss: the loggers keep the numbers.
  void line(const std::string& text);
  /// The line at the bottom, cut to the terminal's width; only on a terminal.
  void draw(const std::string& text);
  /// Takes it away.
  void clear();

 private:
  std::FILE* out_;
  bool terminal_;
  bool drawn_ = false;
};

/// The lines of a text, without empty ones at its end.
std::vector<std::string> text_lines(std::string_view text);

}  // namespace tenon::console

#endif
