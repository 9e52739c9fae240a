// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/resolved_run.hpp"

#include <boost/json/parse.hpp>

#include "chain/library.hpp"
#include "chain/library_section.hpp"
#include "chain/trust.hpp"

namespace tenon::cli {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

ResolvedCallback resolve_callback(const manifest::Manifest& manifest, const manifest::CallbackEntry& entry,
                                  const chain::Catalogue& catalogue, const chain::TrustPolicy& policy) {
  chain::Choice choice = catalogue.find(entry.plugin, manifest.where(entry.pointer + "/plugin"));
  chain::check_trust(choice.file, policy);
  if (!entry.sha256.empty())
    if (const std::string sum = chain::file_sha256(choice.file); sum != entry.sha256)
      throw Failure(ExitCode::plugin, manifest.where(entry.pointer + "/sha256") + ": '" + choice.file.string() +
                                          "' has the SHA-256 " + sum +
                                          "; put back the file that was meant, or correct the sum");
  json::object options = entry.config;
  manifest::check_options(manifest, entry.pointer + "/config", options, choice.kind.options_schema,
                          "plugin '" + choice.kind.name + "'");
  return {entry.id, std::move(choice), entry.on_error, std::move(options)};
}

json::object read_task_identity(const fs::path& library, const std::string& where) {
  const auto refuse = [&](const std::string& why) {
    return Failure(ExitCode::task, where + ": '" + library.string() + "' " + why);
  };
  std::optional<std::string> text;
  try {
    text = chain::read_library_section(library, ".tenon.task");
  } catch (const chain::NotALibrary& error) {
    throw refuse(error.what());
  }
  if (!text) throw refuse("is no task: it has no section .tenon.task; put TENON_TASK(...) into one of its sources");
  boost::system::error_code error;
  json::value identity = json::parse(*text, error);
  if (error || !identity.is_object()) throw refuse("is damaged: its identity is not JSON");
  return std::move(identity.get_object());
}

std::string text_of(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

ResolvedTask resolve_task(const manifest::Manifest& manifest, const chain::TrustPolicy& policy) {
  const manifest::TaskEntry& entry = *manifest.task;
  const fs::path folder = manifest.file.parent_path();
  ResolvedTask task;
  task.library = chain::find_task_library(entry.library, chain::task_search_path(program_folder(), folder), folder);
  chain::check_trust(task.library, policy);
  const json::object identity = read_task_identity(task.library, manifest.where("/task/library"));
  task.name = text_of(identity, "name");
  task.version = text_of(identity, "version");
  task.config = entry.config;
  const json::value* schema = identity.if_contains("config");
  manifest::check_options(manifest, "/task/config", task.config, schema ? *schema : json::value(),
                          "task '" + task.name + "'");
  return task;
}

}  // namespace

fs::path program_folder() { return fs::read_symlink("/proc/self/exe").parent_path(); }

chain::Catalogue scan_plugins(const CommandLine& line, const manifest::Manifest* manifest) {
  std::vector<fs::path> first = line.plugins;
  if (manifest) first.insert(first.end(), manifest->plugin_paths.begin(), manifest->plugin_paths.end());
  std::vector<chain::SearchFolder> folders = chain::plugin_search_path(first, program_folder());
  for (std::size_t i = 0; i < folders.size(); ++i)
    if (std::ranges::find(line.plugins, folders[i].path) != line.plugins.end()) folders[i].origin = "--plugins";
  return chain::Catalogue::scan(std::move(folders), manifest ? manifest->file.parent_path() : fs::current_path());
}

ResolvedRun resolve(const CommandLine& line) {
  ResolvedRun run{manifest::read(line.manifest, line.sets), {}, {}, {}};
  const chain::Catalogue catalogue = scan_plugins(line, &run.manifest);
  chain::TrustPolicy policy;
  policy.trusted = line.trusted;
  const auto note = [&](auto&& action) {
    try {
      action();
    } catch (const Failure& failure) {
      run.problems.push_back({failure.code(), failure.what()});
    }
  };
  if (run.manifest.task) note([&] { run.task = resolve_task(run.manifest, policy); });
  for (const manifest::CallbackEntry& entry : run.manifest.callbacks)
    note([&] { run.callbacks.push_back(resolve_callback(run.manifest, entry, catalogue, policy)); });
  return run;
}

}  // namespace tenon::cli
