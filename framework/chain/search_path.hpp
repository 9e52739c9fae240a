// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Where plugins and tasks are looked for. Never in the working directory.
#ifndef TENON_CHAIN_SEARCH_PATH_HPP
#define TENON_CHAIN_SEARCH_PATH_HPP

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::chain {

struct SearchFolder {
  std::filesystem::path path;  ///< absolute, normal; need not exist
  std::string origin;          ///< "plugins.paths of the manifest", "$TENON_PLUGIN_PATH", ...
};

/// In this order, each folder once: those of --plugins, the manifest's `plugins.paths` (absolute by now, both),
/// $TENON_PLUGIN_PATH (parts between ':'), ${XDG_DATA_HOME:-~/.local/share}/tenon/plugins, and beside the program
/// <program_folder>/../plugins and <program_folder>/../lib/tenon/plugins. What is not absolute is left out, with a
/// warning in the log.
std::vector<SearchFolder> plugin_search_path(std::span<const std::filesystem::path> command_line,
                                             std::span<const std::filesystem::path> manifest_paths,
                                             const std::filesystem::path& program_folder);

/// <program_folder>/../tasks, <program_folder>/../lib/tenon/tasks, then the manifest's folder (none where it is empty).
std::vector<SearchFolder> task_search_path(const std::filesystem::path& program_folder,
                                           const std::filesystem::path& manifest_folder);

/// The library of a task: with a '/' in it a path seen from the manifest's folder, else `<name>.so` in the first folder
/// that has it. Throws Failure (ExitCode::task) that names the folders and the nearest name.
std::filesystem::path find_task_library(std::string_view name, const std::vector<SearchFolder>& folders,
                                        const std::filesystem::path& manifest_folder);

/// "\nlooked in:\n  /a (its origin)\n  /b (its origin; not there)"
std::string looked_in(const std::vector<SearchFolder>& folders);

/// Files of a folder that are called *.so, sorted; none when it cannot be read.
std::vector<std::filesystem::path> libraries_in(const std::filesystem::path& folder);

}  // namespace tenon::chain

#endif
