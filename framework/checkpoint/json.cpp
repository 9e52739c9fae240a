// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/json.hpp"

#include <algorithm>
#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <tenon/json_text.hpp>
#include <tenon/utf8.hpp>
#include <utility>
#include <vector>

namespace tenon::checkpoint {
namespace json = boost::json;
namespace {

/// Levels that are written with a line for each member.
constexpr std::size_t open_levels = 3;

template <typename Number>
void append_number(std::string& to, Number number) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  to.append(text.data(), end);
}

class CanonicalWriter {
 public:
  std::string text;

  void write(const json::value& value, std::size_t level) {
    if (level > deepest_json) refuse("nested deeper than " + std::to_string(deepest_json) + " levels");
    switch (value.kind()) {
      case json::kind::null:
        text += "null";
        return;
      case json::kind::bool_:
        text += value.get_bool() ? "true" : "false";
        return;
      case json::kind::int64:
        append_number(text, value.get_int64());
        return;
      case json::kind::uint64:
        append_number(text, value.get_uint64());
        return;
      case json::kind::double_:
        text += json_number(value.get_double());
        return;
      case json::kind::string:
        write_text(value.get_string());
        return;
      case json::kind::array:
        write_array(value.get_array(), level);
        return;
      case json::kind::object:
        write_object(value.get_object(), level);
        return;
    }
  }

  void write_object(const json::object& object, std::size_t level) {
    std::vector<const json::key_value_pair*> members;
    members.reserve(object.size());
    for (const auto& member : object) members.push_back(&member);
    std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->key() < b->key(); });
    text += '{';
    for (const auto* member : members) {
      begin_member(member == members.front(), level);
      path_.push_back(member->key());
      write_text(member->key());
      text += level < open_levels ? ": " : ":";
      write(member->value(), level + 1);
      path_.pop_back();
    }
    if (!members.empty()) end_members(level);
    text += '}';
  }

 private:
  void write_array(const json::array& array, std::size_t level) {
    text += '[';
    for (const json::value& element : array) {
      if (&element != array.data()) text += ',';
      write(element, std::max(level, open_levels) + 1);
    }
    text += ']';
  }

  void write_text(std::string_view string) {
    if (!is_utf8(string)) refuse("not valid UTF-8");
    append_quoted(text, string);
  }

  void begin_member(bool first, std::size_t level) {
    if (!first) text += ',';
    if (level < open_levels) text.append("\n").append(2 * (level + 1), ' ');
  }

  void end_members(std::size_t level) {
    if (level < open_levels) text.append("\n").append(2 * level, ' ');
  }

  [[noreturn]] void refuse(const std::string& problem) const {
    std::string pointer;
    for (const std::string_view key : path_) pointer.append("/").append(key);
    throw std::invalid_argument("'" + pointer + "' is " + problem);
  }

  std::vector<std::string_view> path_;
};

/// Handler of Boost.JSON's parser that reads doubles from their text.
class ExactBuilder {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();
  using Error = json::error_code;

  json::value release() { return stack_.release(); }
  /// Read so far; of those that stand twice in an object the value has the last only.
  std::size_t keys() const { return keys_; }

  bool on_document_begin(Error&) {
    stack_.reset();
    return true;
  }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return true; }
  bool on_object_end(std::size_t size, Error&) {
    stack_.push_object(size);
    return true;
  }
  bool on_array_begin(Error&) { return true; }
  bool on_array_end(std::size_t size, Error&) {
    stack_.push_array(size);
    return true;
  }
  bool on_key_part(json::string_view part, std::size_t, Error&) { return push_part(part); }
  bool on_key(json::string_view part, std::size_t, Error&) {
    ++keys_;
    stack_.push_key(part);
    return true;
  }
  bool on_string_part(json::string_view part, std::size_t, Error&) { return push_part(part); }
  bool on_string(json::string_view part, std::size_t, Error&) {
    stack_.push_string(part);
    return true;
  }
  bool on_number_part(json::string_view part, Error&) {
    number_.append(part);
    return true;
  }
  bool on_int64(std::int64_t value, json::string_view, Error&) {
    number_.clear();
    stack_.push_int64(value);
    return true;
  }
  bool on_uint64(std::uint64_t value, json::string_view, Error&) {
    number_.clear();
    stack_.push_uint64(value);
    return true;
  }
  bool on_double(double rough, json::string_view part, Error& error) {
    number_.append(part);
    double exact = 0;
    auto result = std::from_chars(number_.data(), number_.data() + number_.size(), exact);
    if (result.ec == std::errc::result_out_of_range && std::abs(rough) < 1.0) {  // too small for any but 0
      exact = std::signbit(rough) ? -0.0 : 0.0;
      result.ec = std::errc();
    }
    if (result.ec != std::errc() || result.ptr != number_.data() + number_.size()) {
      error = json::make_error_code(json::error::exponent_overflow);
      return false;
    }
    number_.clear();
    stack_.push_double(exact);
    return true;
  }
  bool on_bool(bool value, Error&) {
    stack_.push_bool(value);
    return true;
  }
  bool on_null(Error&) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(json::string_view, Error&) { return true; }
  bool on_comment(json::string_view, Error&) { return true; }

 private:
  bool push_part(json::string_view part) {
    stack_.push_chars(part);
    return true;
  }

  json::value_stack stack_;
  std::string number_;
  std::size_t keys_ = 0;
};

}  // namespace

void append_quoted(std::string& to, std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  to += '"';
  for (const char character : text) {
    const auto code = static_cast<unsigned char>(character);
    switch (character) {
      case '"':
        to += "\\\"";
        continue;
      case '\\':
        to += "\\\\";
        continue;
      case '\b':
        to += "\\b";
        continue;
      case '\f':
        to += "\\f";
        continue;
      case '\n':
        to += "\\n";
        continue;
      case '\r':
        to += "\\r";
        continue;
      case '\t':
        to += "\\t";
        continue;
      default:
        break;
    }
    if (code >= 0x20) {
      to += character;
    } else {
      to.append("\\u00").append({digits[code >> 4], digits[code & 15]});
    }
  }
  to += '"';
}

std::string canonical_json(const json::object& object) {
  CanonicalWriter writer;
  writer.write_object(object, 0);
  return std::move(writer.text);
}

namespace {

/// Of all objects in it.
std::size_t members(const json::value& value) {
  std::size_t count = 0;
  if (const json::object* object = value.if_object()) {
    count = object->size();
    for (const auto& member : *object) count += members(member.value());
  } else if (const json::array* array = value.if_array()) {
    for (const json::value& element : *array) count += members(element);
  }
  return count;
}

}  // namespace

json::value parse_exactly(std::string_view text) {
  json::parse_options options;
  options.max_depth = deepest_json;
  json::basic_parser<ExactBuilder> parser(options);
  json::error_code error;
  const std::size_t used = parser.write_some(false, text.data(), text.size(), error);
  if (!error && used < text.size()) error = json::make_error_code(json::error::extra_data);
  if (error) throw std::invalid_argument("not valid JSON at byte " + std::to_string(used) + ": " + error.message());
  json::value value = parser.handler().release();
  if (members(value) != parser.handler().keys()) throw std::invalid_argument("a key stands twice in an object");
  return value;
}

}  // namespace tenon::checkpoint
