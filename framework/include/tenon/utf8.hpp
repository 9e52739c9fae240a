// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_UTF8_HPP
#define TENON_UTF8_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tenon {

/// Length of the UTF-8 sequence at the front of a text that is not empty; 0 when there is no valid one. Overlong forms,
/// surrogates and what lies above U+10FFFF are invalid (RFC 3629).
inline std::size_t utf8_sequence_length(std::string_view text) noexcept {
  const auto at = [&](std::size_t index) { return static_cast<std::uint8_t>(text[index]); };
  const auto follows = [&](std::size_t index) { return index < text.size() && (at(index) & 0xC0u) == 0x80u; };
  const std::uint8_t first = at(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !follows(1)) return 0;
  if (first < 0xE0) return 2;
  if (!follows(2)) return 0;
  if (first < 0xF0) return (first == 0xE0 && at(1) < 0xA0) || (first == 0xED && at(1) > 0x9F) ? 0 : 3;
  if (!follows(3)) return 0;
  return (first == 0xF0 && at(1) < 0x90) || (first == 0xF4 && at(1) > 0x8F) ? 0 : 4;
}

inline bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = utf8_sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace tenon

#endif
