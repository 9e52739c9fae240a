// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "lightning_run.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value_to.hpp>

#include "manifest/manifest.hpp"

namespace tenon::tests {

namespace json = boost::json;

namespace {

/// The case's options, read as a user's manifest is read.
TrainerOptions options_of(const LightningCase& which) {
  json::object trainer = which.recorded.at("trainer").as_object();
  trainer.insert({{"num_sanity_val_steps", 0}, {"log_every_n_steps", 1}});  // where the case is silent
  const std::string text = json::serialize(json::object{{"trainer", trainer}});
  return with_debugging(manifest::read_text(text, "run.json", {}).trainer);
}

std::vector<std::uint64_t> batches(const json::object& data, std::string_view loaders) {
  const json::value* sizes = data.if_contains(loaders);
  return sizes ? json::value_to<std::vector<std::uint64_t>>(*sizes) : std::vector<std::uint64_t>();
}

Stage stage_of(const LightningCase& which) {
  const std::string_view command = which.recorded.at("command").as_string();
  return command == "fit"        ? Stage::train
         : command == "validate" ? Stage::validation
         : command == "test"     ? Stage::test
                                 : Stage::predict;
}

/// Whether the script names this place: [name, epoch, batch].
bool is_at(const json::value& place, std::string_view name, std::uint64_t epoch, std::uint64_t batch) {
  return place.at(0).as_string() == name && place.at(1).to_number<std::uint64_t>() == epoch &&
         place.at(2).to_number<std::uint64_t>() == batch;
}

}  // namespace

LightningRun::LightningRun(const LightningCase& which)
    : which_(which), engine_(which.part("data", "train")->to_number<std::uint64_t>()), run_(engine_, which.id) {
  const json::object& data = which.recorded.at("data").as_object();
  run_.stage = stage_of(which);
  engine_.facts_.validation_batches = batches(data, "val");
  engine_.facts_.test_batches = batches(data, "test");
  engine_.facts_.predict_batches = batches(data, "predict");
  if (data.contains("stream")) {
    engine_.facts_.train_batches = TENON_UNKNOWN;
    engine_.stream_batches = engine_.facts_.validation_batches.at(0);
    engine_.facts_.validation_batches = {TENON_UNKNOWN};
  }
  engine_.facts_.manual_optimization = which.part("model", "manual") != nullptr;
  if (const json::value* optimizers = which.part("model", "optimizers"))
    engine_.facts_.optimizers = optimizers->to_number<std::uint32_t>();
  engine_.seconds = 0.0;
  engine_.on_training_step = [this](loop::MetricSink& sink) { training_step(sink); };
  engine_.on_evaluation_step = [this](loop::MetricSink& sink) { evaluation_step(sink); };
  engine_.on_step_schedulers = [this](loop::ScheduleMoment moment, const loop::MetricReader& metrics) {
    if (step_schedule) step_schedule(moment, metrics);
  };
  Probe& probe = run_.probe("recorder");
  probe.on_any = [this, &probe](std::uint32_t hook, const void* args) { note(probe, hook, args); };
}

void LightningRun::run() {
  run_.options = options_of(which_);
  result = run_.run();
}

void LightningRun::fail_if_scripted(std::string_view name, std::uint64_t epoch, std::uint64_t batch) const {
  const json::value* place = which_.part("script", "raise");
  if (place && is_at(*place, name, epoch, batch)) throw std::runtime_error("as scripted");
}

void LightningRun::training_step(loop::MetricSink& sink) {
  ++training_steps;
  *engine_.seconds += 1.0;
  if (learning_rate) rates.push_back(learning_rate());
  if (which_.recorded.contains("log")) {
    sink.log("x", 1.0, {});
    sink.log("x_mean", 1.0, {.on_step = false, .on_epoch = true});
  }
  fail_if_scripted("training_step", engine_.epoch, engine_.batch - 1);
  if (engine_.facts_.manual_optimization) step_by_hand();
}

void LightningRun::step_by_hand() {
  const json::value* each = which_.part("model", "steps_each");
  for (std::uint32_t i = 0; i < engine_.facts_.optimizers; ++i) {
    if (each && engine_.batch % each->at(i).to_number<std::uint64_t>() != 0) continue;
    engine_.listener->before_backward();
    engine_.listener->after_backward();
    engine_.listener->before_optimizer_step(i);
    engine_.optimizer_step(i, {});
    engine_.listener->after_optimizer_step(i);
  }
}

void LightningRun::evaluation_step(loop::MetricSink& sink) {
  ++evaluation_steps;
  if (which_.recorded.contains("log")) sink.log("v", static_cast<double>(engine_.steps), {.goal = Goal::minimize});
  const bool tests = run_.stage == Stage::test;
  fail_if_scripted(tests ? "test_step" : "validation_step", engine_.epoch, engine_.evaluation_batch - 1);
  if (in_sanity_) ++sanity_batches;
}

/// Lightning counts the steps of every optimizer.
std::uint64_t LightningRun::counted(const tenon_progress& p) const {
  return engine_.facts_.manual_optimization ? p.optimizer_steps : p.step;
}

void LightningRun::note_logged(const tenon_metrics_args& args) {
  for (std::uint64_t i = 0; i < args.metric_count; ++i)
    logged[std::string(view(args.metrics[i].name))].push_back(args.progress->step);
}

void LightningRun::note(Probe& probe, std::uint32_t hook, const void* args) {
  if (hook == TENON_HOOK(on_metrics)) note_logged(*static_cast<const tenon_metrics_args*>(args));
  const std::string name = chain::hook_name(hook);
  const auto code = lightning_recording().codes.find(name);
  if (code == lightning_recording().codes.end()) return;
  // All arguments begin with the same three members.
  const tenon_progress& p = *static_cast<const tenon_event_args*>(args)->progress;
  in_sanity_ = p.stage == TENON_STAGE_SANITY;
  if (name == "on_before_zero_grad") {
    ++zero_grads;
    return;
  }
  std::string event =
      code->second + ":" + std::to_string(p.epoch) + "." + std::to_string(p.batch) + "." + std::to_string(counted(p));
  if (name.find("_batch_") != std::string::npos && !name.starts_with("on_train"))
    event += "." + std::to_string(p.stage_batch - name.ends_with("_end")) + "." + std::to_string(p.dataloader_index);
  events.push_back(without_epoch(event));
  if (const json::value* stops = which_.part("script", "stop"))
    for (const json::value& place : stops->as_array())
      if (is_at(place, name, p.epoch, p.batch)) Run(Host(probe.host)).request_stop("as scripted");
  fail_if_scripted(name, p.epoch, p.batch);
}

}  // namespace tenon::tests
