// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "behaviour_run.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "loop/run.hpp"
#include "loop/test_engine.hpp"
#include "manifest/json_text.hpp"
#include "manifest/manifest.hpp"
#include "replay/engine.hpp"

namespace conformance_test {

namespace fs = std::filesystem;
using namespace tenon;

namespace {

double number(const json::value& value) {
  if (value.is_number()) return value.to_number<double>();
  const double infinity = std::numeric_limits<double>::infinity();
  return value == "inf" ? infinity : value == "-inf" ? -infinity : std::numeric_limits<double>::quiet_NaN();
}

/// Logs what the case says, and fails where it says so.
class ScriptedEngine final : public tests::TestEngine {
 public:
  ScriptedEngine(const CaseRun& run, Told& told)
      : TestEngine(run.train_batches, run.validation_batches), run_(run), told_(told), calls_(run.metrics.size(), 0) {
    facts_.manual_optimization = run.manual;
    facts_.optimizers = static_cast<std::uint32_t>(run.optimizers);
    if (run.seconds_per_batch > 0.0) seconds = 0.0;
    on_training_step = [this](loop::MetricSink& sink) { script_step(sink); };
    on_evaluation_step = [this](loop::MetricSink& sink) {
      fail_if_asked("validation_step", evaluation_batch - 1);
      if (evaluation_batch == 1) log(sink, "validation_epoch_end", {});
    };
    on_end_epoch = [this](loop::MetricSink& sink) {
      log(sink, "train_epoch_end", {.on_step = false, .on_epoch = true});
    };
  }
  ~ScriptedEngine() override { told_.weights = static_cast<double>(weights_[0]); }

 private:
  void script_step(loop::MetricSink& sink) {
    if (seconds) *seconds += run_.seconds_per_batch;
    fail_if_asked("on_train_batch_start", batch - 1);
    fail_if_asked("training_step", batch - 1);
    log(sink, "train_step", {});
    if (!run_.manual) return;
    for (std::uint32_t i = 0; i < run_.optimizers; ++i) {
      listener->before_optimizer_step(i);
      optimizer_step(i, {});
      listener->after_optimizer_step(i);
    }
  }

  void fail_if_asked(const char* where, std::uint64_t which) const {
    const json::object& at = run_.raise_at;
    if (!at.empty() && at.at("where") == where && at.at("epoch").to_number<std::uint64_t>() == epoch &&
        at.at("batch_idx").to_number<std::uint64_t>() == which)
      throw std::runtime_error("Trouble!");
  }

  void log(loop::MetricSink& sink, const char* at, const LogOptions& options) {
    for (std::size_t i = 0; i < run_.metrics.size(); ++i) {
      const json::object& metric = run_.metrics[i].as_object();
      if (metric.at("at") != at) continue;
      if (metric.contains("formula")) {  // one there is
        sink.log(std::string_view(metric.at("name").as_string()), 10.0 * std::pow(0.999, steps), options);
        continue;
      }
      const json::array& values = metric.at("values").as_array();
      const json::value& index = metric.at("index");
      const std::size_t wanted = index == "epoch" ? epoch : index == "step" ? steps : calls_[i];
      ++calls_[i];
      const json::value& value = values.at(std::min(wanted, values.size() - 1));
      if (!value.is_null()) sink.log(std::string_view(metric.at("name").as_string()), number(value), options);
    }
  }

