// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_LOOP_SAVED_JSON_HPP
#define TENON_LOOP_SAVED_JSON_HPP

#include <boost/json/value.hpp>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tenon::loop {

/// A number of checkpoint.json, where those that are not finite are texts. Throws std::exception for anything else.
inline double saved_number(const boost::json::value& value) {
  const auto* text = value.if_string();
  if (text == nullptr) return value.to_number<double>();
  if (*text == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (*text == "inf") return std::numeric_limits<double>::infinity();
  if (*text == "-inf") return -std::numeric_limits<double>::infinity();
  throw std::invalid_argument("'" + std::string(std::string_view(*text)) + "' is no number");
}

}  // namespace tenon::loop

#endif
