// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A trainer is a manifest that a program puts together: its options and callbacks go through the same reading and
// checking as those of a file.
#include <tenon/trainer.hpp>

#include <unistd.h>

#include <boost/dll/runtime_symbol_info.hpp>
#include <stdexcept>

#include "chain/breadcrumb.hpp"
#include "chain/identity.hpp"
#include "loop/run.hpp"
#include "loop/run_folder.hpp"
#include "manifest/json_source.hpp"
#include "manifest/json_text.hpp"
#include "manifest/manifest.hpp"
#include "manifest/write_trainer.hpp"

namespace tenon {

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

fs::path program() { return fs::read_symlink("/proc/self/exe"); }

/// Tenon's plugins lie beside its library's folder, as they do beside the program `tenon`.
fs::path library_folder() { return fs::path(boost::dll::this_line_location().string()).parent_path(); }

std::string call_text(std::string_view plugin, std::string_view id) {
  return "add_callback(\"" + std::string(plugin) + (id.empty() ? "" : "\", \"" + std::string(id)) + "\")";
}

}  // namespace

CallbackOptions::CallbackOptions(const char* json_text) {
  json::value options = manifest::parse_json(json_text ? json_text : "{}", "the callback's options").value;
  if (!options.is_object())
    throw Failure(ExitCode::manifest,
                  "the callback's options are not a JSON object, as in {\"monitor\": \"val_loss\"}, but " +
                      manifest::json_text(options));
  object_ = std::move(options.get_object());
}

struct Trainer::Parts {
  TrainerOptions options;
  bool options_given = true;  ///< in code: `document` has none, or older ones
  json::object document;
  manifest::Origins origins;
  fs::path file;  ///< of the manifest, or one in its place
  std::vector<fs::path> plugin_folders, trusted;
  loop::InProcess in_process;
  fs::path run_folder;
  std::string resume;
  std::uint32_t restore = loop::restore_everything;
  std::function<void(const json::object&)> listener;

  Interruption interruption;

  json::array& callbacks() {
    json::value& list = document["callbacks"];
    return list.is_array() ? list.get_array() : list.emplace_array();
  }

  void add(std::string_view plugin, std::string_view id, const CallbackOptions& given, std::string_view on_error) {
    json::object entry{{"plugin", plugin}, {"config", given.object()}};
    if (!id.empty()) entry["id"] = id;
    if (!on_error.empty()) entry["on_error"] = on_error;
    origins.sets["/callbacks/" + std::to_string(callbacks().size())] = call_text(plugin, id);
    callbacks().push_back(std::move(entry));
  }

  manifest::Manifest to_manifest() const {
    json::object whole = document;
    if (options_given) whole["trainer"] = manifest::write_trainer(options);
    json::array paths;
    for (const fs::path& folder : plugin_folders) paths.emplace_back(folder.string());
    json::value& plugins = whole["plugins"];
    if (!plugins.is_object()) plugins.emplace_object();
    if (const json::value* more = plugins.get_object().if_contains("paths"))
      for (const json::value& path : more->as_array()) paths.push_back(path);
    plugins.get_object()["paths"] = std::move(paths);
    // Through text, so that numbers are of the types that a file's are.
    return manifest::read_value(manifest::parse_json(manifest::json_text(whole), origins.name).value, file, origins);
  }

  fs::path wanted_run_folder(Stage stage) const {
    if (run_folder.empty()) return loop::default_run_folder(options, file.stem(), stage);
    return fs::absolute(run_folder).string() + loop::folder_suffix(stage);
  }
};

Trainer::Trainer(std::unique_ptr<Parts> parts) noexcept : parts_(std::move(parts)) {}
Trainer::Trainer(Trainer&& other) noexcept = default;
Trainer& Trainer::operator=(Trainer&& other) noexcept = default;
Trainer::~Trainer() = default;

Trainer::Trainer(TrainerOptions options, fs::path run_folder) : parts_(std::make_unique<Parts>()) {
  parts_->options = std::move(options);
  parts_->run_folder = std::move(run_folder);
  parts_->file = fs::current_path() / program().filename();
  parts_->origins.name = "tenon::Trainer";
  parts_->origins.sets["/trainer"] = "tenon::TrainerOptions";
}

Trainer Trainer::from_manifest(const fs::path& file, const std::vector<std::string>& sets) {
  manifest::Manifest given = manifest::read(file, sets);
  auto parts = std::make_unique<Parts>();
  parts->options = given.trainer;
  parts->options_given = false;
  parts->document = std::move(given.document);
  parts->document.erase("task");
  parts->origins = std::move(given.origins);
  parts->file = std::move(given.file);
  return Trainer(std::move(parts));
}

