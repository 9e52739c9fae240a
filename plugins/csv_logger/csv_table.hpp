// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A CSV file whose columns may still grow.
#ifndef TENON_PLUGINS_CSV_LOGGER_CSV_TABLE_HPP
#define TENON_PLUGINS_CSV_LOGGER_CSV_TABLE_HPP

#include <cstdint>
#include <functional>
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

/// How far a table has come.
struct Extent {
  std::uint64_t rows = 0, width = 0;  ///< width: columns
  policy::LogContent content;
};

class Table {
 public:
  /// A new file with these columns, in place of one that is there.
  Table(const std::string& path, std::vector<std::string> columns);
  /// Goes on with what a file held when it was as far as `saved`: rows and columns that came later are taken out, then
  /// those of `columns` added that it lacks. A file that holds less, or something else, is taken as it is: see found().
  Table(const std::string& path, std::vector<std::string> columns, const Extent& saved);

  /// Where a column of this name is; made when it is new, which writes the file anew.
  std::size_t column(const std::string& name);
  /// Appends one row of as many cells as there are columns.
  void append(const std::vector<std::string>& cells);

  std::size_t width() const noexcept { return columns_.size(); }
  std::uint64_t rows() const noexcept { return rows_; }
  Extent extent() const { return {rows_, columns_.size(), file_->content()}; }
  /// What was there to go on with, before columns were added.
  const policy::LogContent& found() const noexcept { return found_; }
  /// As LogFile::gather().
  void gather() noexcept { file_->gather(); }
  /// As LogFile::flush().
  void flush() { file_->flush(); }
  /// As LogFile::sync().
  std::function<void()> sync() const { return file_->sync(); }

 private:
  std::string header() const;
  void widen(const std::vector<std::string>& names);

  std::vector<std::string> columns_;
  std::uint64_t rows_ = 0;
  std::unique_ptr<policy::LogFile> file_;
  policy::LogContent found_;
};

}  // namespace tenon::csv

#endif
