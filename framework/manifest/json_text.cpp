// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "manifest/json_text.hpp"

#include <boost/json/serialize.hpp>
#include <charconv>
#include <cmath>

namespace tenon::manifest {
namespace {

namespace json = boost::json;

void write(std::string& out, const json::value& value);

void write_double(std::string& out, double number) {
  if (std::isnan(number)) {
    out += "\"nan\"";
    return;
  }
  if (std::isinf(number)) {
    out += number > 0 ? "\"inf\"" : "\"-inf\"";
    return;
  }
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  const std::string_view written(digits, static_cast<std::size_t>(end - digits));
  out += written;
  if (written.find_first_of(".e") == std::string_view::npos) out += ".0";
}

void write_list(std::string& out, const json::array& list) {
  out += '[';
  for (const json::value& entry : list) {
    if (&entry != &list.front()) out += ',';
    write(out, entry);
  }
  out += ']';
}

void write_object(std::string& out, const json::object& object) {
  out += '{';
  for (const auto& member : object) {
    if (out.back() != '{') out += ',';
    out += json::serialize(json::string_view(member.key()));
    out += ':';
    write(out, member.value());
  }
  out += '}';
}

void write(std::string& out, const json::value& value) {
  if (value.is_double())
    write_double(out, value.get_double());
  else if (value.is_array())
    write_list(out, value.get_array());
  else if (value.is_object())
    write_object(out, value.get_object());
  else
    out += json::serialize(value);
}

}  // namespace

std::string json_text(const json::value& value) {
  std::string out;
  write(out, value);
  return out;
}

std::string brief(const json::value& value) {
  std::string text = json_text(value);
  if (text.size() <= 60) return text;
  if (value.is_array()) return "a list of " + std::to_string(value.get_array().size());
  if (value.is_object()) return "an object of " + std::to_string(value.get_object().size());
  return text.substr(0, 57) + "...";
}

}  // namespace tenon::manifest