TrainerOptions& Trainer::options() noexcept {
  parts_->options_given = true;
  return parts_->options;
}

Trainer& Trainer::set_run_folder(fs::path folder) {
  parts_->run_folder = std::move(folder);
  return *this;
}

Trainer& Trainer::add_plugin_folder(const fs::path& folder) {
  parts_->plugin_folders.push_back(fs::absolute(folder));
  return *this;
}

Trainer& Trainer::trust_folder(const fs::path& folder) {
  parts_->trusted.push_back(fs::absolute(folder));
  return *this;
}

Trainer& Trainer::add_callback(std::string_view plugin, std::string_view id, CallbackOptions options,
                               std::string_view on_error) {
  parts_->add(plugin, id, options, on_error);
  return *this;
}

Trainer& Trainer::add_callback(const tenon_descriptor& descriptor, std::string_view id, CallbackOptions options,
                               std::string_view on_error) {
  try {
    const std::string name = chain::kind_of(descriptor).name;
    const std::string own_id(id.empty() ? name : std::string(id));
    parts_->add(name, own_id, options, on_error);
    parts_->in_process[own_id] = &descriptor;
  } catch (const Failure&) {
    throw;
  } catch (const std::runtime_error& error) {
    throw Failure(ExitCode::plugin, "add_callback: the callback " + std::string(error.what()));
  }
  return *this;
}

Trainer& Trainer::resume(std::string what, std::string_view parts) {
  const bool is_path = !what.empty() && !loop::is_resume_word(what);
  if (!parts.empty() && !is_path)
    throw Failure(ExitCode::usage, "resume: parts are taken over from a given checkpoint: name its path");
  parts_->restore = parts.empty() ? loop::restore_everything : loop::restore_parts_from(parts);
  parts_->resume = is_path ? fs::absolute(what).string() : std::move(what);
  return *this;
}

Interruption& Trainer::interruption() noexcept { return parts_->interruption; }

Trainer& Trainer::on_decision(std::function<void(const json::object&)> listener) {
  parts_->listener = std::move(listener);
  return *this;
}

Trainer& Trainer::report_crashes() {
  chain::install_crash_handler();
  return *this;
}

TaskContext Trainer::task_context(json::object config) const {
  return {std::move(config), program().parent_path(), parts_->file.parent_path(), parts_->options.seed,
          parts_->options.device};
}

RunResult Trainer::run_stage(Stage stage, const Weights& weights, PredictionFormat format, const Make& make) {
  const manifest::Manifest manifest = parts_->to_manifest();
  loop::RunRequest request;
  request.run_folder = parts_->wanted_run_folder(stage);
  request.program_folder = library_folder();
  request.trusted = parts_->trusted;
  request.in_process = parts_->in_process;
  request.on_terminal = isatty(STDOUT_FILENO) == 1;
  request.stage = stage;
  request.weights = weights.file;
  request.has_model = weights.model != nullptr;
  if (stage == Stage::train) {
    request.interruption = &parts_->interruption;
    request.resume = parts_->resume;
    request.restore = parts_->restore;
    if (!request.resume.empty() && (weights.model || !weights.file.empty()))
      throw Failure(ExitCode::usage, "resume() goes on with a run and weights begin a new one: leave out one of them");
  }
  request.format = format;
  if (const auto& listener = parts_->listener)
    request.on_decision = [&](const loop::Decision& decision) { listener(loop::to_json(decision)); };

  RunResult result;
  loop::TaskSource source;
  source.find = [] { return loop::ResolvedTask(); };
  source.make_engine = [&](const loop::ResolvedTask&, const TrainerOptions& options) {
    MadeEngine made = make(options);
    result.model = std::move(made.model);
    return std::unique_ptr<loop::Engine>(made.engine);
  };
  loop::RunOutcome outcome = loop::run(manifest, request, source);

  result.reason = outcome.result.reason;
  result.exit_code = outcome.result.exit;
  result.detail = std::move(outcome.result.detail);
  result.epochs = outcome.result.epochs;
  result.steps = outcome.result.steps;
  result.summary = std::move(outcome.summary);
  result.account = std::move(outcome.account);
  result.metrics = std::move(outcome.metrics);
  result.folder = std::move(outcome.folder);
  result.predictions = std::move(outcome.predictions);
  return result;
}

}  // namespace tenon
