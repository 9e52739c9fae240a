// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/train.hpp"

#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/resolved_run.hpp"

namespace tenon::cli {

namespace {

struct Kind {
  Stage stage;
  const char* suffix;  ///< of the run's folder: an evaluation does not stand in the training's way
};

Kind kind_of(Command command) {
  switch (command) {
    case Command::validate:
      return {Stage::validation, "-validate"};
    case Command::test:
      return {Stage::test, "-test"};
    case Command::predict:
      return {Stage::predict, "-predict"};
    default:
      return {Stage::train, ""};
  }
}

}  // namespace

ExitCode run_manifest(const CommandLine& line) {
  manifest::Manifest manifest = manifest::read(line.manifest, line.sets);
  manifest.plugin_paths.insert(manifest.plugin_paths.begin(), line.plugins.begin(), line.plugins.end());
  const Kind kind = kind_of(line.command);
  const std::string root = manifest.trainer.default_root_dir.empty() ? "runs" : manifest.trainer.default_root_dir;
  loop::TrainRequest request;
  request.run_folder =
      line.out.empty() ? std::filesystem::current_path() / root / (manifest.name + kind.suffix) : line.out;
  request.program_folder = program_folder();
  request.trusted = line.trusted;
  request.json = line.json;
  request.on_terminal = isatty(STDOUT_FILENO) == 1;
  request.stage = kind.stage;
  request.weights = line.weights;
  request.format = line.csv ? loop::PredictionFormat::csv : loop::PredictionFormat::safetensors;
  return loop::train(manifest, request);
}

}  // namespace tenon::cli
