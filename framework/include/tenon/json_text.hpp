// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// JSON as people read it: 0.5 stays 0.5 (Boost.JSON writes 5E-1), and 1.0 stays apart from 1. One owner for all of it.
#ifndef TENON_JSON_TEXT_HPP
#define TENON_JSON_TEXT_HPP

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>
#include <string>

#include "harmless_text.hpp"

namespace tenon {

/// A text between quotes, valid whatever bytes it holds.
inline std::string json_quoted(std::string_view text) {
  const auto quoted = [](std::string_view valid) {
    return boost::json::serialize(boost::json::string_view(valid.data(), valid.size()));
  };
  return is_utf8(text) ? quoted(text) : quoted(valid_utf8(text));
}

/// The shortest text that reads back as the same number, and as one with a fraction; "nan", "inf", "-inf" in quotes.
inline std::string json_number(double value) {
  if (std::isnan(value)) return "\"nan\"";
  if (std::isinf(value)) return value > 0 ? "\"inf\"" : "\"-inf\"";
  char digits[32];
  std::string text(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

/// One line of JSON that reads back as the same value; texts that are not UTF-8 are made so.
inline std::string json_text(const boost::json::value& value) {
  if (const auto* number = value.if_double()) return json_number(*number);
  if (const auto* string = value.if_string()) return json_quoted({string->data(), string->size()});
  if (!value.is_structured()) return boost::json::serialize(value);
  std::string text;
  if (const auto* array = value.if_array()) {
    for (const auto& element : *array) text += (text.empty() ? "" : ",") + json_text(element);
    return "[" + text + "]";
  }
  for (const auto& member : value.get_object())
    text += (text.empty() ? "" : ",") + json_quoted({member.key().data(), member.key().size()}) + ":" +
            json_text(member.value());
  return "{" + text + "}";
}

}  // namespace tenon

#endif
