// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TORCHSCRIPT_TABLE_HPP
#define TORCHSCRIPT_TABLE_HPP

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

/// Numbers in rows of equal length.
struct Table {
  std::vector<std::string> names;  ///< of the columns; empty without a header
  at::Tensor values;               ///< double, rows x columns
};

/// Reads numbers separated by commas, one row a line; `header`: the first line holds names. Quotes are not understood.
/// Throws std::runtime_error, naming file and line, where there is something else, or fewer than two rows.
Table read_table(const std::filesystem::path& file, bool header);

/// Which of the table's columns is meant, from 0: a number counts them from 1, other text is a name of the header.
/// Throws std::runtime_error where there is no such column; `file` is for the message.
std::int64_t column_of(const Table& table, const std::string& column, const std::filesystem::path& file);

#endif
