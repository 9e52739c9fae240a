// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A CSV file whose columns may still grow.
#ifndef TENON_PLUGINS_CSV_LOGGER_CSV_TABLE_HPP
#define TENON_PLUGINS_CSV_LOGGER_CSV_TABLE_HPP

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/log_file.hpp"

namespace tenon::csv {

/// As RFC 4180 wants it: in quotes where it must be, quotes doubled.
std::string csv_field(std::string_view text);
/// The fields of one record, which begins at `at`; `at` ends behind its line break. A record that the file's end cuts
/// off is none: false, and `at` stays.
bool next_record(std::string_view text, std::size_t& at, std::vector<std::string>& fields);

class Table {
 public:
  /// A new file with these columns, in place of one that is there.
  Table(const std::string& path, std::vector<std::string> columns);
  /// Goes on with the first `rows` rows of a file, with its columns and then those of `columns` that it lacks. Fewer
  /// rows than that are taken as they are: see rows().
  Table(const std::string& path, std::vector<std::string> columns, std::uint64_t rows);

  /// Where a column of this name is; made when it is new, which writes the file anew.
  std::size_t column(const std::string& name);
  /// Appends one row of as many cells as there are columns.
  void append(const std::vector<std::string>& cells);

  std::size_t width() const noexcept { return columns_.size(); }
  std::uint64_t rows() const noexcept { return rows_; }

 private:
  std::string header() const;
  void widen(const std::vector<std::string>& names);

  std::vector<std::string> columns_;
  std::uint64_t rows_ = 0;
  std::unique_ptr<policy::LogFile> file_;
};

}  // namespace tenon::csv

#endif
