// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What people see: tables, colours on a terminal only.
#ifndef TENON_CLI_TERMINAL_HPP
#define TENON_CLI_TERMINAL_HPP

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::cli {

enum class Style { strong, faint, error };

/// The text in a style where the stream (STDOUT_FILENO, STDERR_FILENO) is a terminal; not under NO_COLOR or TERM=dumb.
std::string styled(std::string_view text, Style style, int stream);

/// Rows as lines of aligned columns, two spaces between them, each line behind `indent`. Ends with '\n' where there is
/// a row. All rows have the same number of cells.
std::string table(std::vector<std::vector<std::string>> rows, std::string_view indent);

/// Of stdout's lines, as $COLUMNS or the terminal says; nothing where neither does.
std::optional<std::size_t> columns();

/// Breaks lines that are longer between words; the rest stands below the line's last column.
std::string wrapped(std::string_view text, std::size_t width);

/// Writes all of it to stdout.
void print(std::string_view text);

/// Whether print() could not, for another reason than that the reader has seen enough and gone.
bool answer_is_lost();

}  // namespace tenon::cli

#endif
