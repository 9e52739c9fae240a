// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/resolved_run.hpp"
#include "cli/terminal.hpp"
#include "manifest/json_text.hpp"

namespace tenon::cli {
namespace {

namespace json = boost::json;

// What the plugin suggests stands in its entry, which is not read here: nothing is loaded.
const char* const plugins_choice = "the plugin's choice";

std::string chain_text(const ResolvedRun& run) {
  std::vector<std::vector<std::string>> rows{{"", "id", "plugin", "on_error", "options"}};
  for (std::size_t i = 0; i < run.callbacks.size(); ++i) {
    const loop::ResolvedCallback& callback = run.callbacks[i];
    rows.push_back({std::to_string(i), callback.entry.id,
                    callback.choice.kind.name + " " + callback.choice.kind.version,
                    callback.entry.on_error.value_or(plugins_choice), manifest::json_text(callback.entry.config)});
  }
  if (rows.size() == 1) return "The chain is empty: nothing is saved, logged or stopped.\n";
  return table(rows, "");
}

json::object chain_json(const ResolvedRun& run) {
  json::array callbacks;
  for (const loop::ResolvedCallback& callback : run.callbacks) {
    const chain::Kind& kind = callback.choice.kind;
    callbacks.push_back(
        json::object{{"id", callback.entry.id},
                     {"plugin", kind.name},
                     {"plugin_id", kind.id},
                     {"version", kind.version},
                     {"file", callback.choice.file.string()},
                     {"on_error", callback.entry.on_error ? json::value(*callback.entry.on_error) : json::value()},
                     {"options", callback.entry.config}});
  }
  return {{"manifest", run.manifest.file.string()}, {"callbacks", callbacks}};
}

}  // namespace

ExitCode plugins_chain(const CommandLine& line) {
  const ResolvedRun run = resolve(line);
  std::string problems;
  for (const Problem& problem : run.problems) problems += (problems.empty() ? "" : "\n") + problem.text;
  if (!problems.empty()) throw Failure(run.problems.front().code, problems);
  print(line.json ? manifest::json_text(chain_json(run)) + "\n" : chain_text(run));
  return ExitCode::ok;
}

}  // namespace tenon::cli
