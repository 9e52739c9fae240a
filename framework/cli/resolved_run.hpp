// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A manifest against what is installed: every plugin and the task found, all options checked. No code is loaded.
#ifndef TENON_CLI_RESOLVED_RUN_HPP
#define TENON_CLI_RESOLVED_RUN_HPP

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "chain/catalogue.hpp"
#include "cli/command_line.hpp"
#include "loop/resolve.hpp"
#include "manifest/manifest.hpp"
#include "tenon/failure.hpp"

namespace tenon::cli {

struct Problem {
  ExitCode code;
  std::string text;
};

struct ResolvedRun {
  manifest::Manifest manifest;
  std::optional<loop::ResolvedTask> task;         ///< empty where it has a problem, too
  std::vector<loop::ResolvedCallback> callbacks;  ///< those without a problem
  std::vector<Problem> problems;                  ///< in the manifest's order: task, callbacks
};

/// The folder of the running program.
std::filesystem::path program_folder();

/// Where plugins are looked for: --plugins, then DESIGN 4's order.
chain::Catalogue scan_plugins(const CommandLine& line, const manifest::Manifest* manifest);

/// Throws Failure where the manifest itself is refused; what is wrong with plugins and options is listed.
ResolvedRun resolve(const CommandLine& line);

}  // namespace tenon::cli

#endif
