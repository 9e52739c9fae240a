// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "manifest/json_text.hpp"

namespace tenon::manifest {

namespace json = boost::json;

std::string brief(const json::value& value) {
  std::string text = json_text(value);
  if (text.size() <= 60) return text;
  if (value.is_array()) return "a list of " + std::to_string(value.get_array().size());
  if (value.is_object()) return "an object of " + std::to_string(value.get_object().size());
  return text.substr(0, 57) + "...";
}

}  // namespace tenon::manifest
