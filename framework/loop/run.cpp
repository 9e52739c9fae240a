// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/run.hpp"

#include <chrono>
#include <fstream>

#include "chain/library.hpp"
#include "chain/log.hpp"
#include "loop/fit.hpp"
#include "loop/run_folder.hpp"
#include "loop/weights.hpp"
#include "manifest/json_text.hpp"

namespace tenon::loop {

namespace json = boost::json;

namespace {

/// All that a callback is made of.
struct LoadedCallback {
  chain::CallbackEntry entry;
  const tenon_descriptor* descriptor;
  chain::LibraryInfo library;
};

std::optional<chain::OnError> to_on_error(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return *text == "disable" ? chain::OnError::disable : *text == "warn" ? chain::OnError::warn : chain::OnError::abort;
}

std::vector<LoadedCallback> load(const manifest::Manifest& manifest, const std::vector<ResolvedCallback>& callbacks,
                                 const RunRequest& request) {
  chain::TrustPolicy policy;
  policy.trusted = request.trusted;
  std::vector<LoadedCallback> loaded;
  for (const auto& [entry, choice] : callbacks) {
    loaded.push_back(
        {{entry.plugin, entry.id, to_on_error(entry.on_error), entry.config, manifest.where(entry.pointer)},
         nullptr,
         {}});
    if (const auto own = request.in_process.find(entry.id); own != request.in_process.end()) {
      loaded.back().descriptor = own->second;
      continue;
    }
    const chain::Library& library = chain::Library::open(choice.file, policy, entry.sha256);
    loaded.back().descriptor = &library.kind(choice.kind.id);
    loaded.back().library = library.info();
  }
  return loaded;
}

RunFacts run_facts(const RunRequest& request, const Engine& engine, const TrainerOptions& options,
                   const std::filesystem::path& folder, const std::string& document) {
  RunFacts facts;
  facts.run_id = new_run_id();
  facts.run_folder = folder;
  facts.manifest_json = document;
  facts.hparams_json = manifest::json_text(engine.facts().hparams);
  facts.task_name = engine.facts().task_name;
  facts.options = options;
  facts.stage = request.stage;
  facts.started_unix_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  facts.on_terminal = request.on_terminal && !request.stdout_taken;
  facts.stdout_taken = request.stdout_taken;
  return facts;
}

std::filesystem::path keep_manifest(const std::filesystem::path& folder, const std::string& document) {
  const std::filesystem::path file = folder / "manifest.json";
  std::ofstream out(file, std::ios::trunc);
  out << document << '\n';
  if (!out.flush()) throw Failure(ExitCode::output, "'" + file.string() + "' cannot be written");
  return file;
}

std::map<std::string, double> last_values(const MetricStore& metrics) {
  std::map<std::string, double> values;
  for (std::uint64_t i = 0; i < metrics.count(); ++i) {
    const auto id = static_cast<tenon_metric>(i);
    if (id == MetricStore::epoch_metric || id == MetricStore::step_metric) continue;
    if (const Metric& metric = metrics.at(id); metric.present) values[metric.name] = metric.value;
  }
  return values;
}

/// The folder of a fast_dev_run: the whole chain writes there, so that all of it is tried.
class RemoveAtEnd {
 public:
  explicit RemoveAtEnd(std::filesystem::path folder) : folder_(std::move(folder)) {}
  ~RemoveAtEnd() {
    std::error_code ignored;  // what cannot be removed is told by its being there
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  RemoveAtEnd(const RemoveAtEnd&) = delete;
  RemoveAtEnd& operator=(const RemoveAtEnd&) = delete;

 private:
  std::filesystem::path folder_;
};

RunOutcome run_in(const std::filesystem::path& folder, const manifest::Manifest& manifest, const RunRequest& request,
                  const std::vector<LoadedCallback>& callbacks, const ResolvedTask& task, const std::string& document,
                  const TaskSource& source) {
  const TrainerOptions options = with_debugging(manifest.trainer);
  const std::unique_ptr<Engine> engine = source.make_engine(task, options);
  if (!request.weights.empty()) load_weights(*engine, request.weights);
  Fit fit(*engine, run_facts(request, *engine, options, folder, document), manifest.file.parent_path());
  fit.chain().set_options_check([&](json::object& given, const json::value& schema, const std::string& where) {
    manifest::check_options(manifest, "/callbacks", given, schema, where);
  });
  fit.decisions().set_listener(request.on_decision);
  FitResult result;
  try {
    for (const LoadedCallback& callback : callbacks)
      fit.chain().add(callback.entry, *callback.descriptor, callback.library);
    fit.chain().add_run_file(keep_manifest(folder, document));
    result = fit.run();
    if (result.refused) throw Failure(result.exit, result.detail);
  } catch (const Failure&) {
    make_empty(folder, fit.chain().run_files());  // the next attempt finds it as this one did
    throw;
  }
  RunOutcome outcome{result, fit.summary(result), fit.account_text(result), last_values(fit.metrics()), folder, {}};
  if (request.stage == Stage::predict && result.reason != TENON_END_FAILED) {
    outcome.predictions = write_predictions(*engine, folder, request.format);
    outcome.summary["predictions"] = outcome.predictions.string();
  }
  return outcome;
}

}  // namespace

RunOutcome run(const manifest::Manifest& manifest, const RunRequest& request, const TaskSource& source) {
  std::vector<ResolvedCallback> callbacks;
  ResolvedTask task;
  Refusals refusals;
  refusals.gather([&] {
    callbacks = resolve_callbacks(manifest, catalogue_of(manifest, request.program_folder), request.in_process);
  });
  refusals.gather([&] { task = source.find(); });
  refusals.throw_if_any();
  const std::string document = manifest::json_text(resolved_document(manifest, callbacks, task));
  // Loaded before LibTorch: what is not to be trusted is refused in milliseconds.
  const std::vector<LoadedCallback> loaded = load(manifest, callbacks, request);
  const bool is_trial = manifest.trainer.fast_dev_run > 0;
  const std::filesystem::path wanted = request.run_folder.string() + (is_trial ? "-fast_dev_run" : "");
  const RunFolder claimed(wanted);
  const std::filesystem::path& folder = claimed.path();
  if (folder != wanted && !is_trial)
    chain::log(TENON_LOG_INFO, "", wanted.string() + " is taken: this run goes to " + folder.string());
  const RemoveAtEnd trial(is_trial ? folder : std::filesystem::path());
  return run_in(folder, manifest, request, loaded, task, document, source);
}

}  // namespace tenon::loop
