// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Texts of plugins and tasks, which may hold any bytes, on their way to a terminal or into JSON.
#ifndef TENON_HARMLESS_TEXT_HPP
#define TENON_HARMLESS_TEXT_HPP

#include <string>
#include <string_view>

#include "utf8.hpp"

namespace tenon {

namespace detail {

template <class Allowed>
std::string with_replaced(std::string_view text, const Allowed& allowed) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = utf8_sequence_length(text);
    if (length == 0)
      out += "\xEF\xBF\xBD";  // U+FFFD, the replacement character
    else if (allowed(text.substr(0, length)))
      out += text.substr(0, length);
    else
      out += '?';
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

}  // namespace detail

/// U+FFFD in place of each byte that belongs to no valid sequence.
inline std::string valid_utf8(std::string_view text) {
  return detail::with_replaced(text, [](std::string_view) { return true; });
}

/// The same, and '?' in place of what would move a terminal's cursor or change its state: control characters (C0 but
/// tabs and line feeds, DEL, C1).
inline std::string terminal_text(std::string_view text) {
  return detail::with_replaced(text, [](std::string_view character) {
    const auto first = static_cast<unsigned char>(character.front());
    if (character.size() == 1) return (first >= 0x20 && first != 0x7F) || first == '\t' || first == '\n';
    return first != 0xC2 || static_cast<unsigned char>(character[1]) >= 0xA0;
  });
}

}  // namespace tenon

#endif
