// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "file_name.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <stdexcept>

#include "numbers.hpp"

namespace tenon::policy {

namespace {

bool digit(char c) { return c >= '0' && c <= '9'; }

int take_number(std::string_view& text) {
  int out = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), out).ptr;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return out;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

/// False when it is none of ours, or asks for a name longer than a file system takes.
bool parse(std::string_view text, NumberFormat& out) {
  out.sign = take(text, '+');
  out.zeros = take(text, '0');
  if (!text.empty() && digit(text.front())) out.width = take_number(text);
  if (take(text, '.')) {
    if (text.empty() || !digit(text.front())) return false;
    out.precision = take_number(text);
  }
  if (!text.empty() && std::string_view("dfFeEgG").find(text.front()) != std::string_view::npos) {
    out.type = text.front();
    text.remove_prefix(1);
  }
  const bool padded = out.width == 0 || out.zeros;  // blanks have no place in a name
  return text.empty() && padded && out.width <= 64 && out.precision <= 64 && (out.type != 'd' || out.precision < 0);
}

std::string digits_of(double magnitude, const NumberFormat& number) {
  char buffer[512];
  char* const end = buffer + sizeof buffer;
  if (number.type == 'd')
    return std::string(buffer, std::to_chars(buffer, end, std::round(magnitude), std::chars_format::fixed, 0).ptr);
  const char kind = static_cast<char>(number.type | 0x20);
  if (!number.type && number.precision < 0) return exact(magnitude);
  const auto form = kind == 'f'   ? std::chars_format::fixed
                    : kind == 'e' ? std::chars_format::scientific
                                  : std::chars_format::general;
  std::string out(buffer, std::to_chars(buffer, end, magnitude, form, number.precision < 0 ? 6 : number.precision).ptr);
  if (number.type && number.type < 'a')
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c == 'e' ? 'E' : c; });
  return out;
}

std::string write(double value, const NumberFormat& number) {
  const bool finite = std::isfinite(value);
  std::string sign = std::signbit(value) && !std::isnan(value) ? "-" : number.sign ? "+" : "";
  std::string digits = finite ? digits_of(std::abs(value), number) : std::isnan(value) ? "nan" : "inf";
  const std::size_t used = sign.size() + digits.size();
  const std::size_t width = static_cast<std::size_t>(number.width);
  if (used < width && finite && number.zeros) digits.insert(0, width - used, '0');
  return sign + digits;
}

/// What the host can make of a name: its hidden forms and its suffix take the rest of the 255 bytes.
constexpr std::size_t longest_part = 235;
constexpr std::string_view suffix = ".ckpt";

bool counts(const std::string& key) { return key == "epoch" || key == "step"; }

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  throw std::invalid_argument("filename \"" + std::string(text) + "\": " + why);
}

}  // namespace

FileName::FileName(std::string_view text, bool insert_names) : text_(text), insert_names_(insert_names) {
  std::string_view rest = text;
  while (true) {
    const std::size_t open = rest.find_first_of("{}");
    if (open == std::string_view::npos) break;
    if (rest[open] == '}') refuse(text, "a '}' has no '{' before it");
    const std::size_t close = rest.find_first_of("{}", open + 1);
    if (close == std::string_view::npos || rest[close] == '{') refuse(text, "a '{' has no '}' behind it");
    const std::string_view inside = rest.substr(open + 1, close - open - 1);
    const std::size_t colon = inside.find(':');
    Place place{std::string(rest.substr(0, open)), std::string(inside.substr(0, colon)), {}};
    if (place.key.empty()) refuse(text, "{" + std::string(inside) + "} names no metric");
    const std::string_view form = colon == std::string_view::npos ? std::string_view() : inside.substr(colon + 1);
    if (!parse(form, place.number))
      refuse(text, "\"" + std::string(form) + "\" in {" + std::string(inside) +
                       "} is no number format; use [+][0width][.precision] and one of d f F e E g G, such as "
                       "{epoch:02d} or {val_loss:.4f}");
    if (!place.number.type && place.number.precision < 0 && counts(place.key)) place.number.type = 'd';
    if (std::find(keys_.begin(), keys_.end(), place.key) == keys_.end()) keys_.push_back(place.key);
    places_.push_back(std::move(place));
    rest.remove_prefix(close + 1);
  }
  after_ = rest;
  check_parts();
}

std::string FileName::format(const std::function<double(const std::string&)>& value) const {
  std::string out;
  for (const Place& place : places_) {
    out += place.before;
    if (insert_names_) out += place.key + "=";
    out += write(value(place.key), place.number);
  }
  return out + after_;
}

void FileName::check_parts() const {
  const std::string sample = format([](const std::string&) { return 0.0; });
  if (sample.empty()) refuse(text_, "is empty");
  for (std::size_t begin = 0; begin <= sample.size();) {
    const std::size_t end = std::min(sample.find('/', begin), sample.size());
    const std::string part = sample.substr(begin, end - begin);
    if (part.empty()) refuse(text_, "has an empty part before or behind a '/'; a name is relative to dirpath");
    if (part.size() > longest_part)
      refuse(text_, "has a part of " + std::to_string(part.size()) + " bytes or more; at most " +
                        std::to_string(longest_part) + " fit beside what a checkpoint's name is given besides");
    if (end < sample.size() && part.size() >= suffix.size() &&
        part.compare(part.size() - suffix.size(), suffix.size(), suffix) == 0)
      refuse(text_, "would lie inside another checkpoint, \"" + part + "\"");
    if (part.front() == '.')
      refuse(text_, "has a part that begins with '.'; checkpoints are not hidden and do not leave dirpath");
    begin = end + 1;
  }
  if (std::any_of(sample.begin(), sample.end(),
                  [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\'; }))
    refuse(text_, "has a control character or a '\\' in it");
}

std::string last_name(const std::string& name) {
  const std::size_t slash = name.rfind('/');
  const std::size_t at = slash == std::string::npos ? 0 : slash + 1;
  return name.substr(0, at) + "last-" + name.substr(at);
}

}  // namespace tenon::policy
