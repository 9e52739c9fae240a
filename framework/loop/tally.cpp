// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/tally.hpp"

#include <algorithm>

namespace tenon::loop {

namespace json = boost::json;

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '=' || c == '/';
}

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at;
}

/// Of the number that begins there; 0: none does.
std::size_t number_at(std::string_view text, std::size_t at) {
  std::size_t end = at + (text.substr(at, 1) == "-");
  const std::string_view rest = text.substr(end, 3);
  if (rest == "nan" || rest == "inf") {
    end += 3;
  } else {
    const std::size_t whole = digits_at(text, end);
    if (whole == 0) return 0;
    end += whole;
    if (text.substr(end, 1) == ".")
      if (const std::size_t part = digits_at(text, end + 1)) end += 1 + part;
    if (text.substr(end, 1) == "e") {
      const std::size_t sign = text.substr(end + 1, 1) == "-" || text.substr(end + 1, 1) == "+";
      if (const std::size_t exponent = digits_at(text, end + 1 + sign)) end += 1 + sign + exponent;
    }
  }
  return end < text.size() && is_word(text[end]) ? 0 : end - at;
}

/// Of what is quoted from there on, quotes included; 0: nothing is.
std::size_t quoted_at(std::string_view text, std::size_t at) {
  const std::size_t end = text[at] == '\'' ? text.find('\'', at + 1) : std::string_view::npos;
  return end == std::string_view::npos ? 0 : end + 1 - at;
}

void append_without_digits(std::string& out, std::string_view name) {
  for (std::size_t i = 0; i < name.size();) {
    const std::size_t digits = digits_at(name, i);
    if (digits == 0)
      out += name[i];
    else
      out += "…";
    i += std::max<std::size_t>(digits, 1);
  }
}

}  // namespace

std::string without_numbers(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const char before = i == 0 ? ' ' : text[i - 1];
    const std::string_view quoted = std::string_view(text).substr(i, is_word(before) ? 0 : quoted_at(text, i));
    const bool is_path = quoted.find('/') != std::string_view::npos;
    if (!quoted.empty() && (is_path || quoted.find(' ') == std::string_view::npos)) {
      if (is_path)
        out += quoted;
      else
        append_without_digits(out, quoted);
      i += quoted.size();
      continue;
    }
    const std::size_t number = is_word(before) || before == '.' || before == '-' ? 0 : number_at(text, i);
    if (number == 0)
      out += text[i];
    else
      out += "…";
    i += number == 0 ? 1 : number;
  }
  return out;
}

void Reasons::add(const std::string& reason) {
  const auto count = [&](const std::string& as, std::size_t most) {
    const auto known = counts_.find(as);
    if (known == counts_.end() && counts_.size() >= most) return false;
    ++(known == counts_.end() ? counts_[as] : known->second);
    return true;
  };
  if (!count(reason, limit) && !count(without_numbers(reason), 2 * limit)) ++counts_["other reasons"];
}

json::object tallies_json(const std::map<std::string, Tally>& tallies) {
  json::object all;
  for (const auto& [id, tally] : tallies)
    all[id] = {{"saved", tally.saved}, {"removed", tally.removed}, {"failed", tally.failed}, {"denied", tally.denied}};
  return all;
}

void restore_tallies(const json::object& document, std::map<std::string, Tally>& tallies) {
  const json::value* saved = document.if_contains("tallies");
  if (saved == nullptr) return;
  for (const auto& [id, counts] : saved->as_object()) {
    Tally& tally = tallies[std::string(id)];
    tally.saved = counts.at("saved").to_number<std::uint64_t>();
    tally.removed = counts.at("removed").to_number<std::uint64_t>();
    tally.failed = counts.at("failed").to_number<std::uint64_t>();
    tally.denied = counts.at("denied").to_number<std::uint64_t>();
  }
}

}  // namespace tenon::loop
