// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "numbers.hpp"

#include <charconv>
#include <cmath>

namespace tenon::policy {

namespace {

std::string not_finite(double value) { return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf"; }

}  // namespace

std::string exact(double value) {
  if (!std::isfinite(value)) return not_finite(value);
  char buffer[32];
  std::string text(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string readable(double value, int digits) {
  if (!std::isfinite(value)) return not_finite(value);
  char buffer[32];
  return std::string(buffer,
                     std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::general, digits).ptr);
}

}  // namespace tenon::policy
