// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "behaviour_case.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <cmath>
#include <ostream>

#include "expectation.hpp"
#include "runs/program.hpp"

namespace conformance_test {

namespace {

json::array read_cases(const char* file) {
  return json::parse(runs_test::read(std::string(TENON_SOURCE_DIR) + "/tests/conformance/behaviour/" + file))
      .as_array();
}

const json::array& recorded_cases() {
  static const json::array cases = read_cases("behaviour_cases.json");
  return cases;
}

const json::value* part(const json::object& of, std::string_view key) {
  const json::value* found = of.if_contains(key);
  return found && !found->is_null() ? found : nullptr;
}

/// A manifest's entry. `mode` has no default here, where upstream silently takes "min".
json::object entry(const char* plugin, std::size_t number, json::object config) {
  if (part(config, "monitor") && !config.contains("mode")) config["mode"] = "min";
  return {{"plugin", plugin}, {"id", plugin + std::to_string(number)}, {"config", std::move(config)}};
}

/// Saves are waited for, so that decisions come in the same order each time.
json::object saver(std::size_t number, json::object config) {
  config["async"] = false;
  return entry("checkpoint", number, std::move(config));
}

void set_data(CaseRun& run) {
  const json::value* train = part(run.trainer, "limit_train_batches");
  if (train && train->is_int64()) run.train_batches = train->to_number<std::uint64_t>();
  const json::value* validation = part(run.trainer, "limit_val_batches");
  if (validation && validation->is_int64()) run.validation_batches = validation->to_number<std::uint64_t>();
  if (!run.trainer.contains("max_epochs")) run.trainer["max_epochs"] = 1;
  if (!part(run.trainer, "min_epochs")) run.trainer.erase("min_epochs");
  if (!part(run.trainer, "min_steps")) run.trainer.erase("min_steps");
}

CaseRun lightning_run(const json::object& options, const json::array& metrics) {
  CaseRun run;
  std::size_t number = 0;
  if (const json::value* list = part(options, "early_stopping"))
    for (const json::value& config : list->as_array())
      run.callbacks.push_back(entry("early_stopping", number++, config.as_object()));
  number = 0;
  if (const json::value* list = part(options, "checkpoint"))
    for (const json::value& config : list->as_array()) run.callbacks.push_back(saver(number++, config.as_object()));
  if (const json::value* trainer = part(options, "trainer")) run.trainer = trainer->as_object();
  run.metrics = metrics;
  if (const json::value* raise = part(options, "raise_at")) run.raise_at = raise->as_object();
  if (const json::value* seconds = part(options, "seconds_per_batch"))
    run.seconds_per_batch = seconds->to_number<double>();
  if (const json::value* model = part(options, "model")) {
    run.manual = true;

    if (const json::value* optimizers = part(model->as_object(), "n_opt"))
      run.optimizers = optimizers->to_number<std::uint64_t>();
  }
  if (const json::value* from = part(options, "resume_from")) run.resume_from = from->as_string();
  if (const json::value* gone = part(options, "delete_before"))
    for (const json::value& file : gone->as_array()) run.delete_before.emplace_back(file.as_string());
  set_data(run);
  return run;
}

/// Of epochs of one step each, with one value at the end of each.
CaseRun epochs_of(const json::array& sequence, const char* at) {
  CaseRun run;
  run.metrics = sequence;
  std::size_t epochs = 0;
  for (json::value& metric : run.metrics) {
    metric.as_object()["at"] = at;
    metric.as_object()["index"] = "epoch";
    epochs = std::max(epochs, metric.at("values").as_array().size());
    if (metric.at("name").is_null()) metric.as_object()["name"] = "unused";
  }
  run.trainer = {{"max_epochs", epochs}};
  run.train_batches = 1;
  return run;
}

/// Keras takes min_delta's size, does not ask whether a value is finite, and skips one that is missing.
CaseRun keras_run(const json::object& options, const json::array& sequence) {
  CaseRun run = epochs_of(sequence, "validation_epoch_end");
  json::object config = options.at("keras_early_stopping").as_object();
  config["strict"] = false;
  config["check_finite"] = false;
  if (json::value* delta = config.if_contains("min_delta")) *delta = std::fabs(delta->to_number<double>());
  run.callbacks.push_back(entry("early_stopping", 0, std::move(config)));
  if (const json::value* epoch = part(options, "external_stop_after_epoch"))
    run.stop_after_epoch = epoch->to_number<std::uint64_t>();
  return run;
}

CaseRun torchtnt_stopper(const json::object& options, const json::array& sequence) {
  CaseRun run = epochs_of(sequence, "validation_epoch_end");
  json::object config = options.at("tnt_early_stop_checker").as_object();
  config["monitor"] = "metric";
  if (const json::value* mode = config.if_contains("threshold_mode")) {
    config["min_delta_mode"] = *mode;
    config.erase("threshold_mode");
  }
  run.callbacks.push_back(entry("early_stopping", 0, std::move(config)));
  return run;
}

CaseRun torchtnt_saver(const json::object& options, const json::array& sequence) {
  const json::object& theirs = options.at("tnt_checkpointer").as_object();
  CaseRun run = epochs_of(sequence, "train_epoch_end");
  run.validation_batches = 0;
  json::object config{{"filename", "epoch_{epoch}_train_step_{step}"},
                      {"auto_insert_metric_name", false},
                      {"every_n_epochs", theirs.at("save_every_n_epochs")},
                      {"save_top_k", theirs.at("keep_last_n_checkpoints")},
                      {"monitor", "step"},
                      {"mode", "max"}};
  if (const json::value* best = part(theirs, "best_checkpoint_config")) {
    config["monitor"] = best->at("monitored_metric");
    config["mode"] = best->at("mode");
  }
  run.callbacks.push_back(saver(0, std::move(config)));
  return run;
}

/// A checkpoint is saved under a name made of what is logged, `epoch` and `step` among it.
CaseRun named_run(const json::object& format, const json::object& values) {
  CaseRun run;
  for (const auto& [name, value] : values)
    run.metrics.push_back({{"name", name}, {"at", "validation_epoch_end"}, {"values", {value}}, {"index", "call"}});
  json::object config;
  for (const char* key : {"filename", "auto_insert_metric_name"})
    if (const json::value* value = part(format, key)) config[key] = *value;
  run.callbacks.push_back(saver(0, std::move(config)));
  set_data(run);
  return run;
}

std::vector<CaseRun> runs_of(const json::object& recorded) {
  const json::object& options = recorded.at("options").as_object();
  const json::array& sequence = recorded.at("metric_sequence").as_array();
  if (const json::value* runs = part(options, "runs")) {
    std::vector<CaseRun> list;
    for (const json::value& run : runs->as_array())
      if (run.as_object().contains("trainer") && !run.as_object().contains("same_trainer"))
        list.push_back(lightning_run(run.as_object(), run.at("metrics").as_array()));
    return list.size() == runs->as_array().size() ? list : std::vector<CaseRun>();
  }
  if (options.contains("keras_early_stopping")) return {keras_run(options, sequence)};
  if (options.contains("tnt_early_stop_checker")) return {torchtnt_stopper(options, sequence)};
  if (options.contains("tnt_checkpointer")) return {torchtnt_saver(options, sequence)};
  if (const json::value* format = part(options, "format_name")) {
    const json::object& how = format->as_object();
    if (part(how, "prefix") || how.contains("CHECKPOINT_JOIN_CHAR")) return {};
    return {named_run(how, sequence.at(0).as_object())};
  }
  if (options.contains("model") && options.at("model").at("opt") == "manual_raw") return {};
  const bool is_plain = options.contains("trainer") || (options.size() == 1 && options.contains("checkpoint"));
  if (!is_plain || options.contains("world_size") || options.contains("plugins")) return {};
  return {lightning_run(options, sequence)};
}

std::vector<BehaviourCase> all_cases() {
  std::vector<BehaviourCase> cases;
  json::array all = recorded_cases();
  for (const json::value& own : read_cases("own_cases.json")) all.push_back(own);
  for (const json::value& each : all) {
    const json::object& recorded = each.as_object();
    BehaviourCase one;
    one.id = recorded.at("id").as_string();
    if (one.id.starts_with("fact.")) continue;
    one.runs = runs_of(recorded);
    if (one.runs.empty()) continue;
    if (const json::value* files = part(recorded, "initial_files"))
      for (const json::value& file : files->as_array()) {
        const std::string name(file.as_string());
        one.initial_files.push_back(name.ends_with(".ckpt") ? name : name + ".ckpt");
      }
    // A folder that is there before is no run's own.
    one.shares_folder = one.runs.size() > 1 || !one.initial_files.empty();
    one.expected = expectation_of(recorded);
    if (const json::value* checks = part(recorded.at("expected").as_object(), "es_trace");
        checks && recorded.at("upstream_verdict") == "conform" && one.runs.front().callbacks.size() == 1)
      one.checks = checks->as_array();
    cases.push_back(std::move(one));
  }
  return cases;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const BehaviourCase& which) { return out << which.id; }

std::vector<json::object> recorded_stops() {
  std::vector<json::object> stops;
  for (const json::value& each : recorded_cases())
    if (each.at("options").as_object().contains("stop_requested")) stops.push_back(each.as_object());
  return stops;
}

std::vector<std::string> recorded_ids() {
  std::vector<std::string> ids;
  for (const json::value& each : recorded_cases()) ids.emplace_back(each.at("id").as_string());
  return ids;
}

const std::vector<BehaviourCase>& behaviour_cases() {
  static const std::vector<BehaviourCase> cases = all_cases();
  return cases;
}

}  // namespace conformance_test
