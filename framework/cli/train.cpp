// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/train.hpp"

#include <unistd.h>

#include "cli/commands.hpp"
#include "cli/resolved_run.hpp"
#include "loop/run_folder.hpp"

namespace tenon::cli {

namespace {

Stage stage_of(Command command) {
  switch (command) {
    case Command::validate:
      return Stage::validation;
    case Command::test:
      return Stage::test;
    case Command::predict:
      return Stage::predict;
    default:
      return Stage::train;
  }
}

}  // namespace

ExitCode run_manifest(const CommandLine& line) {
  const manifest::Manifest manifest = manifest::read(line.manifest, line.sets);
  loop::TrainRequest request;
  request.plugins = line.plugins;
  request.stage = stage_of(line.command);
  request.run_folder =
      line.out.empty() ? loop::default_run_folder(manifest.trainer, manifest.name, request.stage) : line.out;
  request.program_folder = program_folder();
  request.trusted = line.trusted;
  request.json = line.json;
  request.on_terminal = isatty(STDOUT_FILENO) == 1;
  request.weights = line.weights;
  request.resume = line.resume;
  request.restore = line.restore;
  request.format = line.csv ? loop::PredictionFormat::csv : loop::PredictionFormat::safetensors;
  return loop::train(manifest, request);
}

}  // namespace tenon::cli
