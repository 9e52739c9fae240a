// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/resolve.hpp"

#include <tenon/failure.hpp>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <stdexcept>

#include "chain/library_section.hpp"
#include "chain/log.hpp"

namespace tenon::loop {

namespace json = boost::json;

namespace {

std::filesystem::path find_task(const manifest::Manifest& manifest, const std::filesystem::path& program_folder) {
  const std::filesystem::path folder = manifest.file.parent_path();
  try {
    return chain::find_task_library(manifest.task->library, chain::task_search_path(program_folder, folder), folder);
  } catch (const Failure& failure) {
    throw Failure(failure.code(), manifest.where("/task/library") + ": " + failure.what());
  }
}

json::object read_task_identity(const std::filesystem::path& library, const std::string& where) {
  const auto refuse = [&](const std::string& why) {
    return Failure(ExitCode::task, where + ": '" + library.string() + "' " + why +
                                       ": a task library is built with tenon_add_task and TENON_TASK");
  };
  try {
    const std::optional<std::string> section = chain::read_library_section(library, ".tenon.task");
    if (!section) throw refuse("is not a task (it has no section .tenon.task)");
    boost::system::error_code wrong;
    const json::value identity = json::parse(*section, wrong);
    if (wrong || !identity.is_object() || !identity.get_object().contains("tenon_task"))
      throw refuse("has a damaged identity");
    return identity.get_object();
  } catch (const chain::NotALibrary& error) {
    throw refuse(error.what());
  }
}

chain::Kind own_kind(const tenon_descriptor& descriptor, const std::string& where) {
  try {
    return chain::kind_of(descriptor);
  } catch (const std::runtime_error& error) {
    throw Failure(ExitCode::plugin, where + ": the callback registered in-process " + error.what());
  }
}

void warn_if_missing(const std::filesystem::path& folder, const std::string& where) {
  std::error_code none;
  if (std::filesystem::is_directory(folder, none)) return;
  const std::string name = "'" + folder.lexically_normal().string() + "'";
  chain::log(TENON_LOG_WARN, "",
             where + ": " +
                 (std::filesystem::exists(folder, none) ? name + " is no folder" : "there is no folder " + name) +
                 ", so that no plugin is found there; correct it or leave it out");
}

/// Its options checked, defaults filled in.
ResolvedCallback with_options(const manifest::Manifest& manifest, const manifest::CallbackEntry& entry,
                              chain::Choice choice) {
  ResolvedCallback resolved{entry, std::move(choice)};
  manifest::check_options(manifest, entry.pointer + "/config", resolved.entry.config,
                          resolved.choice.kind.options_schema, "plugin '" + resolved.choice.kind.name + "'");
  return resolved;
}

}  // namespace

chain::Catalogue catalogue_of(const manifest::Manifest& manifest, const std::filesystem::path& program_folder,
                              std::span<const std::filesystem::path> command_line) {
  for (const std::filesystem::path& folder : command_line) warn_if_missing(folder, "--plugins");
  for (std::size_t i = 0; i < manifest.plugin_paths.size(); ++i)
    warn_if_missing(manifest.plugin_paths[i], manifest.where("/plugins/paths/" + std::to_string(i)));
  return chain::Catalogue::scan(chain::plugin_search_path(command_line, manifest.plugin_paths, program_folder),
                                manifest.file.parent_path());
}

ResolvedCallback resolve_callback(const manifest::Manifest& manifest, const manifest::CallbackEntry& entry,
                                  const chain::Catalogue& catalogue) {
  return with_options(manifest, entry, catalogue.find(entry.plugin, manifest.where(entry.pointer + "/plugin")));
}

void tell_duplicates(const std::vector<ResolvedCallback>& resolved, const chain::Catalogue& catalogue) {
  for (const chain::Duplicate& duplicate : catalogue.duplicates())
    if (std::any_of(resolved.begin(), resolved.end(), [&](const ResolvedCallback& callback) {
          const chain::Kind& kind = callback.choice.kind;
          return callback.choice.file == duplicate.used && (kind.name == duplicate.name || kind.id == duplicate.name);
        }))
      chain::log(TENON_LOG_INFO, "",
                 "plugin '" + duplicate.name + "' is taken from '" + duplicate.used.string() +
                     "', which comes before '" + duplicate.ignored.string() + "'");
}

std::vector<ResolvedCallback> resolve_callbacks(const manifest::Manifest& manifest, const chain::Catalogue& catalogue,
                                                const InProcess& in_process) {
  std::vector<ResolvedCallback> resolved;
  Refusals refusals;
  for (const manifest::CallbackEntry& entry : manifest.callbacks)
    refusals.gather([&] {
      const auto own = in_process.find(entry.id);
      resolved.push_back(
          own == in_process.end()
              ? resolve_callback(manifest, entry, catalogue)
              : with_options(manifest, entry, {{}, own_kind(*own->second, manifest.where(entry.pointer))}));
    });
  refusals.throw_if_any();
  tell_duplicates(resolved, catalogue);
  return resolved;
}

ResolvedTask resolve_task(const manifest::Manifest& manifest, const std::filesystem::path& program_folder) {
  if (!manifest.task)
    throw Failure(ExitCode::manifest, manifest.where("") +
                                          ": there is no \"task\": name the library of what is to be trained, as in "
                                          "\"task\": {\"library\": \"digits\"}");
  ResolvedTask task;
  task.library = find_task(manifest, program_folder);
  task.identity = read_task_identity(task.library, manifest.where("/task/library"));
  task.config = manifest.task->config;
  const json::value* schema = task.identity.if_contains("config");
  manifest::check_options(manifest, "/task/config", task.config, schema ? *schema : json::value(nullptr),
                          "task '" + manifest.task->library + "'");
  return task;
}

json::object resolved_document(const manifest::Manifest& manifest, const std::vector<ResolvedCallback>& callbacks,
                               const ResolvedTask& task) {
  json::object document = manifest.document;
  if (json::value* list = document.if_contains("callbacks"))
    for (std::size_t i = 0; i < callbacks.size(); ++i) {
      json::object& entry = list->as_array().at(i).as_object();
      entry["id"] = callbacks[i].entry.id;
      entry["config"] = callbacks[i].entry.config;
    }
  if (json::value* entry = document.if_contains("task")) entry->as_object()["config"] = task.config;
  return document;
}

}  // namespace tenon::loop
