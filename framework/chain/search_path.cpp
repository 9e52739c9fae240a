// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/search_path.hpp"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include "chain/log.hpp"
#include "tenon/did_you_mean.hpp"
#include "tenon/failure.hpp"

namespace tenon::chain {
namespace {

namespace fs = std::filesystem;

void add(std::vector<SearchFolder>& folders, fs::path path, const std::string& origin) {
  if (!path.is_absolute()) {
    log(TENON_LOG_WARN, {},
        "'" + path.string() + "' of " + origin +
            " is left out: nothing is looked for in the working directory; write the whole path");
    return;
  }
  path = path.lexically_normal();
  if (!path.has_filename() && path.has_relative_path()) path = path.parent_path();
  const auto same = [&](const SearchFolder& other) { return other.path == path; };
  if (std::none_of(folders.begin(), folders.end(), same)) folders.push_back({std::move(path), origin});
}

// Empty when the user has no folder.
fs::path user_data_folder() {
  if (const char* data = std::getenv("XDG_DATA_HOME"); data && data[0] == '/') return data;
  if (const char* home = std::getenv("HOME"); home && home[0] == '/') return fs::path(home) / ".local/share";
  const passwd* user = getpwuid(geteuid());
  return user && user->pw_dir && user->pw_dir[0] == '/' ? fs::path(user->pw_dir) / ".local/share" : fs::path();
}

}  // namespace

std::vector<SearchFolder> plugin_search_path(std::span<const fs::path> command_line,
                                             std::span<const fs::path> manifest_paths, const fs::path& program_folder) {
  std::vector<SearchFolder> folders;
  for (const fs::path& path : command_line) add(folders, path, "--plugins");
  for (const fs::path& path : manifest_paths) add(folders, path, "plugins.paths of the manifest");
  if (const char* variable = std::getenv("TENON_PLUGIN_PATH")) {
    for (std::string_view left = variable; !left.empty();) {
      const std::size_t end = std::min(left.find(':'), left.size());
      if (end > 0) add(folders, left.substr(0, end), "$TENON_PLUGIN_PATH");
      left.remove_prefix(std::min(end + 1, left.size()));
    }
  }
  if (const fs::path data = user_data_folder(); !data.empty())
    add(folders, data / "tenon/plugins", "the user's folder");
  add(folders, program_folder / "../plugins", "beside the program");
  add(folders, program_folder / "../lib/tenon/plugins", "beside the program");
  return folders;
}

std::vector<SearchFolder> task_search_path(const fs::path& program_folder, const fs::path& manifest_folder) {
  std::vector<SearchFolder> folders;
  add(folders, program_folder / "../tasks", "beside the program");
  add(folders, program_folder / "../lib/tenon/tasks", "beside the program");
  if (!manifest_folder.empty()) add(folders, manifest_folder, "the manifest's folder");
  return folders;
}

fs::path find_task_library(std::string_view name, const std::vector<SearchFolder>& folders,
                           const fs::path& manifest_folder) {
  std::error_code none;
  if (name.find('/') != std::string_view::npos) {
    const fs::path file = (manifest_folder / name).lexically_normal();
    if (fs::exists(file, none)) return file;
    throw Failure(ExitCode::task, "there is no task library '" + file.string() + "'; correct \"library\" of the task");
  }
  std::vector<std::string> known;
  for (const SearchFolder& folder : folders) {
    const fs::path file = folder.path / (std::string(name) + ".so");
    if (fs::exists(file, none)) return file;
    for (const fs::path& other : libraries_in(folder.path)) known.push_back(other.stem().string());
  }
  throw Failure(ExitCode::task,
                "there is no task '" + std::string(name) + "'" + did_you_mean(name, known) + looked_in(folders));
}

std::string looked_in(const std::vector<SearchFolder>& folders) {
  std::string text = "\nlooked in:";
  std::error_code none;
  for (const SearchFolder& folder : folders)
    text += "\n  " + folder.path.string() + " (" + folder.origin +
            (fs::is_directory(folder.path, none) ? ")" : "; not there)");
  return text;
}

std::vector<fs::path> libraries_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code problem;
  for (fs::directory_iterator it(folder, problem), end; !problem && it != end; it.increment(problem))
    if (it->path().extension() == ".so") files.push_back(it->path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace tenon::chain
