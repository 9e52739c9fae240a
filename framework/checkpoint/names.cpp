// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/names.hpp"

#include <cstddef>
#include <cstdint>

namespace tenon::checkpoint {
namespace {

/// NAME_MAX, less room for "-v<number>" and ".ckpt".
constexpr std::size_t longest_part = 255 - 20;

/// Length of the UTF-8 sequence at the front; 0 when there is no valid one. Overlong forms, surrogates and what lies
/// above U+10FFFF are invalid (RFC 3629).
std::size_t sequence_length(std::string_view text) noexcept {
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

std::optional<std::string> problem_with_part(std::string_view part) {
  if (part.empty()) return "it begins or ends with '/' or has an empty part";
  if (part == "." || part == "..") return "it must stay inside its folder: no '.' and no '..'";
  if (part.starts_with(private_prefix)) return "a part that begins with '.tenon-' is Tenon's own";
  if (part.size() > longest_part) {
    return "a part of it has " + std::to_string(part.size()) + " bytes; at most " + std::to_string(longest_part) +
           " fit";
  }
  return std::nullopt;
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::optional<std::string> problem_with_name(std::string_view name) {
  if (name.empty()) return "it is empty";
  if (!is_utf8(name)) return "it is not valid UTF-8";
  for (const char character : name) {
    if (static_cast<unsigned char>(character) < 0x20 || character == 0x7F) return "it contains a control character";
  }
  for (std::string_view rest = name;;) {
    const std::size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (auto problem = problem_with_part(part)) return problem;
    if (slash == std::string_view::npos) return std::nullopt;
    if (part.ends_with(checkpoint_suffix)) return "it would lie inside another checkpoint, '" + std::string(part) + "'";
    rest.remove_prefix(slash + 1);
  }
}

std::string versioned_name(std::string_view name, unsigned long version) {
  std::string result(name);
  if (version > 0) result += "-v" + std::to_string(version);
  return result;
}

std::pair<std::string, std::string> split_name(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  const std::string leaf(slash == std::string_view::npos ? name : name.substr(slash + 1));
  return {slash == std::string_view::npos ? std::string() : std::string(name.substr(0, slash)),
          leaf + std::string(checkpoint_suffix)};
}

}  // namespace tenon::checkpoint
