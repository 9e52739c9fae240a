// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// `tenon replay`: what a manifest's callbacks would have decided over a recorded history.
#include "replay/engine.hpp"

#include <iomanip>
#include <sstream>

#include "chain/breadcrumb.hpp"
#include "chain/log.hpp"
#include "cli/commands.hpp"
#include "cli/resolved_run.hpp"
#include "cli/terminal.hpp"
#include "loop/run.hpp"
#include "loop/run_folder.hpp"
#include "manifest/json_text.hpp"
#include "replay/history.hpp"
#include "tenon/harmless_text.hpp"

namespace tenon::cli {

namespace {

/// "epoch 0, step 2     best      save  checkpoints/epoch=0.ckpt  (val_loss 0.7 enters the best 3)"
std::string decision_line(const loop::Decision& decision, std::size_t id_width) {
  std::ostringstream line;
  const std::string when =
      "epoch " + std::to_string(decision.progress.epoch) + ", step " + std::to_string(decision.progress.step);
  line << std::left << std::setw(20) << when << "  " << std::setw(static_cast<int>(id_width))
       << (decision.callback_id.empty() ? "-" : decision.callback_id) << "  " << std::setw(7)
       << loop::action_name(decision.action);
  if (!decision.path.empty()) line << "  " << decision.path;
  if (!decision.target.empty()) line << " -> " << decision.target;
  if (!decision.reason.empty())
    line << (decision.path.empty() ? "  " : "  (") << decision.reason << (decision.path.empty() ? "" : ")");
  return terminal_text(line.str()) + "\n";
}

std::size_t widest_id(const manifest::Manifest& manifest) {
  std::size_t width = 1;
  for (const manifest::CallbackEntry& entry : manifest.callbacks) width = std::max(width, entry.id.size());
  return width;
}

}  // namespace

ExitCode replay_manifest(const CommandLine& line) {
  const manifest::Manifest manifest = manifest::read(line.manifest, line.sets);
  const replay::History history = replay::read_history(line.metrics);
  for (const std::string& remark : history.remarks) chain::log(TENON_LOG_WARN, "", remark);
  chain::install_crash_handler();  // before the first code of a plugin runs

  loop::RunRequest wanted;
  wanted.is_replay = true;
  wanted.run_folder =
      line.out.empty() ? loop::default_run_folder(manifest.trainer, manifest.name + "-replay", Stage::train) : line.out;
  wanted.program_folder = program_folder();
  wanted.plugins = line.plugins;
  wanted.trusted = line.trusted;
  wanted.stdout_taken = line.json;
  const std::size_t width = widest_id(manifest);
  wanted.on_decision = [&](const loop::Decision& decision) {
    print(line.json ? manifest::json_text(loop::to_json(decision)) + "\n" : decision_line(decision, width));
  };

  loop::TaskSource source;
  source.find = [&] {
    loop::ResolvedTask task;
    if (manifest.task) task.config = manifest.task->config;  // unchecked: a replay needs no task
    return task;
  };
  source.make_engine = [&](const loop::ResolvedTask&, const TrainerOptions&) {
    return std::make_unique<replay::Engine>(history, manifest.task ? manifest.task->library : "");
  };
  const loop::RunOutcome outcome = loop::run(manifest, wanted, source);

  if (line.json)
    print(manifest::json_text(boost::json::object{{"summary", outcome.summary}}) + "\n");
  else
    print("\n" + outcome.account + "replay folder: " + outcome.folder.string() + "\n");
  if (outcome.result.exit != ExitCode::ok) chain::log(TENON_LOG_ERROR, "", outcome.result.detail);
  return outcome.result.exit;
}

}  // namespace tenon::cli
