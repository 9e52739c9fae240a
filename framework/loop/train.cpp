// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/train.hpp"

#include <cstdio>

#include "chain/breadcrumb.hpp"
#include "chain/log.hpp"
#include "chain/trust.hpp"
#include "loop/open_engine.hpp"
#include "loop/resolve.hpp"
#include "loop/run.hpp"
#include "loop/signals.hpp"
#include "manifest/json_text.hpp"

namespace tenon::loop {

namespace json = boost::json;

namespace {

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

EngineRequest engine_request(const manifest::Manifest& manifest, const ResolvedTask& task,
                             const TrainerOptions& options, Stage stage) {
  EngineRequest r;
  r.task_library = task.library;
  r.task_identity = task.identity;
  r.task_config = task.config;
  r.manifest_folder = manifest.file.parent_path();
  r.options = options;
  r.stage = stage;
  return r;
}

std::string where_things_are(const manifest::Manifest& manifest, const RunOutcome& outcome) {
  if (manifest.trainer.fast_dev_run) return "fast_dev_run: everything was tried, nothing is kept\n";
  return (outcome.predictions.empty() ? "" : "predictions: " + outcome.predictions.string() + "\n") +
         "run folder: " + outcome.folder.string() + "\n";
}

}  // namespace

ExitCode train(const manifest::Manifest& manifest, const TrainRequest& request) {
  chain::install_crash_handler();  // before the first code of a plugin runs
  RunRequest wanted;
  wanted.run_folder = request.run_folder;
  wanted.program_folder = request.program_folder;
  wanted.plugins = request.plugins;
  wanted.trusted = request.trusted;
  wanted.on_terminal = request.on_terminal;
  wanted.stdout_taken = request.json;
  wanted.stage = request.stage;
  wanted.weights = request.weights;
  wanted.resume = request.resume;
  wanted.restore = request.restore;
  wanted.format = request.format;
  if (request.json) wanted.on_decision = [](const Decision& d) { print(manifest::json_text(to_json(d)) + "\n"); };
  TaskSource source;
  source.find = [&] {
    ResolvedTask task = resolve_task(manifest, request.program_folder);
    chain::TrustPolicy policy;
    policy.trusted = request.trusted;
    chain::check_trust(task.library, policy);
    return task;
  };
  source.make_engine = [&](const ResolvedTask& task, const TrainerOptions& options) {
    return open_torch_engine(engine_request(manifest, task, options, request.stage));
  };
  Interruption interruption;
  std::optional<SignalWatch> watch;
  if (request.stage == Stage::train) {
    wanted.interruption = &interruption;
    watch.emplace(interruption);
  }
  const RunOutcome outcome = run(manifest, wanted, source);

  if (request.json)
    print(manifest::json_text(json::object{{"summary", outcome.summary}}) + "\n");
  else
    print((request.stage == Stage::train ? "\n" : "") + outcome.account + where_things_are(manifest, outcome));
  if (outcome.result.reason == TENON_END_INTERRUPTED)
    chain::log(TENON_LOG_WARN, "",
               "interrupted by " + outcome.result.detail + ", the state is saved: the same command with --out " +
                   outcome.folder.string() + " --resume auto goes on from there");
  if (outcome.result.reason == TENON_END_FAILED) chain::log(TENON_LOG_ERROR, "", outcome.result.detail);
  return outcome.result.exit;
}

}  // namespace tenon::loop
