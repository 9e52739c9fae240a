// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/catalogue.hpp"

#include <map>
#include <stdexcept>
#include <utility>

#include "tenon/did_you_mean.hpp"
#include "tenon/failure.hpp"

namespace tenon::chain {
namespace {

namespace fs = std::filesystem;

LibraryFile read_file(const fs::path& file) {
  try {
    return {file, read_identity(file), {}};
  } catch (const std::runtime_error& x) {
    return {file, {}, x.what()};
  }
}

std::vector<Duplicate> find_duplicates(const std::vector<LibraryFile>& files) {
  std::vector<Duplicate> duplicates;
  std::map<std::string, fs::path> taken;
  for (const LibraryFile& library : files)
    for (const Kind& kind : library.kinds) {
      const bool new_name = taken.try_emplace(kind.name, library.file).second;
      const bool new_id = taken.try_emplace(kind.id, library.file).second;
      if (!new_name)
        duplicates.push_back({kind.name, taken[kind.name], library.file});
      else if (!new_id)
        duplicates.push_back({kind.id, taken[kind.id], library.file});
    }
  return duplicates;
}

}  // namespace

Catalogue Catalogue::scan(std::vector<SearchFolder> folders, fs::path manifest_folder) {
  Catalogue catalogue;
  catalogue.folders_ = std::move(folders);
  catalogue.manifest_folder_ = std::move(manifest_folder);
  for (const SearchFolder& folder : catalogue.folders_)
    for (const fs::path& file : libraries_in(folder.path)) catalogue.files_.push_back(read_file(file));
  catalogue.duplicates_ = find_duplicates(catalogue.files_);
  return catalogue;
}

Choice Catalogue::find(std::string_view plugin, const std::string& where) const {
  const auto refuse = [&](const std::string& text) {
    return Failure(ExitCode::plugin, where.empty() ? text : where + ": " + text);
  };
  if (plugin.find('/') != std::string_view::npos) {
    const fs::path file = (manifest_folder_ / plugin).lexically_normal();
    const LibraryFile library = read_file(file);
    if (!library.problem.empty()) throw refuse("'" + file.string() + "' " + library.problem);
    if (library.kinds.size() == 1) return {file, library.kinds.front()};
    std::string names;
    for (const Kind& kind : library.kinds) names += (names.empty() ? "'" : "', '") + kind.name;
    throw refuse("'" + file.string() + "' has several plugins: put its folder into plugins.paths and name one of " +
                 names + "'");
  }

  std::vector<std::string> known;
  for (const LibraryFile& library : files_)
    for (const Kind& kind : library.kinds) {
      if (kind.name == plugin || kind.id == plugin) return {library.file, kind};
      known.push_back(kind.name);
    }
  for (const LibraryFile& library : files_)
    if (!library.problem.empty() && library.file.stem() == plugin)
      throw refuse("there is no plugin '" + std::string(plugin) + "': '" + library.file.string() + "' " +
                   library.problem);
  throw refuse("there is no plugin '" + std::string(plugin) + "'" + did_you_mean(plugin, known) + looked_in(folders_) +
               "\ncorrect the name, or put the plugin's library into one of these folders");
}

}  // namespace tenon::chain
