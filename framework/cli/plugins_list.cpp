// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/resolved_run.hpp"
#include "cli/terminal.hpp"
#include "manifest/json_text.hpp"

namespace tenon::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

const chain::Duplicate* ignored(const chain::Catalogue& catalogue, const fs::path& file, const chain::Kind& kind) {
  for (const chain::Duplicate& duplicate : catalogue.duplicates())
    if (duplicate.ignored == file && (duplicate.name == kind.name || duplicate.name == kind.id)) return &duplicate;
  return nullptr;
}

std::string list_text(const chain::Catalogue& catalogue) {
  std::string text;
  for (const chain::SearchFolder& folder : catalogue.folders()) {
    std::error_code none;
    const bool is_there = fs::is_directory(folder.path, none);
    text += styled(folder.path.string(), Style::strong, STDOUT_FILENO) + " (" + folder.origin +
            (is_there ? ")\n" : "; not there)\n");
    std::vector<std::vector<std::string>> rows;
    for (const chain::LibraryFile& library : catalogue.files()) {
      if (library.file.parent_path() != folder.path) continue;
      if (!library.problem.empty())
        rows.push_back({library.file.filename().string(), "", "not usable: it " + library.problem});
      for (const chain::Kind& kind : library.kinds) {
        const chain::Duplicate* other = ignored(catalogue, library.file, kind);
        rows.push_back(
            {kind.name, kind.version, other ? "not used: " + other->used.string() + " comes first" : kind.description});
      }
    }
    text += table(rows, "  ");
  }
  return text;
}

json::object list_json(const chain::Catalogue& catalogue) {
  json::array plugins, problems, duplicates, folders;
  for (const chain::LibraryFile& library : catalogue.files()) {
    if (!library.problem.empty())
      problems.push_back(json::object{{"file", library.file.string()}, {"problem", library.problem}});
    for (const chain::Kind& kind : library.kinds)
      if (!ignored(catalogue, library.file, kind))
        plugins.push_back(json::object{{"name", kind.name},
                                       {"id", kind.id},
                                       {"version", kind.version},
                                       {"description", kind.description},
                                       {"license", kind.license},
                                       {"file", library.file.string()}});
  }
  for (const chain::Duplicate& duplicate : catalogue.duplicates())
    duplicates.push_back(json::object{
        {"name", duplicate.name}, {"used", duplicate.used.string()}, {"ignored", duplicate.ignored.string()}});
  for (const chain::SearchFolder& folder : catalogue.folders())
    folders.push_back(json::object{{"path", folder.path.string()}, {"origin", folder.origin}});
  return {{"plugins", plugins}, {"problems", problems}, {"duplicates", duplicates}, {"folders", folders}};
}

}  // namespace

ExitCode plugins_list(const CommandLine& line) {
  const chain::Catalogue catalogue = scan_plugins(line, nullptr);
  print(line.json ? manifest::json_text(list_json(catalogue)) + "\n" : list_text(catalogue));
  return ExitCode::ok;
}

}  // namespace tenon::cli
