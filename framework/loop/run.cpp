// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/run.hpp"

#include <chrono>
#include <fstream>

#include "chain/library.hpp"
#include "chain/log.hpp"
#include "checkpoint/hash.hpp"
#include "loop/account.hpp"
#include "loop/fit.hpp"
#include "loop/recovery.hpp"
#include "loop/resume_choice.hpp"
#include "loop/run_beginning.hpp"
#include "loop/run_folder.hpp"
#include "manifest/json_text.hpp"
#include "manifest/write_trainer.hpp"

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

/// Where a run goes, and what it goes on from.
struct Beginning {
  std::filesystem::path folder;
  std::string run_id;       ///< of the run that goes on, or of the new one
  bool was_vacant = false;  ///< the folder; else it is as a run has left it. It stays so where this one is refused
  bool is_recorded = false;
  ResumeChoice choice;
  RunLimits limits;
};

/// What the lock says before the record is looked at under it.
std::string run_id_in(const std::filesystem::path& folder) {
  try {
    if (const std::optional<RunRecord> record = read_run_record(folder)) return record->run_id;
  } catch (const checkpoint::ReadError&) {  // choose_resume() tells it
  }
  return new_run_id();
}

std::int64_t unix_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

RunLimits limits_of(const TrainerOptions& options, const json::object& document) {
  RunLimits limits{options.max_epochs, options.max_steps, options.max_time, {}};
  const json::value* callbacks = document.if_contains("callbacks");
  const std::string settings =
      manifest::json_text(json::array{callbacks ? *callbacks : json::value(), limits.max_epochs, limits.max_steps,
                                      limits.max_time, options.min_epochs, options.min_steps});
  limits.settings = checkpoint::hash_of(std::as_bytes(std::span(settings)));
  return limits;
}

/// Gives a model the weights that were asked for, or those that the run which begins again began with.
RunBeginning begin(Engine& engine, const RunRequest& request, const Beginning& beginning) {
  const ResumeChoice& choice = beginning.choice;
  const RunBeginning& before = choice.record.begun_with;
  if (choice.begins_again && before.with == RunBeginning::With::weights)
    begin_with_weights_again(engine, before, beginning.folder);
  if (choice.same_run) return before;
  if (!request.weights.empty()) return begin_with_weights(engine, request.weights);
  if (choice.from) return begun_with_checkpoint(*choice.from, request.restore);
  return {request.has_model ? RunBeginning::With::program : RunBeginning::With::task, {}, 0, {}};
}

/// Of the run that goes on, else of a new one.
RunRecord record_of(const Beginning& beginning, const Engine& engine, const TrainerOptions& options,
                    const RunBeginning& begun) {
  if (beginning.choice.same_run) return beginning.choice.record;
  RunRecord record;
  record.run_id = beginning.run_id;
  record.started_unix_ns = unix_ns();
  record.begun_with = begun;
  record.task = engine.facts().task_name;
  record.seed = options.seed;
  return record;
}

RunFacts run_facts(const RunRequest& request, const Engine& engine, const TrainerOptions& options,
                   const Beginning& beginning, const RunRecord& record, const std::string& document) {
  RunFacts facts;
  facts.run_id = record.run_id;
  facts.attempt = record.attempt + (beginning.choice.same_run ? 1 : 0);
  facts.run_folder = beginning.folder;
  facts.manifest_json = document;
  facts.hparams_json = manifest::json_text(engine.facts().hparams);
  facts.task_name = engine.facts().task_name;
  facts.options = options;
  facts.trainer = manifest::write_trainer(options);
  facts.stage = request.stage;
  facts.started_unix_ns = record.started_unix_ns;
  facts.on_terminal = request.on_terminal && !request.stdout_taken;
  facts.stdout_taken = request.stdout_taken;
  facts.is_replay = request.is_replay;
  const std::optional<RunEnd>& end = beginning.choice.record.ended;
  facts.has_told_its_end = beginning.choice.same_run && end && end->reason != end_name(TENON_END_INTERRUPTED);
  facts.wait_for_saves = request.is_replay;  // so that decisions come in order
  return facts;
}

std::filesystem::path keep_manifest(const std::filesystem::path& folder, const std::string& document) {
  const std::filesystem::path file = folder / "manifest.json";
  std::ofstream out(file, std::ios::trunc);
  out << document << '\n';
  if (!out.flush()) throw Failure(ExitCode::output, "'" + file.string() + "' cannot be written");
  return file;
}

