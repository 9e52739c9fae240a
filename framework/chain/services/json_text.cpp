// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/services/json_text.hpp"

#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>

namespace tenon::chain {

std::string json_number(double value) {
  if (std::isnan(value)) return "\"nan\"";
  if (std::isinf(value)) return value > 0 ? "\"inf\"" : "\"-inf\"";
  char digits[32];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

std::string json_text(const boost::json::value& value) {
  if (const auto* number = value.if_double()) return json_number(*number);
  if (!value.is_structured()) return boost::json::serialize(value);
  std::string text;
  if (const auto* array = value.if_array()) {
    for (const auto& element : *array) text += (text.empty() ? "" : ",") + json_text(element);
    return "[" + text + "]";
  }
  for (const auto& member : value.get_object())
    text += (text.empty() ? "" : ",") + boost::json::serialize(member.key()) + ":" + json_text(member.value());
  return "{" + text + "}";
}

}  // namespace tenon::chain
