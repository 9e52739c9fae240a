// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdio>

#include "cli/commands.hpp"
#include "cli/resolved_run.hpp"
#include "cli/terminal.hpp"
#include "manifest/json_text.hpp"

namespace tenon::cli {

namespace json = boost::json;

ExitCode manifest_check(const CommandLine& line) {
  ResolvedRun run;
  try {
    run = resolve(line);
  } catch (const Failure& failure) {
    run.problems.push_back({failure.code(), failure.what()});
  }
  const ExitCode code = run.problems.empty() ? ExitCode::ok : run.problems.front().code;
  if (line.json) {
    json::array problems, callbacks;
    for (const Problem& problem : run.problems)
      problems.push_back(json::object{{"exit_code", static_cast<int>(problem.code)}, {"message", problem.text}});
    for (const loop::ResolvedCallback& callback : run.callbacks) callbacks.emplace_back(callback.entry.id);
    print(manifest::json_text(
              json::object{{"manifest", line.manifest.string()},
                           {"ok", run.problems.empty()},
                           {"task", run.manifest.task ? json::value(run.manifest.task->library) : json::value()},
                           {"callbacks", callbacks},
                           {"problems", problems}}) +
          "\n");
    return code;
  }
  for (const Problem& problem : run.problems)
    std::fprintf(stderr, "%s\n", styled(problem.text, Style::error, STDERR_FILENO).c_str());
  if (run.problems.empty()) {
    std::string chain;
    for (const loop::ResolvedCallback& callback : run.callbacks)
      chain += (chain.empty() ? "" : " -> ") + callback.entry.id;
    print(line.manifest.string() + ": good; " +
          (run.manifest.task ? "task " + run.manifest.task->library
                             : "but nothing could be trained with it: there is no \"task\"") +
          ", chain " + (chain.empty() ? "empty" : chain) + "\n");
  }
  return code;
}

}  // namespace tenon::cli
