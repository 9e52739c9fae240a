// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/names.hpp"

#include <charconv>
#include <cstddef>
#include <tenon/utf8.hpp>

namespace tenon::checkpoint {
namespace {

/// NAME_MAX, less room for "-v<number>" and ".ckpt".
constexpr std::size_t longest_part = 255 - 20;

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

std::optional<std::pair<std::string_view, unsigned long>> split_version(std::string_view name) {
  const std::size_t mark = name.rfind("-v");
  if (mark == std::string_view::npos) return std::nullopt;
  unsigned long version = 0;
  std::from_chars(name.data() + mark + 2, name.data() + name.size(), version);
  const std::string_view base = name.substr(0, mark);
  if (version == 0 || versioned_name(base, version) != name) return std::nullopt;
  return std::pair(base, version);
}

std::pair<std::string, std::string> split_name(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  const std::string leaf(slash == std::string_view::npos ? name : name.substr(slash + 1));
  return {slash == std::string_view::npos ? std::string() : std::string(name.substr(0, slash)),
          leaf + std::string(checkpoint_suffix)};
}

}  // namespace tenon::checkpoint
