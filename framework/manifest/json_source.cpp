// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "manifest/json_source.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <vector>

namespace tenon::manifest {
namespace {

namespace json = boost::json;
using ErrorCode = boost::system::error_code;

/// Builds the value and notes the current line for every pointer. The text is fed line by line, so an event belongs
/// to the line that is being fed: no token but a comment is longer than its line.
class Builder {
 public:
  static constexpr std::size_t max_object_size = json::object::max_size();
  static constexpr std::size_t max_array_size = json::array::max_size();
  static constexpr std::size_t max_key_size = json::string::max_size();
  static constexpr std::size_t max_string_size = json::string::max_size();

  explicit Builder(std::string_view name) : name_(name) { stack_.reset(); }

  void next_line() { ++line_; }
  std::uint32_t line() const { return line_; }
  JsonSource finish() { return {stack_.release(), std::move(lines_)}; }

  bool on_document_begin(ErrorCode&) { return true; }
  bool on_document_end(ErrorCode&) { return true; }
  bool on_object_begin(ErrorCode&) { return open(false); }
  bool on_object_end(std::size_t n, ErrorCode&) {
    levels_.pop_back();
    stack_.push_object(n);
    return true;
  }
  bool on_array_begin(ErrorCode&) { return open(true); }
  bool on_array_end(std::size_t n, ErrorCode&) {
    levels_.pop_back();
    stack_.push_array(n);
    return true;
  }
  bool on_key_part(json::string_view s, std::size_t, ErrorCode&) {
    key_.append(s.data(), s.size());
    stack_.push_chars(s);
    return true;
  }
  bool on_key(json::string_view s, std::size_t, ErrorCode&) {
    key_.append(s.data(), s.size());
    stack_.push_key(s);
    Level& level = levels_.back();
    level.current = level.pointer + pointer_step(key_);
    key_.clear();
    const auto [first, is_new] = lines_.emplace(level.current, line_);
    if (!is_new)
      throw Failure(ExitCode::manifest, name_ + ":" + std::to_string(line_) + ": " + level.current +
                                            ": given twice, first on line " + std::to_string(first->second) +
                                            "; remove one of the two");
    return true;
  }
  bool on_string_part(json::string_view s, std::size_t, ErrorCode&) {
    stack_.push_chars(s);
    return true;
  }
  bool on_string(json::string_view s, std::size_t, ErrorCode&) {
    stack_.push_string(s);
    return value();
  }
  bool on_number_part(json::string_view, ErrorCode&) { return true; }
  bool on_int64(std::int64_t i, json::string_view, ErrorCode&) {
    stack_.push_int64(i);
    return value();
  }
  bool on_uint64(std::uint64_t u, json::string_view, ErrorCode&) {
    stack_.push_uint64(u);
    return value();
  }
  bool on_double(double d, json::string_view, ErrorCode&) {
    stack_.push_double(d);
    return value();
  }
  bool on_bool(bool b, ErrorCode&) {
    stack_.push_bool(b);
    return value();
  }
  bool on_null(ErrorCode&) {
    stack_.push_null();
    return value();
  }
  bool on_comment_part(json::string_view, ErrorCode&) { return true; }
  bool on_comment(json::string_view, ErrorCode&) { return true; }

 private:
  struct Level {
    bool is_array;
    std::size_t entries;
    std::string pointer;
    std::string current;  // pointer of the member whose value comes next
  };

  bool value() {
    place();
    return true;
  }

  /// The pointer of the value that begins now.
  std::string place() {
    if (levels_.empty()) {
      lines_.emplace("", line_);
      return {};
    }
    Level& level = levels_.back();
    if (!level.is_array) return level.current;
    std::string pointer = level.pointer + "/" + std::to_string(level.entries++);
    lines_.emplace(pointer, line_);
    return pointer;
  }

  bool open(bool is_array) {
    std::string pointer = place();
    levels_.push_back({is_array, 0, std::move(pointer), {}});
    return true;
  }

  std::string name_;
  json::value_stack stack_;
  std::vector<Level> levels_;
  std::map<std::string, std::uint32_t, std::less<>> lines_;
  std::string key_;
  std::uint32_t line_ = 0;
};

std::string reason(const ErrorCode& error) {
  if (error == json::error::extra_data) return "something stands behind the end of the JSON; remove it";
  if (error == json::error::too_deep) return "lists and objects are nested more than 32 deep";
  if (error == json::error::syntax)
    return "not JSON from here on; look for a missing comma, colon, quote or bracket (comments and trailing commas are "
           "allowed)";
  return "not JSON (" + error.message() + ")";
}

[[noreturn]] void refuse(std::string_view name, std::uint32_t line, std::string_view text, std::size_t at,
                         const ErrorCode& error) {
  std::string rest(text.substr(std::min(at, text.size())));
  while (!rest.empty() && static_cast<unsigned char>(rest.back()) <= ' ') rest.pop_back();
  if (rest.size() > 30) rest = rest.substr(0, 30) + "...";
  throw SyntaxError(std::string(name) + ":" + std::to_string(line) + ":" + std::to_string(at + 1) + ": " +
                    reason(error) + (rest.empty() ? "" : ": " + rest));
}

}  // namespace

JsonSource parse_json(std::string_view text, std::string_view name) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.substr(0, byte_order_mark.size()) == byte_order_mark) text.remove_prefix(byte_order_mark.size());
  json::parse_options options;
  options.allow_comments = true;
  options.allow_trailing_commas = true;
  json::basic_parser<Builder> parser(options, name);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n') + 1);
    const std::string_view fed = line.empty() ? text : line;  // the last line may lack its end
    parser.handler().next_line();
    ErrorCode error;
    const std::size_t used = parser.write_some(true, fed.data(), fed.size(), error);
    if (!error && used < fed.size()) error = json::error::extra_data;
    if (error) refuse(name, parser.handler().line(), fed, used, error);
    text.remove_prefix(fed.size());
  }
  ErrorCode error;
  parser.write_some(false, nullptr, 0, error);
  if (error)
    throw SyntaxError(std::string(name) + ":" + std::to_string(std::max(1u, parser.handler().line())) +
                      ": the text ends too early; a bracket, a quote or a comment is not closed");
  return parser.handler().finish();
}

std::string pointer_step(std::string_view key) {
  std::string step = "/";
  for (const char c : key) {
    if (c == '~')
      step += "~0";
    else if (c == '/')
      step += "~1";
    else
      step += c;
  }
  return step;
}

std::vector<std::string> pointer_keys(std::string_view pointer) {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      keys.emplace_back();
    } else if (keys.empty()) {
      return keys;
    } else if (pointer[i] == '~' && i + 1 < pointer.size()) {
      keys.back() += pointer[++i] == '1' ? '/' : '~';
    } else {
      keys.back() += pointer[i];
    }
  }
  return keys;
}

const json::value* find_value(const json::value& root, std::string_view pointer) noexcept {
  ErrorCode error;
  return root.find_pointer(pointer, error);
}

}  // namespace tenon::manifest
