// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/schedulers/fields.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

namespace tenon {

namespace json = boost::json;

namespace {

/// JSON has no infinity: "inf", "-inf" and "nan" stand as texts.
json::value to_json(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

}  // namespace

void FieldWriter::field(const char* name, double& value) { to_[name] = to_json(value); }

void FieldWriter::field(const char* name, std::vector<double>& values) {
  json::array all;
  for (const double value : values) all.push_back(to_json(value));
  to_[name] = std::move(all);
}

void FieldWriter::field(const char* name, std::vector<std::int64_t>& values) {
  to_[name] = json::array(values.begin(), values.end());
}

const json::value& FieldReader::at(const char* name) const {
  const json::value* value = from_.if_contains(name);
  if (!value) refuse(name, "is missing");
  return *value;
}

void FieldReader::refuse(const char* name, const std::string& what) const {
  throw std::invalid_argument("the saved state of " + std::string(scheduler_) + " cannot be used: '" + name + "' " +
                              what);
}

double FieldReader::number(const char* name, const json::value& value) const {
  if (value.is_number()) return value.to_number<double>();
  if (value.is_string()) {
    const json::string& text = value.get_string();
    if (text == "inf") return std::numeric_limits<double>::infinity();
    if (text == "-inf") return -std::numeric_limits<double>::infinity();
    if (text == "nan") return std::numeric_limits<double>::quiet_NaN();
  }
  refuse(name, "is no number");
}

std::int64_t FieldReader::integer(const char* name, const json::value& value) const {
  boost::system::error_code failed;
  const auto number = value.to_number<std::int64_t>(failed);
  if (failed) refuse(name, "is no whole number");
  return number;
}

const json::array& FieldReader::list(const char* name, std::size_t expected) const {
  const json::value& saved = at(name);
  if (!saved.is_array()) refuse(name, "is no list");
  const std::size_t size = saved.get_array().size();
  if (size != expected)
    refuse(name,
           "has " + std::to_string(size) + " values where " + std::to_string(expected) +
               " are expected: the number of parameter groups or of milestones is another than when it was saved");
  return saved.get_array();
}

void FieldReader::field(const char* name, double& value) {
  const double saved = number(name, at(name));
  if (purpose_ == read) value = saved;
}

void FieldReader::field(const char* name, std::int64_t& value) {
  const std::int64_t saved = integer(name, at(name));
  if (purpose_ == read) value = saved;
}

void FieldReader::field(const char* name, bool& value) {
  const json::value& saved = at(name);
  if (!saved.is_bool()) refuse(name, "is neither true nor false");
  if (purpose_ == read) value = saved.get_bool();
}

void FieldReader::field(const char* name, std::string& value) {
  const json::value& saved = at(name);
  if (!saved.is_string()) refuse(name, "is no text");
  if (purpose_ == read) value = saved.get_string();
}

void FieldReader::field(const char* name, std::vector<double>& values) {
  std::vector<double> all;
  for (const json::value& one : list(name, values.size())) all.push_back(number(name, one));
  if (purpose_ == read) values = std::move(all);
}

void FieldReader::field(const char* name, std::vector<std::int64_t>& values) {
  std::vector<std::int64_t> all;
  for (const json::value& one : list(name, values.size())) all.push_back(integer(name, one));
  if (purpose_ == read) values = std::move(all);
}

}  // namespace tenon
