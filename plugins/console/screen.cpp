// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "screen.hpp"

#include <sys/ioctl.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace tenon::console {

namespace {

constexpr long least_columns = 20, usual_columns = 80;

/// At a character's border.
std::string cut(const std::string& text, std::size_t width) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0u) == 0x80u) continue;
    if (seen++ == width) return text.substr(0, i);
  }
  return text;
}

/// 0: not UTF-8, or a control character.
std::size_t harmless_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  if (first < 0x80) return (first < 0x20 && first != '\t') || first == 0x7F ? 0 : 1;
  const std::size_t length = first > 0xF4 ? 0 : first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC2 ? 2 : 0;
  if (length == 0 || text.size() < length) return 0;
  std::uint32_t code = first & (0xFFu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0u) != 0x80u) return 0;
    code = (code << 6) | (byte & 0x3Fu);
  }
  constexpr std::uint32_t least[] = {0, 0, 0xA0, 0x800, 0x10000};
  return code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000) ? 0 : length;
}

}  // namespace

std::string harmless(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = harmless_length(text);
    out += length == 0 ? std::string_view("?") : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

std::size_t Screen::columns() const {
  const char* said = std::getenv("COLUMNS");
  long width = said ? std::strtol(said, nullptr, 10) : 0;
  winsize size{};
  if (width < least_columns && ioctl(fileno(out_), TIOCGWINSZ, &size) == 0) width = size.ws_col;
  return static_cast<std::size_t>(width >= least_columns ? width : usual_columns) - 1;
}

void Screen::line(const std::string& text) {
  clear();
  std::fputs((harmless(text) + "\n").c_str(), out_);
  std::fflush(out_);
}

void Screen::draw(const std::string& text) {
  if (!terminal_) return;
  std::fputs(("\r" + cut(harmless(text), columns()) + "\x1b[K").c_str(), out_);
  std::fflush(out_);
  drawn_ = true;
}

void Screen::clear() {
  if (!drawn_) return;
  std::fputs("\r\x1b[K", out_);
  std::fflush(out_);
  drawn_ = false;
}

std::vector<std::string> text_lines(std::string_view text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n')
      lines.emplace_back();
    else
      lines.back() += c;
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace tenon::console
