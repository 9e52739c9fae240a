// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "screen.hpp"

#include <cstdlib>

namespace tenon::console {

namespace {

/// A terminal that says nothing of itself has 80 columns; one stays free, so that the cursor does not wrap.
std::size_t columns() {
  const char* said = std::getenv("COLUMNS");
  const long width = said ? std::strtol(said, nullptr, 10) : 0;
  return static_cast<std::size_t>(width >= 20 ? width : 80) - 1;
}

/// At a character's border.
std::string cut(const std::string& text, std::size_t width) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0u) == 0x80u) continue;
    if (seen++ == width) return text.substr(0, i);
  }
  return text;
}

}  // namespace

void Screen::line(const std::string& text) {
  clear();
  std::fputs((text + "\n").c_str(), out_);
  std::fflush(out_);
}

void Screen::draw(const std::string& text) {
  if (!terminal_) return;
  std::fputs(("\r" + cut(text, columns()) + "\x1b[K").c_str(), out_);
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
    const auto byte = static_cast<unsigned char>(c);
    if (c == '\n')
      lines.emplace_back();
    else
      lines.back() += (byte < 0x20 && c != '\t') || byte == 0x7F ? '?' : c;
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

}  // namespace tenon::console
