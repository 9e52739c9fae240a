// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "table.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace {

std::vector<std::string_view> fields_of(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  std::vector<std::string_view> fields;
  for (;;) {
    const std::size_t comma = line.find(',');
    fields.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

double number_of(std::string_view field, const std::string& where, std::size_t column) {
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size())
    throw std::runtime_error(where + ": column " + std::to_string(column + 1) + " is '" + std::string(field) +
                             "', not a number; correct it, or say \"header\": true where the first line holds names");
  return value;
}

}  // namespace

Table read_table(const std::filesystem::path& file, bool header) {
  std::ifstream in(file);
  if (!in)
    throw std::runtime_error("the data file " + file.string() +
                             " cannot be opened; \"data\" names a CSV file, relative to the manifest");
  Table table;
  std::vector<double> values;
  std::size_t columns = 0, rows = 0;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    const std::string where = file.string() + ":" + std::to_string(number);
    const std::vector<std::string_view> fields = fields_of(line);
    if (columns == 0) columns = fields.size();
    if (fields.size() != columns)
      throw std::runtime_error(where + ": it has " + std::to_string(fields.size()) +
                               " columns, the lines before have " + std::to_string(columns));
    if (header && number == 1) {
      table.names.assign(fields.begin(), fields.end());
      continue;
    }
    for (std::size_t i = 0; i < columns; ++i) values.push_back(number_of(fields[i], where, i));
    ++rows;
  }
  if (in.bad()) throw std::runtime_error("reading the data file " + file.string() + " failed");
  if (rows < 2)
    throw std::runtime_error("the data file " + file.string() + " has " + std::to_string(rows) +
                             " rows, too few to train and validate on");
  table.values = at::empty({static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns)}, at::kDouble);
  std::copy(values.begin(), values.end(), table.values.mutable_data_ptr<double>());
  return table;
}

std::int64_t column_of(const Table& table, const std::string& column, const std::filesystem::path& file) {
  const auto named = std::find(table.names.begin(), table.names.end(), column);
  if (named != table.names.end()) return named - table.names.begin();
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(column.data(), column.data() + column.size(), number);
  const std::int64_t columns = table.values.size(1);
  if (error == std::errc() && end == column.data() + column.size() && number >= 1 && number <= columns)
    return number - 1;
  throw std::runtime_error("the data file " + file.string() + " has no column '" + column + "'; its columns are 1 to " +
                           std::to_string(columns) +
                           (table.names.empty() ? ", and have names only with \"header\": true"
                                                : ", the first is named '" + table.names.front() + "'"));
}
