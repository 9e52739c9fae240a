// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "plugin_run.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <optional>

#include "chain/library.hpp"
#include "checkpoint/checkpoint.hpp"
#include "loop/resolve.hpp"
#include "loop/resume_point.hpp"
#include "loop/run_checkpoints.hpp"
#include "manifest/manifest.hpp"

namespace tenon::tests {

namespace json = boost::json;
namespace fs = std::filesystem;

PluginRun::PluginRun(std::string callbacks, std::string trainer)
    : engine(2, 1), callbacks_(std::move(callbacks)), trainer_(std::move(trainer)) {}

void PluginRun::log_validation(const std::string& name, std::vector<double> values) {
  validation_.emplace_back(name, std::move(values));
}
void PluginRun::log_step(const std::string& name, std::vector<double> values) {
  step_.emplace_back(name, std::move(values));
}

void PluginRun::take_over(const PluginRun& other) {
  fs::copy(other.folder_.path(), folder_.path(), fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  attempt = other.attempt + 1;
}

namespace {

/// All folders that hold checkpoints, as a run's record names them.
loop::RunRecord record_of(const std::string& run_id, const fs::path& run_folder) {
  loop::RunRecord record = loop::rebuild_record(run_folder);
  BOOST_REQUIRE_EQUAL(record.run_id, run_id);
  return record;
}

}  // namespace

void PluginRun::run() {
  engine.on_evaluation_step = [this](loop::MetricSink& sink) {
    for (const auto& [name, values] : validation_) {
      const double value = at(values, engine.evaluations - 1);
      if (value != absent) sink.log(name, value, {});
    }
  };
  engine.on_training_step = [this](loop::MetricSink& sink) {
    for (const auto& [name, values] : step_) {
      const double value = at(values, engine.steps);
      if (value != absent) sink.log(name, value, {});
    }
  };
  write_file(folder_ / "run.json",
             "{\"trainer\": {\"num_sanity_val_steps\": 0, \"log_every_n_steps\": " + std::to_string(log_every_n_steps) +
                 ", " + trainer_ + "}, \"callbacks\": " + callbacks_ + "}");
  const manifest::Manifest manifest = manifest::read(folder_ / "run.json", {});
  const chain::Catalogue catalogue =
      chain::Catalogue::scan({{TENON_BINARY_DIR "/plugins", "the build"}}, folder_.path());
  const std::vector<loop::ResolvedCallback> callbacks = loop::resolve_callbacks(manifest, catalogue);

  loop::RunFacts facts;
  facts.run_id = "plugin-run";
  facts.run_folder = folder_.path();
  facts.attempt = attempt;
  facts.task_name = "test";
  facts.options = manifest.trainer;
  facts.manifest_json = json::serialize(loop::resolved_document(manifest, callbacks, {}));
  facts.on_terminal = on_terminal;
  facts.stdout_taken = stdout_taken;
  facts.wait_for_saves = wait_for_saves;
  Fit fit(engine, facts, folder_.path());
  fit.chain().set_options_check([&](json::object& options, const json::value& schema, const std::string& where) {
    manifest::check_options(manifest, "/callbacks", options, schema, where);
  });
  fit.decisions().set_listener([this](const loop::Decision& d) {
    std::string line =
        std::to_string(d.progress.step) + " " + d.callback_id + " " + std::string(loop::action_name(d.action));
    if (!d.path.empty()) line += " " + d.path;
    if (!d.target.empty()) line += " -> " + d.target;
    decisions.push_back(line);
    reasons.push_back(d.reason);
  });
  for (const loop::ResolvedCallback& c : callbacks) {
    const chain::Library& library = chain::Library::open(c.choice.file, {}, c.entry.sha256);
    fit.chain().add({c.entry.plugin, c.entry.id, std::nullopt, c.entry.config, manifest.where(c.entry.pointer)},
                    library.kind(c.choice.kind.id), library.info());
  }
  if (before_run) before_run(fit);
  std::optional<loop::ResumePoint> from;
  if (!resume_from_.empty()) {
    from.emplace(checkpoint::Checkpoint::open(folder_.path() / resume_from_));
    engine.restore(from->engine_state(), loop::restore_all, "the checkpoint");
    fit.go_on_from(loop::find_run_checkpoints(record_of(facts.run_id, folder_.path()), folder_.path()).own, &*from);
  }
  result = fit.run(from ? &*from : nullptr);
  summary_ = fit.summary(result);
  account_text_ = fit.account_text(result);
  if (after_run) after_run(fit);
}

json::object PluginRun::account(const std::string& id) const {
  return summary_.at("callbacks").as_object().at(id).as_object();
}

std::vector<std::string> PluginRun::names(const std::string& folder) const {
  std::vector<std::string> out;
  if (!fs::exists(folder_.path() / folder)) return out;
  for (const auto& entry : fs::directory_iterator(folder_.path() / folder))
    if (entry.path().filename().native().front() != '.') out.push_back(entry.path().filename().native());
  std::sort(out.begin(), out.end());
  return out;
}

std::string PluginRun::link(const std::string& name) const { return fs::read_symlink(folder_.path() / name).native(); }

json::object PluginRun::document(const std::string& checkpoint) const {
  return json::parse(read(checkpoint + "/checkpoint.json")).as_object();
}

std::string refusal(const std::string& callbacks, const std::string& trainer) {
  PluginRun run(callbacks, trainer);
  run.log_validation("val_loss", {1.0});
  try {
    run.run();
  } catch (const Failure& failure) {
    return failure.what();
  }
  return run.result.refused ? run.result.detail : std::string();
}

}  // namespace tenon::tests
