// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/checkpoint_document.hpp"

#include <boost/json/parse.hpp>

namespace tenon::loop {

namespace json = boost::json;

namespace {

json::object metric_json(const Metric& m) {
  json::object o;
  o["value"] = m.value;
  o["step"] = m.step;
  o["epoch"] = m.epoch;
  o["goal"] = m.goal == Goal::none ? "none" : m.goal == Goal::minimize ? "minimize" : "maximize";
  return o;
}

/// What has been asked for at this commit point counts already: a best is declared together with its save.
json::object bests_json(const DocumentSources& from) {
  json::object bests;
  for (const auto& [callback, ticket] : from.bests) bests[callback->id()] = ticket;
  for (const BestRequest& asked : from.pending.bests) {
    bests.erase(asked.by->id());
    if (asked.ticket != 0) bests[asked.by->id()] = asked.ticket;
  }
  return bests;
}

}  // namespace

const char* phase_name(Phase phase) {
  return phase == Phase::batch ? "batch" : phase == Phase::epoch_end ? "epoch_end" : "final";
}

json::object checkpoint_document(const DocumentSources& from) {
  const tenon_progress& p = from.progress;
  json::object o;
  o["task"] = from.facts.task_name;
  o["seed"] = from.facts.options.seed;
  o["attempt"] = from.facts.attempt;
  o["sequence"] = p.sequence;
  o["commit_point"] = {{"epoch", p.epoch}, {"batch", p.batch}, {"phase", phase_name(from.state.phase)}};
  o["position"] = {{"epoch", p.epoch},
                   {"samples", from.state.epoch_samples},
                   {"batch", p.batch},
                   {"inside_epoch", from.state.inside_epoch}};
  o["progress"] = {{"epochs", from.state.completed_epochs}, {"step", p.step},
                   {"optimizer_steps", p.optimizer_steps},  {"samples", p.samples},
                   {"validations", p.validations},          {"seconds", p.seconds},
                   {"batches", from.state.total_batches}};
  if (!from.state.stopped_by.empty()) o["stopped"] = from.state.stopped_by;
  if (!from.state.ended.empty()) o["ended"] = from.state.ended;
  o["consistent"] = from.state.resumable();

  json::object metrics;
  for (tenon_metric id = 0; id < from.metrics.count(); ++id) {
    const Metric& m = from.metrics.at(id);
    const bool counter = id <= MetricStore::step_metric && !m.overrides;
    if (m.present && !counter) metrics[m.name] = metric_json(m);
  }
  o["metrics"] = std::move(metrics);

  json::array holders;
  json::object metadata;
  for (const SaveRequest* save : from.requests) {
    json::object holder{{"callback", save->holder()}, {"ticket", save->ticket}, {"reason", save->reason}};
    if (!save->monitor.empty()) {
      holder["monitor"] = save->monitor;
      holder["score"] = save->score;
    }
    holders.push_back(std::move(holder));
    if (!save->metadata.empty()) metadata[save->holder()] = save->metadata;
  }
  o["holders"] = std::move(holders);
  o["bests"] = bests_json(from);
  if (!metadata.empty()) o["metadata"] = std::move(metadata);
  o["transformed"] = !from.requests.front()->transforms.empty();
  o["hparams"] = json::parse(from.facts.hparams_json);

  if (from.requests.front()->kind != TENON_CHECKPOINT_FULL) {
    if (const json::value* aliases = from.engine.if_contains("aliases")) o["engine"] = {{"aliases", *aliases}};
    return o;
  }
  json::array stops;
  for (const StopRequest& stop : from.pending.pending_stops())
    stops.push_back({{"callback", stop.by->id()}, {"ticket", stop.ticket}, {"reason", stop.reason}});
  o["pending_stops"] = std::move(stops);
  o["next_ticket"] = from.pending.next_ticket();
  o["trainer"] = from.facts.trainer;
  o["metric_state"] = from.metrics.saved();
  o["callbacks"] = from.callbacks;
  o["engine"] = from.engine;
  return o;
}

}  // namespace tenon::loop
