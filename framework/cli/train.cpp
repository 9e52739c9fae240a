// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/train.hpp"

#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/resolved_run.hpp"

namespace tenon::cli {

ExitCode train(const CommandLine& line) {
  manifest::Manifest manifest = manifest::read(line.manifest, line.sets);
  manifest.plugin_paths.insert(manifest.plugin_paths.begin(), line.plugins.begin(), line.plugins.end());
  loop::TrainRequest request;
  request.run_folder = line.out.empty() ? std::filesystem::current_path() / "runs" / manifest.name : line.out;
  request.program_folder = program_folder();
  request.trusted = line.trusted;
  request.json = line.json;
  request.on_terminal = isatty(STDOUT_FILENO) == 1;
  return loop::train(manifest, request);
}

}  // namespace tenon::cli