std::map<std::string, double> values_of(const MetricStore& metrics) {
  const auto values = metrics.values();
  return {values.begin(), values.end()};
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

/// Changes nothing on the disk.
void adopt(Fit& fit, const ResumeChoice& choice, const ResumePoint* from) {
  try {
    if (choice.same_run && !choice.begins_again) return fit.go_on_from(choice.checkpoints, from);
    if (from && from->takes(restore_callbacks)) return fit.begin_with(*from, choice.checkpoints);
    if (choice.same_run) fit.go_on_from(choice.checkpoints, nullptr);
  } catch (const Failure&) {
    throw;
  } catch (const std::exception& error) {  // of a document that is whole, but not what it should be
    throw Failure(ExitCode::checkpoint,
                  std::string("what the run's checkpoints say of each other cannot be understood: ") + error.what());
  }
}

/// Callbacks that have taken over the state of another run go on behind what their files hold: as in the attempt that
/// this one begins again, that is nothing.
void forget_files(const Beginning& beginning, const std::set<std::filesystem::path>& files) {
  std::error_code wrong;
  for (const std::filesystem::path& file : files) {
    const std::filesystem::path below = file.lexically_relative(beginning.folder);
    const bool is_own = !below.empty() && *below.begin() != ".." && std::filesystem::is_regular_file(file, wrong);
    if (is_own && !std::filesystem::remove(file, wrong))
      throw Failure(ExitCode::output,
                    "'" + file.string() + "' of the run that begins again cannot be removed: " + wrong.message());
  }
}

/// Once nothing can be refused any more but by the callbacks themselves.
void open_record(RecordedRun& record, const Beginning& beginning, Fit& fit) {
  if (!beginning.is_recorded) return;
  fit.ledger().on_folder = [&record](const std::filesystem::path& folder) { record.add_folder(folder); };
  if (beginning.choice.same_run)
    record.reopen(beginning.choice.sequence, beginning.choice.attempt);
  else
    record.create();
  fit.chain().add_run_file(beginning.folder / run_record_file);
}

/// The next attempt finds everything as this one did.
void withdraw(RecordedRun& record, const Beginning& beginning, Fit& fit) {
  if (beginning.was_vacant) return make_empty(beginning.folder, fit.chain().run_files());
  if (beginning.choice.same_run && record.record().attempt != beginning.choice.record.attempt) record.put_back();
}

void close_record(RecordedRun& record, const Beginning& beginning, const FitResult& result) {
  if (!beginning.is_recorded) return;
  try {
    record.set_ended(
        {std::string(end_name(result.reason)), result.detail, result.epochs, result.steps, beginning.limits});
  } catch (const Failure& failure) {  // the training itself is done
    chain::log(TENON_LOG_WARN, "", failure.what());
  }
}

/// What has shaped a recorded history is not done to it again: it says itself how long epochs were, and which of its
/// batches were followed by a step or a validation. Limits of the whole run hold.
TrainerOptions as_recorded(TrainerOptions options) {
  const TrainerOptions plain;
  options.limit_train_batches = plain.limit_train_batches;
  options.limit_val_batches = plain.limit_val_batches;
  options.val_check_interval = plain.val_check_interval;
  options.num_sanity_val_steps = 0;
  options.accumulate_grad_batches = plain.accumulate_grad_batches;
  options.gradient_clip_val = plain.gradient_clip_val;
  return options;
}

/// All or nothing: the engine compares before it changes anything.
void restore_engine(Engine& engine, ResumePoint& from, const RunFacts& facts, const chain::Chain& chain) {
  std::vector<std::string> remarks;
  if (from.parts() == restore_everything) remarks = from.compare(facts, chain);
  const std::uint32_t parts = from.parts() & restore_all;
  std::vector<std::string> told = engine.restore(from.engine_state(), parts, "'" + from.path().string() + "'");
  from.forget_tensors();
  remarks.insert(remarks.end(), told.begin(), told.end());
  for (const std::string& remark : remarks) chain::log(TENON_LOG_INFO, "", remark);
}

/// Takes the tensors out of the choice.
RunOutcome run_in(Beginning& beginning, const manifest::Manifest& manifest, const RunRequest& request,
                  const std::vector<LoadedCallback>& callbacks, const ResolvedTask& task, const std::string& document,
                  const TaskSource& source) {
  const std::filesystem::path& folder = beginning.folder;
  TrainerOptions options = with_debugging(manifest.trainer);
  if (request.is_replay) options = as_recorded(std::move(options));
  const std::unique_ptr<Engine> engine = source.make_engine(task, options);
  std::optional<ResumePoint> from;
  ResumeChoice& choice = beginning.choice;
  const RunBeginning begun = begin(*engine, request, beginning);
  const std::uint32_t parts = choice.begins_again ? begun.parts : request.restore;
  if (choice.from)
    from.emplace(*choice.from, std::move(choice.model), std::move(choice.training), parts, choice.stops_are_done);
  RecordedRun record(folder, record_of(beginning, *engine, options, begun));
  const RunFacts facts = run_facts(request, *engine, options, beginning, record.record(), document);
  Fit fit(*engine, facts, manifest.file.parent_path());
  fit.chain().set_options_check([&](json::object& given, const json::value& schema, const std::string& where) {
    manifest::check_options(manifest, "/callbacks", given, schema, where);
  });
  fit.decisions().set_listener(request.on_decision);
  FitResult result;
  try {
    for (const LoadedCallback& callback : callbacks)
      fit.chain().add(callback.entry, *callback.descriptor, callback.library);
    if (request.interruption) add_recovery(fit.chain(), *request.interruption);
    if (from) restore_engine(*engine, *from, facts, fit.chain());
    adopt(fit, choice, from ? &*from : nullptr);
    if (choice.begins_again && from && from->takes(restore_callbacks)) forget_files(beginning, fit.chain().run_files());
    open_record(record, beginning, fit);
    fit.chain().add_run_file(keep_manifest(folder, document));
    result = fit.run(from ? &*from : nullptr, request.interruption);
    if (result.refused) {
      const std::string at = result.option.empty() ? "" : manifest.where("/trainer/" + result.option) + ": ";
      throw Failure(result.exit, at + result.detail);
    }
  } catch (const Failure&) {
    withdraw(record, beginning, fit);
    throw;
  }
  close_record(record, beginning, result);
  RunOutcome outcome{result, fit.summary(result), fit.account_text(result), values_of(fit.metrics()), folder, {}};
  if (options.fast_dev_run == 0) outcome.summary["run_folder"] = folder.string();
  if (request.stage == Stage::predict && result.reason != TENON_END_FAILED) {
    outcome.predictions = write_predictions(*engine, folder, request.format);
    outcome.summary["predictions"] = outcome.predictions.string();
  }
  return outcome;
}

/// A run that has ended, and is not to go on.
RunOutcome nothing_left(const ResumeChoice& choice, const std::filesystem::path& folder) {
  const RunEnd& end = *choice.record.ended;
  RunOutcome outcome;
  outcome.result.reason = end.reason == end_name(TENON_END_STOPPED) ? TENON_END_STOPPED : TENON_END_FINISHED;
  outcome.result.detail = choice.finished;
  outcome.result.epochs = end.epochs;
  outcome.result.steps = end.steps;
  outcome.summary = {{"end", end.reason},
                     {"epochs", end.epochs},
                     {"steps", end.steps},
                     {"detail", choice.finished},
                     {"callbacks", json::object()}};
  outcome.account = choice.finished + "\n";
  outcome.folder = folder;
  return outcome;
}

}  // namespace

