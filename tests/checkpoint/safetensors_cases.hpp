// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The recorded cases of tests/conformance/safetensors_cases.json as files.
#ifndef TENON_TESTS_CHECKPOINT_SAFETENSORS_CASES_HPP
#define TENON_TESTS_CHECKPOINT_SAFETENSORS_CASES_HPP

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace tenon::test {

inline std::string from_base64(std::string_view text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char character : text) {
    if (character == '=') break;
    bits = bits << 6 | static_cast<std::uint32_t>(alphabet.find(character));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 255U);
  }
  return bytes;
}

inline std::string from_hex(std::string_view text) {
  std::string bytes;
  for (std::size_t index = 0; index + 1 < text.size(); index += 2)
    bytes += static_cast<char>(std::strtoul(std::string(text.substr(index, 2)).c_str(), nullptr, 16));
  return bytes;
}

inline std::string header_of(const boost::json::object& recipe) {
  if (const auto* text = recipe.if_contains("header_b64")) return from_base64(std::string_view(text->as_string()));
  if (const auto* generator = recipe.if_contains("header_gen")) {
    std::string header(generator->at("prefix").as_string());
    const auto& unit = generator->at("unit").as_string();
    const auto count = static_cast<std::size_t>(generator->at("count").as_int64());
    if (unit.size() == 1) header.append(count, unit[0]);  // a hundred million of them
    for (std::size_t round = 0; unit.size() > 1 && round < count; ++round) header += std::string_view(unit);
    return header += std::string_view(generator->at("suffix").as_string());
  }
  const auto* text = recipe.if_contains("header");
  return text == nullptr ? std::string() : std::string(text->as_string());
}

/// The recipe's keys are those that the recorded file's `builder` documents.
inline std::string file_of(const boost::json::object& recipe) {
  std::string content;
  if (const auto* raw = recipe.if_contains("raw_b64")) {
    content = from_base64(std::string_view(raw->as_string()));
  } else {
    const std::string header = header_of(recipe);
    const auto* n = recipe.if_contains("n");
    const bool is_auto = n == nullptr || n->as_string() == "auto";
    const std::uint64_t length = is_auto ? header.size() : std::strtoull(n->as_string().c_str(), nullptr, 10);
    for (int byte = 0; byte < 8; ++byte) content += static_cast<char>(length >> (8 * byte) & 255U);
    content += header;
    if (const auto* data = recipe.if_contains("data")) {
      if (const auto* hex = data->as_object().if_contains("hex")) {
        content += from_hex(std::string_view(hex->as_string()));
      } else {
        content.append(static_cast<std::size_t>(data->at("len").as_int64()),
                       static_cast<char>(data->at("fill").as_int64()));
      }
    }
  }
  if (const auto* more = recipe.if_contains("append_hex")) content += from_hex(std::string_view(more->as_string()));
  if (const auto* size = recipe.if_contains("truncate_to")) content.resize(static_cast<std::size_t>(size->as_int64()));
  return content;
}

}  // namespace tenon::test

#endif
