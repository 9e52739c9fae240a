// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "chain/library.hpp"
#include "cli/commands.hpp"
#include "cli/option_rows.hpp"
#include "cli/resolved_run.hpp"
#include "cli/terminal.hpp"
#include "manifest/json_text.hpp"
#include "tenon/harmless_text.hpp"

namespace tenon::cli {
namespace {

namespace json = boost::json;

constexpr const char* needed = "(needed)";

/// A table, or what a terminal has room for: each option with its description below it.
std::string options_text(const std::vector<std::vector<std::string>>& rows) {
  const std::string in_columns = table(rows, "  ");
  const std::optional<std::size_t> room = columns();
  if (!room || wrapped(in_columns, *room) == in_columns) return in_columns;
  std::string text;
  for (auto row = rows.begin() + 1; row != rows.end(); ++row) {
    const std::string standard = row->at(2).empty()     ? ""
                                 : row->at(2) == needed ? ", needed"
                                                        : ", default " + row->at(2);
    text += wrapped(terminal_text("  " + row->at(0) + ": " + row->at(1) + standard), *room);
    if (!row->at(3).empty()) text += wrapped(terminal_text("      " + row->at(3)), *room);
  }
  return text;
}

std::string show_text(const chain::Choice& choice, const std::string& sum) {
  const chain::Kind& kind = choice.kind;
  std::string text = styled(kind.name, Style::strong, STDOUT_FILENO) + " " +
                     terminal_text(kind.version + ": " + kind.description) + "\n";
  text += table({{"id", kind.id}, {"license", kind.license}, {"file", choice.file.string()}, {"sha256", sum}}, "  ");
  std::vector<std::vector<std::string>> rows{{"option", "type", "default", "description"}};
  for (const OptionRow& row : option_rows(kind.options_schema))
    rows.push_back({row.name, row.type,
                    row.standard   ? manifest::json_text(*row.standard)
                    : row.required ? needed
                                   : "",
                    row.description});
  if (rows.size() == 1) return text + "\nIt has no options.\n";
  return text + "\n" + options_text(rows);
}

json::object show_json(const chain::Choice& choice, const std::string& sum) {
  const chain::Kind& kind = choice.kind;
  json::array options;
  for (const OptionRow& row : option_rows(kind.options_schema)) {
    json::object option{
        {"name", row.name}, {"type", row.type}, {"required", row.required}, {"description", row.description}};
    if (row.standard) option["default"] = *row.standard;
    options.push_back(std::move(option));
  }
  return {{"name", kind.name},
          {"id", kind.id},
          {"version", kind.version},
          {"description", kind.description},
          {"license", kind.license},
          {"file", choice.file.string()},
          {"sha256", sum},
          {"options", options},
          {"schema", kind.options_schema}};
}

}  // namespace

ExitCode plugins_show(const CommandLine& line) {
  const chain::Choice choice = scan_plugins(line, nullptr).find(line.plugin);
  const std::string sum = chain::file_sha256(choice.file);
  print(line.json ? manifest::json_text(show_json(choice, sum)) + "\n" : show_text(choice, sum));
  return ExitCode::ok;
}

}  // namespace tenon::cli
