// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// One run from a checked manifest to its end: what `tenon train` and tenon::Trainer share.
#ifndef TENON_LOOP_RUN_HPP
#define TENON_LOOP_RUN_HPP

#include <tenon/interruption.hpp>

#include <boost/json/object.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "loop/decisions.hpp"
#include "loop/engine.hpp"
#include "loop/loop.hpp"
#include "loop/predictions.hpp"
#include "loop/resolve.hpp"
#include "loop/restore_parts.hpp"
#include "manifest/manifest.hpp"

namespace tenon::loop {

struct RunRequest {
  std::filesystem::path run_folder;  ///< absolute; made once everything else is known to be right. A taken one gives
                                     ///< -v1, said in one line
  std::filesystem::path program_folder;        ///< Tenon's own plugins lie beside it
  std::vector<std::filesystem::path> plugins;  ///< folders of --plugins, looked in first
  std::vector<std::filesystem::path> trusted;  ///< folders of --trust
  InProcess in_process;                        ///< not looked for in any folder
  Decisions::Listener on_decision;             ///< may be empty
  bool on_terminal = false;                    ///< stdout is a terminal that callbacks may draw on
  bool stdout_taken = false;                   ///< callbacks leave stdout alone
  Stage stage = Stage::train;                  ///< or validation, test, predict
  std::filesystem::path weights;               ///< that the model starts with; empty: those that the task makes
  bool has_model = false;  ///< its weights come from elsewhere in this program's memory; the engine has them
  std::string resume;      ///< auto | last | best | best:ID | the path of a checkpoint; empty: a new run
  std::uint32_t restore = restore_everything;  ///< parts of that checkpoint; other than all begin a new run
  Interruption* interruption = nullptr;        ///< of a training; may be asked before it begins
  PredictionFormat format = PredictionFormat::safetensors;
  bool is_replay = false;  ///< the engine plays a recorded history; checkpoints have no tensors
};

struct RunOutcome {
  FitResult result;
  boost::json::object summary;
  std::string account;
  std::map<std::string, double> metrics;  ///< the last value of everything that was logged
  std::filesystem::path folder;           ///< the run's own; of a fast_dev_run it is gone
  std::filesystem::path predictions;      ///< the file, where the stage was predict
};

/// What the engine is made around. Both throw Failure.
struct TaskSource {
  /// Finds and checks the task before anything is loaded.
  std::function<ResolvedTask()> find;
  /// Makes the engine once the run's folder is claimed; `options` are those to train with.
  std::function<std::unique_ptr<Engine>(const ResolvedTask& task, const TrainerOptions& options)> make_engine;
};

/// Finds, checks and loads everything, claims the folder, makes the engine, trains or evaluates. Throws Failure where
/// nothing was trained: the folder is then empty as before. fast_dev_run works in a folder that is removed at the end.
/// Callbacks live on the calling thread.
RunOutcome run(const manifest::Manifest& manifest, const RunRequest& request, const TaskSource& source);

}  // namespace tenon::loop

#endif
