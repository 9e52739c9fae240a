// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/train.hpp"

#include <chrono>
#include <cstdio>
#include <fstream>

#include "chain/breadcrumb.hpp"
#include "chain/library.hpp"
#include "chain/log.hpp"
#include "loop/fit.hpp"
#include "loop/open_engine.hpp"
#include "loop/resolve.hpp"
#include "loop/run_folder.hpp"
#include "manifest/json_text.hpp"

namespace tenon::loop {

namespace json = boost::json;

namespace {

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

std::optional<chain::OnError> to_on_error(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return *text == "disable" ? chain::OnError::disable : *text == "warn" ? chain::OnError::warn : chain::OnError::abort;
}

/// Loaded before LibTorch: what is not to be trusted is refused in milliseconds.
std::vector<const chain::Library*> load(const std::vector<ResolvedCallback>& callbacks, const TrainRequest& request) {
  chain::TrustPolicy policy;
  policy.trusted = request.trusted;
  std::vector<const chain::Library*> libraries;
  for (const ResolvedCallback& c : callbacks)
    libraries.push_back(&chain::Library::open(c.choice.file, policy, c.entry.sha256));
  return libraries;
}

EngineRequest engine_request(const manifest::Manifest& manifest, ResolvedTask task) {
  EngineRequest r;
  r.task_library = std::move(task.library);
  r.task_identity = std::move(task.identity);
  r.task_config = std::move(task.config);
  r.manifest_folder = manifest.file.parent_path();
  r.options = with_debugging(manifest.trainer);
  return r;
}

RunFacts run_facts(const manifest::Manifest& manifest, const TrainRequest& request, const Engine& engine,
                   const std::filesystem::path& folder, std::string manifest_json) {
  RunFacts facts;
  facts.run_id = new_run_id();
  facts.run_folder = folder;
  facts.manifest_json = std::move(manifest_json);
  facts.hparams_json = manifest::json_text(engine.facts().hparams);
  facts.task_name = engine.facts().task_name;
  facts.options = with_debugging(manifest.trainer);
  facts.started_unix_ns =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  facts.on_terminal = request.on_terminal && !request.json;
  facts.stdout_taken = request.json;
  return facts;
}

void keep_manifest(const std::filesystem::path& folder, const std::string& document) {
  std::ofstream out(folder / "manifest.json", std::ios::trunc);
  out << document << '\n';
  if (!out.flush()) throw Failure(ExitCode::output, "'" + (folder / "manifest.json").string() + "' cannot be written");
}

ExitCode fit(const manifest::Manifest& manifest, const TrainRequest& request,
             const std::vector<ResolvedCallback>& callbacks, const std::vector<const chain::Library*>& libraries,
             ResolvedTask task, const std::filesystem::path& folder, const std::string& document) {
  const std::unique_ptr<Engine> engine = open_torch_engine(engine_request(manifest, std::move(task)));
  Fit fit(*engine, run_facts(manifest, request, *engine, folder, document), manifest.file.parent_path());
  fit.chain().set_options_check([&](json::object& options, const json::value& schema, const std::string& where) {
    manifest::check_options(manifest, "/callbacks", options, schema, where);
  });
  if (request.json)
    fit.decisions().set_listener([](const Decision& d) { print(manifest::json_text(to_json(d)) + "\n"); });
  for (std::size_t i = 0; i < callbacks.size(); ++i) {
    const manifest::CallbackEntry& entry = callbacks[i].entry;
    fit.chain().add({entry.plugin, entry.id, to_on_error(entry.on_error), entry.config, manifest.where(entry.pointer)},
                    libraries[i]->kind(callbacks[i].choice.kind.id), libraries[i]->info());
  }

  keep_manifest(folder, document);
  const FitResult result = fit.run();
  if (result.refused) throw Failure(result.exit, result.detail);
  if (request.json)
    print(manifest::json_text(json::object{{"summary", fit.summary(result)}}) + "\n");
  else
    print("\n" + fit.account_text(result) + "run folder: " + folder.string() + "\n");
  if (result.reason == TENON_END_FAILED) chain::log(TENON_LOG_ERROR, "", result.detail);
  return result.exit;
}

}  // namespace

ExitCode train(const manifest::Manifest& manifest, const TrainRequest& request) {
  chain::install_crash_handler();  // before the first code of a plugin runs
  const std::vector<ResolvedCallback> callbacks =
      resolve_callbacks(manifest, catalogue_of(manifest, request.program_folder));
  ResolvedTask task = resolve_task(manifest, request.program_folder);
  const std::vector<const chain::Library*> libraries = load(callbacks, request);
  chain::TrustPolicy task_policy;
  task_policy.trusted = request.trusted;
  chain::check_trust(task.library, task_policy);
  const std::string document = manifest::json_text(resolved_document(manifest, callbacks, task));
  const std::filesystem::path folder = claim_run_folder(request.run_folder);
  if (folder != request.run_folder)
    chain::log(TENON_LOG_INFO, "", request.run_folder.string() + " is taken: this run goes to " + folder.string());

  try {
    return fit(manifest, request, callbacks, libraries, std::move(task), folder, document);
  } catch (const Failure&) {
    make_empty(folder);  // nothing was trained: the next attempt finds it as this one did
    throw;
  }
}

}  // namespace tenon::loop
