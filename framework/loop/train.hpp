// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// `tenon train`: from a manifest to the end of its run.
#ifndef TENON_LOOP_TRAIN_HPP
#define TENON_LOOP_TRAIN_HPP

#include <tenon/failure.hpp>

#include <filesystem>
#include <vector>

#include "loop/engine.hpp"
#include "loop/predictions.hpp"
#include "loop/restore_parts.hpp"
#include "manifest/manifest.hpp"

namespace tenon::loop {

struct TrainRequest {
  std::filesystem::path run_folder;  ///< absolute; made once everything else is known to be right. A taken one gives
                                     ///< -v1, said in one line
  std::filesystem::path program_folder;  ///< of the `tenon` program: plugins, tasks and libtenon_torch lie beside it
  std::vector<std::filesystem::path> plugins;  ///< folders of --plugins
  std::vector<std::filesystem::path> trusted;  ///< folders of --trust
  bool json = false;                           ///< decisions and summary as JSON lines on stdout, nothing else there
  bool on_terminal = false;                    ///< stdout is a terminal
  Stage stage = Stage::train;                  ///< or validation, test, predict
  std::filesystem::path weights;               ///< that the model starts with; empty: those that the task makes
  std::string resume;  ///< auto | last | best | best:ID | the path of a checkpoint; empty: a new run
  std::uint32_t restore = restore_everything;  ///< parts of that checkpoint; other than all begin a new run
  PredictionFormat format = PredictionFormat::safetensors;
};

/// Finds and checks everything, opens the engine, trains, prints the account. Answers how the program is to exit;
/// throws Failure where nothing could be started. LibTorch is loaded here and nowhere before.
ExitCode train(const manifest::Manifest& manifest, const TrainRequest& request);

}  // namespace tenon::loop

#endif