  const CaseRun& run_;
  Told& told_;
  std::vector<std::size_t> calls_;
};

/// Asks for the run's end when an epoch is over.
json::object stopper(std::uint64_t after_epoch) {
  const std::string limit = std::to_string(static_cast<double>(after_epoch) - 0.5);
  return {{"plugin", "early_stopping"},
          {"id", "somebody_else"},
          {"config",
           {{"monitor", "epoch"},
            {"mode", "max"},
            {"patience", 1000},
            {"check_on_train_epoch_end", true},
            {"stopping_threshold", std::stod(limit)}}}};
}

/// `folder`: of the checkpoints; empty where they lie in the run's own.
manifest::Manifest manifest_of(const CaseRun& run, const fs::path& folder) {
  json::array callbacks = run.callbacks;
  for (json::value& callback : callbacks) {
    json::object& config = callback.at("config").as_object();
    if (callback.at("plugin") != "checkpoint" || folder.empty()) continue;
    const json::value* given = config.if_contains("dirpath");
    config["dirpath"] = (given ? folder / std::string(given->as_string()) : folder).string();
  }
  if (run.stop_after_epoch != UINT64_MAX) callbacks.push_back(stopper(run.stop_after_epoch));
  callbacks.push_back(json::object{{"plugin", "jsonl_logger"}});
  json::object trainer = run.trainer;
  trainer.insert({{"num_sanity_val_steps", 0}, {"log_every_n_steps", 1}});  // where the case is silent
  const json::object document{{"trainer", trainer}, {"callbacks", callbacks}};
  return manifest::read_text(manifest::json_text(document), "run.json", {});
}

/// Paths in it are those in the case's folder.
std::string relative(std::string text, const fs::path& checkpoints) {
  const std::string beside = checkpoints.string() + "/", within = "\"checkpoints/";
  for (std::size_t at = 0; (at = text.find(beside, at)) != std::string::npos;) text.erase(at, beside.size());
  if (checkpoints.filename() != "checkpoints") return text;
  for (std::size_t at = 0; (at = text.find(within, at)) != std::string::npos;) text.replace(at, within.size(), "\"");
  return text;
}

loop::RunRequest request_for(const fs::path& run_folder, const fs::path& checkpoints, Told& told) {
  loop::RunRequest request;
  request.run_folder = run_folder;
  request.program_folder = runs_test::build_folder / "bin";
  request.on_decision = [&told, checkpoints](const loop::Decision& decision) {
    told.decisions.push_back(relative(manifest::json_text(loop::to_json(decision)), checkpoints));
  };
  return request;
}

void put_files(const std::vector<std::string>& names, const fs::path& folder) {
  for (const std::string& name : names) {
    fs::create_directories((folder / name).parent_path());
    std::ofstream(folder / name) << "somebody else's";
  }
}

void finish(const loop::RunOutcome& outcome, const fs::path& checkpoints, Told& told) {
  const std::string summary = relative(manifest::json_text(outcome.summary), checkpoints);
  told.summary = json::parse(summary).as_object();
  if (outcome.result.reason == TENON_END_FAILED) told.error = outcome.result.detail;
  told.history = outcome.folder / "metrics.jsonl";
  for (const std::string& line : runs_test::lines(runs_test::read(told.history)))
    told.validations += line.find("\"on_validation_end\"") != std::string::npos;
}

}  // namespace

fs::path BehaviourRun::folder() const { return which_.shares_folder ? here_ / "shared" : here_ / "run/checkpoints"; }

std::vector<Told> BehaviourRun::run() {
  put_files(which_.initial_files, folder());
  std::vector<Told> all;
  for (const CaseRun& one : which_.runs) all.push_back(run(one));
  return all;
}

Told BehaviourRun::run(const CaseRun& run) {
  for (const std::string& file : run.delete_before) fs::remove_all(folder() / file);
  Told told;
  loop::RunRequest request = request_for(here_ / "run", folder(), told);
  if (!run.resume_from.empty())
    request.resume = run.resume_from == "last" ? run.resume_from : (folder() / run.resume_from).string();
  loop::TaskSource source;
  source.find = [] { return loop::ResolvedTask(); };
  source.make_engine = [&](const loop::ResolvedTask&, const TrainerOptions&) -> std::unique_ptr<loop::Engine> {
    return std::make_unique<ScriptedEngine>(run, told);
  };
  try {
    finish(loop::run(manifest_of(run, which_.shares_folder ? folder() : fs::path()), request, source), folder(), told);
  } catch (const Failure& failure) {
    told.error = failure.what();
  }
  return told;
}

Told BehaviourRun::replay(const CaseRun& run, const Told& recorded) {
  const std::string name = "replay" + std::to_string(replays_++);
  const fs::path checkpoints = here_ / (name + (which_.shares_folder ? "-shared" : "/checkpoints"));
  put_files(which_.initial_files, checkpoints);
  const replay::History history = replay::read_history(recorded.history);
  Told told;
  loop::RunRequest request = request_for(here_ / name, checkpoints, told);
  request.is_replay = true;
  loop::TaskSource source;
  source.find = [] { return loop::ResolvedTask(); };
  source.make_engine = [&](const loop::ResolvedTask&, const TrainerOptions&) -> std::unique_ptr<loop::Engine> {
    return std::make_unique<replay::Engine>(history, "test");
  };
  try {
    finish(loop::run(manifest_of(run, which_.shares_folder ? checkpoints : fs::path()), request, source), checkpoints,
           told);
  } catch (const Failure& failure) {
    told.error = failure.what();
  }
  return told;
}

}  // namespace conformance_test