RunOutcome run(const manifest::Manifest& manifest, const RunRequest& request, const TaskSource& source) {
  std::vector<ResolvedCallback> callbacks;
  ResolvedTask task;
  Refusals refusals;
  refusals.gather([&] {
    callbacks = resolve_callbacks(manifest, catalogue_of(manifest, request.program_folder, request.plugins),
                                  request.in_process);
  });
  refusals.gather([&] { task = source.find(); });
  refusals.throw_if_any();
  const json::object resolved = resolved_document(manifest, callbacks, task);
  const std::string document = manifest::json_text(resolved);
  // Loaded before LibTorch: what is not to be trusted is refused in milliseconds.
  const std::vector<LoadedCallback> loaded = load(manifest, callbacks, request);
  const bool is_trial = manifest.trainer.fast_dev_run > 0;
  const std::filesystem::path wanted = request.run_folder.string() + (is_trial ? "-fast_dev_run" : "");
  const bool resumes = !request.resume.empty();
  if (resumes && is_trial)
    throw Failure(
        ExitCode::usage,
        "fast_dev_run tries everything in a folder that is removed at its end, and goes on with no run: leave "
        "out --resume or trainer.fast_dev_run");
  Beginning beginning;
  beginning.is_recorded = request.stage == Stage::train && !is_trial && !request.is_replay;
  beginning.limits = limits_of(manifest.trainer, resolved);
  const ResumeRequest resume{wanted, request.resume, request.restore, beginning.limits};
  const bool in_place = resumes && goes_on_in_place(resume);
  beginning.run_id = in_place ? run_id_in(wanted) : new_run_id();
  const RunFolder claimed(wanted, in_place ? RunFolder::Take::existing : RunFolder::Take::fresh, beginning.run_id);
  beginning.folder = claimed.path();
  beginning.was_vacant = claimed.was_vacant();
  if (claimed.path() != wanted && !is_trial)
    chain::log(TENON_LOG_INFO, "", wanted.string() + " is taken: this run goes to " + claimed.path().string());
  if (resumes) beginning.choice = choose_resume(resume);
  for (const std::string& warning : beginning.choice.warnings) chain::log(TENON_LOG_WARN, "", warning);
  for (const std::string& remark : beginning.choice.remarks) chain::log(TENON_LOG_INFO, "", remark);
  if (!beginning.choice.finished.empty()) return nothing_left(beginning.choice, claimed.path());
  const RemoveAtEnd trial(is_trial ? claimed.path() : std::filesystem::path());
  return run_in(beginning, manifest, request, loaded, task, document, source);
}

}  // namespace tenon::loop
