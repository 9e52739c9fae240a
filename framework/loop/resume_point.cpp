// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/resume_point.hpp"

#include <tenon/failure.hpp>

#include <map>
#include <stdexcept>
#include <string_view>

#include "checkpoint/format.hpp"
#include "loop/document_members.hpp"
#include "loop/saved_json.hpp"
#include "loop/snapshot.hpp"
#include "tenon/json_text.hpp"

namespace tenon::loop {

namespace json = boost::json;

namespace {

constexpr std::string_view callback_prefix = "callback_state/";

std::uint64_t whole(const json::object& from, std::string_view key) { return from.at(key).to_number<std::uint64_t>(); }

Phase phase_of(std::string_view name) {
  for (const Phase phase : {Phase::batch, Phase::epoch_end, Phase::final})
    if (name == phase_name(phase)) return phase;
  throw std::invalid_argument("\"phase\" is '" + std::string(name) + "'");
}

SavedPosition position_of(const json::object& document) {
  const json::object& point = document.at("commit_point").as_object();
  const json::object& position = document.at("position").as_object();
  const json::object& progress = document.at("progress").as_object();
  SavedPosition p;
  p.phase = phase_of(point.at("phase").as_string());
  p.inside_epoch = position.at("inside_epoch").as_bool();
  p.sequence = whole(document, "sequence");
  p.epoch = whole(position, "epoch");
  p.batch = whole(position, "batch");
  p.epoch_samples = whole(position, "samples");
  p.completed_epochs = whole(progress, "epochs");
  p.total_batches = whole(progress, "batches");
  p.step = whole(progress, "step");
  p.optimizer_steps = whole(progress, "optimizer_steps");
  p.samples = whole(progress, "samples");
  p.validations = whole(progress, "validations");
  p.seconds = saved_number(progress.at("seconds"));
  if (const json::value* stopped = document.if_contains("stopped")) p.stopped_by = stopped->as_string();
  return p;
}

SavedWeightRequest weight_request_of(const json::object& o) {
  SavedWeightRequest saved;
  saved.callback = o.at("callback").as_string();
  WeightRequest& r = saved.request;
  r.ticket = o.at("ticket").to_number<tenon_ticket>();
  r.request = o.at("request").to_number<std::int32_t>();
  r.scope = o.at("scope").to_number<std::int32_t>();
  r.when = o.at("when").to_number<std::int32_t>();
  r.from = std::string_view(o.at("from").as_string());
  r.reason = o.at("reason").as_string();
  if (const json::value* below = o.if_contains("below_run")) saved.below_run = std::string_view(below->as_string());
  if (const json::value* copy = o.if_contains("copy")) r.copy = copy->to_number<tenon_ticket>();
  return saved;
}

std::string text(const json::value& value) { return json_text(value); }

void add_difference(std::vector<std::string>& to, const std::string& what, const std::string& saved,
                    const std::string& now) {
  to.push_back(what + ": " + saved + " in the checkpoint, " + now + " now");
}

void compare_objects(const std::string& what, const json::object& saved, const json::object& now,
                     std::vector<std::string>& to) {
  for (const auto& [key, value] : now) {
    const json::value* before = saved.if_contains(key);
    if (before == nullptr || *before != value)
      add_difference(to, what + std::string(key), before ? text(*before) : "not given", text(value));
  }
  for (const auto& [key, value] : saved)
    if (!now.contains(key)) add_difference(to, what + std::string(key), text(value), "not given");
}

checkpoint::LoadedTensors loaded(const checkpoint::Checkpoint& from, std::string_view file) {
  const std::string path = from.path().string();
  if (from.is_replay() || !from.is_full())
    throw Failure(ExitCode::checkpoint,
                  "'" + path + "' " + (from.is_replay() ? "was made by a replay" : "holds weights only") +
                      ": nothing can be resumed from it; `--weights " + path + "` starts a new run with such weights");
  try {
    return from.load(file);
  } catch (const checkpoint::ReadError& error) {
    throw Failure(ExitCode::checkpoint, error.what());
  }
}

}  // namespace

ResumePoint::ResumePoint(const checkpoint::Checkpoint& from, std::uint32_t parts, bool stops_are_done)
    : ResumePoint(from, loaded(from, checkpoint::model_file), loaded(from, checkpoint::training_file), parts,
                  stops_are_done) {}

ResumePoint::ResumePoint(const checkpoint::Checkpoint& from, checkpoint::LoadedTensors model,
                         checkpoint::LoadedTensors training, std::uint32_t parts, bool stops_are_done)
    : path_(from.path()),
      parts_(parts),
      document_(from.document()),
      model_tensors_(std::move(model)),
      training_tensors_(std::move(training)) {
  try {
    if (const std::string wrong = wrong_member(document_); !wrong.empty()) throw std::invalid_argument(wrong);
    read();
  } catch (const std::exception& error) {
    throw Failure(ExitCode::checkpoint,
                  "'" + path_.string() + "' is whole, but not of a kind that this version of Tenon can resume from (" +
                      error.what() + "); `--weights " + path_.string() + "` starts a new run with its weights");
  }
  stops_are_done_ = stops_are_done;
  if (stops_are_done) position_.stopped_by.clear();
}

void ResumePoint::read() {
  for (const checkpoint::TensorRecord& record : model_tensors_.records) weights_.push_back(to_engine_tensor(record));
  std::map<std::string_view, std::span<const std::byte>> states;
  for (const checkpoint::TensorRecord& record : training_tensors_.records) {
    if (record.name.starts_with(callback_prefix))
      states[std::string_view(record.name).substr(callback_prefix.size())] = record.bytes;
    else if (record.name.starts_with(own_tensor_prefix))
      own_tensors_.push_back(own_tensor_from(record));
    else if (!record.name.starts_with(kept_prefix))
      training_.push_back(to_engine_tensor(record));
  }
  position_ = position_of(document_);
  metrics_ = &document_.at("metric_state").as_object();
  next_ticket_ = whole(document_, "next_ticket");
  for (const json::value& each : document_.at("callbacks").as_array()) {
    const json::object& entry = each.as_object();
    SavedCallback callback;
    callback.id = entry.at("id").as_string();
    callback.plugin = entry.at("plugin").as_string();
    callback.version = entry.at("version").as_string();
    callback.options = entry.at("options").as_object();
    if (const json::value* version = entry.if_contains("state_version")) {
      callback.state_version = version->to_number<std::uint32_t>();
      const auto bytes = states.find(callback.id);
      if (bytes == states.end())
        throw std::invalid_argument("there is no '" + std::string(callback_prefix) + callback.id + "' in '" +
                                    std::string(checkpoint::training_file) + "'");
      callback.state.emplace(bytes->second.begin(), bytes->second.end());
    }
    callbacks_.push_back(std::move(callback));
  }
  kept_weights_ = KeptWeights::read(document_, training_tensors_.records);
  if (const json::value* pending = document_.if_contains("pending_weights"))
    for (const json::value& each : pending->as_array()) pending_weights_.push_back(weight_request_of(each.as_object()));
  for (const json::value& each : document_.at("pending_stops").as_array())
    stops_.push_back({std::string(each.at("callback").as_string()), std::string(each.at("reason").as_string()),
                      each.at("ticket").to_number<tenon_ticket>()});
}

EngineState ResumePoint::engine_state() const { return {weights_, training_, document_.at("engine").as_object()}; }

void ResumePoint::forget_tensors() {
  weights_.clear();
  training_.clear();
  model_tensors_ = {};
  training_tensors_ = {};
}

std::vector<std::string> ResumePoint::compare(const RunFacts& facts, const chain::Chain& chain) const {
  std::vector<std::string> wrong, taken;
  const std::string task(document_.at("task").as_string());
  if (task != facts.task_name) add_difference(wrong, "task", "'" + task + "'", "'" + facts.task_name + "'");
  if (whole(document_, "seed") != facts.options.seed)
    add_difference(wrong, "seed", text(document_.at("seed")), std::to_string(facts.options.seed));
  compare_objects("trainer.", document_.at("trainer").as_object(), facts.trainer, taken);

  std::map<std::string_view, const SavedCallback*> saved;
  for (const SavedCallback& callback : callbacks_) saved[callback.id] = &callback;
  for (const auto& now : chain.callbacks()) {
    const auto before = saved.find(now->id());
    const std::string who = "callback '" + now->id() + "'";
    if (before == saved.end()) {
      taken.push_back(who + " (" + now->descriptor().id + ") is not in the checkpoint: it starts anew");
      continue;
    }
    if (before->second->plugin != now->descriptor().id)
      add_difference(wrong, who, "plugin " + before->second->plugin, now->descriptor().id);
    else
      compare_objects(who + ", option ", before->second->options, now->options(), taken);
    if (before->second->version != now->descriptor().version)
      add_difference(taken, who + ", version of the plugin (decisions may differ)", before->second->version,
                     now->descriptor().version);
    saved.erase(before);
  }
  for (const auto& [id, callback] : saved)
    taken.push_back("callback '" + callback->id + "' (" + callback->plugin +
                    ") is not in this run: what the checkpoint has of it is not used");
  if (wrong.empty()) return taken;
  std::string table;
  for (const std::string& line : wrong) table += "\n  " + line;
  throw Failure(ExitCode::checkpoint, "'" + path_.string() + "' is of another training than this one:" + table +
                                          "\nmake them the same, or take over parts of it in a new run, as in "
                                          "--restore model,optimizer");
}

}  // namespace tenon::loop
