// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Which plugins there are, without loading any.
#ifndef TENON_CHAIN_CATALOGUE_HPP
#define TENON_CHAIN_CATALOGUE_HPP

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "chain/identity.hpp"
#include "chain/search_path.hpp"

namespace tenon::chain {

/// A file in one of the folders: its kinds, or why it is no plugin.
struct LibraryFile {
  std::filesystem::path file;
  std::vector<Kind> kinds;
  std::string problem;  ///< completes "<file> ..."
};

/// A kind that is not used, because an earlier file has one of the same name or id.
struct Duplicate {
  std::string name;  ///< what both are called
  std::filesystem::path used;
  std::filesystem::path ignored;
};

/// What a manifest's "plugin" stands for.
struct Choice {
  std::filesystem::path file;
  Kind kind;
};

class Catalogue {
 public:
  /// Reads the identity of each *.so in each folder, in order. `manifest_folder` is where plugins given by a path are
  /// looked for; it may be empty.
  static Catalogue scan(std::vector<SearchFolder> folders, std::filesystem::path manifest_folder = {});

  const std::vector<SearchFolder>& folders() const noexcept { return folders_; }
  const std::vector<LibraryFile>& files() const noexcept { return files_; }
  const std::vector<Duplicate>& duplicates() const noexcept { return duplicates_; }

  /// The first kind of this name or id; with a '/' in it, the only kind of the library at that path, seen from the
  /// manifest's folder. Throws Failure (ExitCode::plugin) saying what is wrong with it, or where it was looked for and
  /// what the nearest name is. `where` begins the message: "run.json:12: /callbacks/2/plugin"; may be empty.
  Choice find(std::string_view plugin, const std::string& where = {}) const;

 private:
  std::vector<SearchFolder> folders_;
  std::filesystem::path manifest_folder_;
  std::vector<LibraryFile> files_;
  std::vector<Duplicate> duplicates_;
};

}  // namespace tenon::chain

#endif
