// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include "tenon/harmless_text.hpp"

namespace tenon::cli {
namespace {

bool lost = false;

bool is_terminal(int stream) {
  const char* kind = std::getenv("TERM");
  return isatty(stream) && !std::getenv("NO_COLOR") && kind && std::string_view(kind) != "dumb";
}

/// Characters, not bytes: UTF-8's continuation bytes take no place.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

}  // namespace

std::string styled(std::string_view text, Style style, int stream) {
  if (!is_terminal(stream)) return terminal_text(text);
  const char* code = style == Style::strong ? "\033[1m" : style == Style::faint ? "\033[2m" : "\033[1;31m";
  return code + terminal_text(text) + "\033[0m";
}

std::string table(std::vector<std::vector<std::string>> rows, std::string_view indent) {
  for (auto& row : rows)
    for (std::string& cell : row) cell = terminal_text(cell);
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string text;
  for (const auto& row : rows) {
    text += indent;
    for (std::size_t i = 0; i < row.size(); ++i) text += row[i] + std::string(widths[i] - width(row[i]) + 2, ' ');
    text.erase(text.find_last_not_of(' ') + 1);
    text += '\n';
  }
  return text;
}

std::optional<std::size_t> columns() {
  constexpr long least = 20;
  const char* said = std::getenv("COLUMNS");
  long found = said ? std::strtol(said, nullptr, 10) : 0;
  winsize size{};
  if (found < least && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) found = size.ws_col;
  return found < least ? std::nullopt : std::optional(static_cast<std::size_t>(found));
}

std::string wrapped(std::string_view text, std::size_t width) {
  std::string out;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    // Where its last column begins: behind the last two blanks of its first half.
    const std::size_t gap = line.substr(0, width / 2).rfind("  ");
    std::size_t hang = gap == std::string_view::npos ? 0 : line.find_first_not_of(' ', gap);
    if (hang == std::string_view::npos || hang > width / 2) hang = 0;
    std::size_t room = width, from = hang;
    while (cli::width(line) > room) {
      std::size_t at = line.substr(0, room + 1).rfind(' ');
      if (at == std::string_view::npos || at <= from) at = line.find(' ', std::max(room, from));
      if (at == std::string_view::npos) break;
      out += std::string(line.substr(0, at)) + "\n" + std::string(hang, ' ');
      line.remove_prefix(at + 1);
      room = width - hang;
      from = 0;
    }
    out += std::string(line) + "\n";
  }
  return out;
}

void print(std::string_view text) {
  errno = 0;
  const bool whole = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  lost = lost || (!whole && errno != EPIPE);
}

bool answer_is_lost() { return lost; }

}  // namespace tenon::cli
