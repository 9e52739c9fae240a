// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/loop.hpp"

#include <algorithm>
#include <stdexcept>

#include "chain/abi.hpp"
#include "loop/services/services.hpp"

namespace tenon::loop {

Loop::Loop(Engine& engine, chain::Chain& chain, MetricStore& metrics, CommitPoint& commit_point, Requests& requests,
           LoopServices& services, const RunFacts& facts, const Clock& clock, tenon_progress& progress)
    : engine_(engine),
      chain_(chain),
      metrics_(metrics),
      commit_point_(commit_point),
      requests_(requests),
      services_(services),
      facts_(facts),
      options_(facts.options),
      clock_(clock),
      progress_(progress),
      schedule_metrics_(metrics, progress, validates_) {
  progress_ = tenon_progress{};
  progress_.struct_size = sizeof progress_;
  progress_.stage = TENON_STAGE_TRAIN;
  progress_.batches = TENON_UNKNOWN;
  progress_.stage_batches = TENON_UNKNOWN;
  event_ = {sizeof event_, 1, &progress_};
  batch_ = {sizeof batch_, 0, &progress_, TENON_UNKNOWN};
  step_ = {sizeof step_, 0, &progress_};
}

FitResult Loop::fit() {
  FitResult result;
  bool started = false;
  try {
    start();
    started = true;
    train();
    if (commit_point_.stopped()) result.reason = TENON_END_STOPPED;
    result.detail = commit_point_.stop_detail();
  } catch (const chain::CallbackError& error) {
    result.reason = TENON_END_FAILED;
    result.exit = started ? ExitCode::failed : ExitCode::callback;
    result.detail = error.what();
    phase_ = error.hook().c_str();
    if (started) or_note(result, [&] { report_exception(error.status(), result.detail, error.callback_id()); });
  } catch (const Failure& failure) {
    result.reason = TENON_END_FAILED;
    result.exit = failure.code();
    result.detail = failure.what();
    if (started) or_note(result, [&] { report_exception(TENON_E_FAILED, result.detail, ""); });
  } catch (const std::exception& error) {
    result.reason = TENON_END_FAILED;
    result.exit = ExitCode::failed;
    result.detail = std::string(error.what());
    if (started) {
      result.detail = "epoch " + std::to_string(progress_.epoch) + ", batch " + std::to_string(progress_.batch) + ", " +
                      phase_ + ": " + error.what();
      or_note(result, [&] { report_exception(TENON_E_FAILED, result.detail, ""); });
    }
  }
  result.refused = !started;
  finish(result);
  return result;
}

void Loop::start() {
  chain_.on_setup(event_);
  phase_ = "start_fit";
  engine_.start_fit(metrics_);
  check_shares(engine_.facts(), options_);
  epoch_limit_ = limited(engine_.facts().train_batches, options_.limit_train_batches);
  progress_.batches = epoch_limit_;
  progress_.stage_batches = epoch_limit_;
  validates_ = has_validation(engine_.facts(), options_);
  plan_validation();
  metrics_.set_position(0, 0);
  services_.fit_started = true;
  phase_ = "on_fit_start";
  const tenon_fit_start_args args{sizeof args, 0, &progress_, {nullptr, 0}};
  chain_.on_fit_start(args);
  services_.start_is_over = true;
  try {
    metrics_.check_monitored();
  } catch (const chain::AbiError& error) {
    throw Failure(ExitCode::manifest, error.what());
  }
}

void Loop::train() {
  run_sanity();
  phase_ = "on_train_start";
  chain_.on_train_start(event_);
  while (!limits_reached()) run_epoch();
}

bool Loop::limits_reached() const {
  return commit_point_.stopped() || progress_.step >= options_.max_steps || completed_epochs_ >= options_.max_epochs ||
         epoch_limit_ == 0;
}

void Loop::run_sanity() {
  if (!validates_ || options_.num_sanity_val_steps == 0) return;
  phase_ = "sanity validation";
  progress_.stage = TENON_STAGE_SANITY;
  chain_.on_sanity_start(event_);
  BatchLimit limit = options_.limit_val_batches;
  if (options_.num_sanity_val_steps != TENON_UNKNOWN) limit = {false, 1.0, options_.num_sanity_val_steps};
  evaluate(Stage::sanity, limit);
  chain_.on_sanity_end(event_);
  progress_.stage = TENON_STAGE_TRAIN;
}

void Loop::run_epoch() {
  progress_.batch = 0;
  progress_.stage_batch = 0;
  epoch_samples_ = 0;
  fetched_ = 0;
  tick();
  metrics_.set_position(progress_.step, progress_.epoch);
  phase_ = "on_train_epoch_start";
  chain_.on_train_epoch_start(event_);
  phase_ = "training data";
  engine_.start_epoch(progress_.epoch, 0);

  std::optional<BatchInfo> next = fetch_batch();
  bool last = !next;
  while (next) {
    phase_ = "training data";
    engine_.take();
    const BatchInfo batch = *next;
    next = fetch_batch();
    last = !next;
    run_batch(batch, last);
    if (validates_ && validation_due(last)) run_validation();
    commit(Phase::batch);
    if (commit_point_.stopped() || progress_.step >= options_.max_steps) break;
  }

  phase_ = "on_train_epoch_end";
  tick();
  if (last) ++completed_epochs_;
  metrics_.finish_reductions(Stage::train, progress_.step, progress_.epoch);
  event_.complete = last ? 1 : 0;
  ++ended_epochs_;
  chain_.on_train_epoch_end(event_);
  event_.complete = 1;
  emit_metrics(TENON_HOOK(on_train_epoch_end), "on_train_epoch_end", true);
  if (last) step_schedulers(ScheduleMoment::epoch);
  commit(Phase::epoch_end);
  if (last && !limits_reached()) ++progress_.epoch;
}

std::optional<BatchInfo> Loop::fetch_batch() {
  if (fetched_ >= epoch_limit_) return std::nullopt;
  phase_ = "training data";
  std::optional<BatchInfo> next = engine_.fetch();
  if (next) ++fetched_;
  return next;
}

void Loop::run_batch(const BatchInfo& batch, bool last) {
  const bool steps = last || (progress_.batch + 1) % options_.accumulate_grad_batches == 0;
  metrics_.enter(Stage::train, progress_.step + (steps ? 1 : 0), progress_.epoch, batch.samples);
  batch_.samples = batch.samples;
  batch_.flags = last ? TENON_BATCH_LAST : 0;
  chain_.on_train_batch_start(batch_);

  consistent_ = false;
  phase_ = "training_step";
  engine_.training_step();
  chain_.on_before_backward(step_);
  phase_ = "backward";
  engine_.backward(1.0 / static_cast<double>(options_.accumulate_grad_batches));
  chain_.on_after_backward(step_);
  gradients_pending_ = true;
  if (steps) step_optimizers();
  consistent_ = true;

  ++progress_.batch;
  ++total_batches_;
  progress_.stage_batch = progress_.batch;
  if (batch.samples != TENON_UNKNOWN) {
    progress_.samples += batch.samples;
    epoch_samples_ += batch.samples;
  }
  tick();
  metrics_.set_position(progress_.step, progress_.epoch);
  if (steps) batch_.flags |= TENON_BATCH_STEPPED;
  phase_ = "on_train_batch_end";
  chain_.on_train_batch_end(batch_);
  const bool every = steps && options_.log_every_n_steps && progress_.step % options_.log_every_n_steps == 0;
  if ((every && !metrics_.event_empty()) || metrics_.event_has_monitored())
    emit_metrics(TENON_HOOK(on_train_batch_end), "on_train_batch_end", every);
  else
    metrics_.end_event();
}

void Loop::step_optimizers() {
  for (std::uint32_t i = 0; i < engine_.facts().optimizers; ++i) {
    progress_.optimizer_index = i;
    phase_ = "optimizer step";
    chain_.on_before_optimizer_step(step_);
    engine_.optimizer_step(i);
    ++progress_.optimizer_steps;
    chain_.on_optimizer_step(step_);
    chain_.on_before_zero_grad(step_);
    engine_.zero_grad(i);
  }
  progress_.optimizer_index = 0;
  ++progress_.step;
  gradients_pending_ = false;
  step_schedulers(ScheduleMoment::step);
}

void Loop::step_schedulers(ScheduleMoment moment) {
  phase_ = "learning-rate schedule";
  engine_.step_schedulers(moment, schedule_metrics_);
}

void Loop::plan_validation() {
  const BatchLimit& interval = options_.val_check_interval;
  if (!validates_ || (interval.is_share && interval.share >= 1.0)) return;
  if (!interval.is_share) {
    validation_every_ = interval.count;
    if (options_.check_val_every_n_epoch != 0 && epoch_limit_ != TENON_UNKNOWN && interval.count > epoch_limit_)
      throw Failure(ExitCode::manifest, "val_check_interval is " + std::to_string(interval.count) +
                                            " batches, but a training epoch has " + std::to_string(epoch_limit_) +
                                            ": validation would never run; make it smaller, or count "
                                            "batches across epochs with \"check_val_every_n_epoch\": null");
    return;
  }
  if (epoch_limit_ == TENON_UNKNOWN)
    throw Failure(ExitCode::manifest,
                  "val_check_interval is a share of the epoch, but the length of the training data is not known: give "
                  "a count of batches");
  validation_every_ =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(static_cast<double>(epoch_limit_) * interval.share));
}

bool Loop::validation_due(bool last) const {
  if (const auto recorded = engine_.validation_due()) return *recorded;
  const std::uint64_t every_epochs = options_.check_val_every_n_epoch;
  if (every_epochs == 0) return validation_every_ == TENON_UNKNOWN ? last : total_batches_ % validation_every_ == 0;
  if ((progress_.epoch + 1) % every_epochs != 0) return false;
  return validation_every_ == TENON_UNKNOWN ? last : progress_.batch % validation_every_ == 0;
}

void Loop::run_validation() {
  phase_ = "validation";
  progress_.stage = TENON_STAGE_VALIDATION;
  chain_.on_validation_start(event_);
  event_.complete = evaluate(Stage::validation, options_.limit_val_batches) ? 1 : 0;
  metrics_.finish_reductions(Stage::validation, progress_.step, progress_.epoch);
  ++progress_.validations;
  tick();
  phase_ = "on_validation_end";
  chain_.on_validation_end(event_);
  event_.complete = 1;
  emit_metrics(TENON_HOOK(on_validation_end), "on_validation_end", true);
  step_schedulers(ScheduleMoment::validation);
  progress_.stage = TENON_STAGE_TRAIN;
  progress_.stage_batch = progress_.batch;
  progress_.stage_batches = progress_.batches;
  metrics_.enter(Stage::train, progress_.step, progress_.epoch, 1);
}

bool Loop::evaluate(Stage stage, const BatchLimit& limit) {
  const EngineFacts& facts = engine_.facts();
  bool whole = true;
  for (std::uint32_t loader = 0; loader < facts.validation_batches.size(); ++loader) {
    const std::uint64_t batches = limited(facts.validation_batches[loader], limit);
    progress_.dataloader_index = loader;
    progress_.stage_batch = 0;
    progress_.stage_batches = batches;
    metrics_.enter(stage, progress_.step, progress_.epoch, 1);
    metrics_.enter_loader(loader, facts.validation_batches.size());
    engine_.start_evaluation(stage, loader);
    std::optional<BatchInfo> next = batches ? engine_.fetch_evaluation() : std::nullopt;
    while (next) {
      engine_.take_evaluation();
      const BatchInfo batch = *next;
      next = progress_.stage_batch + 1 < batches ? engine_.fetch_evaluation() : std::nullopt;
      metrics_.set_samples(batch.samples);
      batch_.samples = batch.samples;
      batch_.flags = next ? 0 : TENON_BATCH_LAST;
      if (stage == Stage::validation) chain_.on_validation_batch_start(batch_);
      engine_.evaluation_step();
      ++progress_.stage_batch;
      if (stage == Stage::validation) chain_.on_validation_batch_end(batch_);
    }
    // One of unknown length that ended below the limit was gone through as well.
    whole = whole && (batches >= facts.validation_batches[loader] || progress_.stage_batch < batches);
    engine_.end_evaluation(stage);
  }
  progress_.dataloader_index = 0;
  return whole;
}

void Loop::emit_metrics(std::uint32_t event, const char* name, bool every, const std::string& message) {
  if (chain_.wanted(TENON_HOOK(on_metrics))) {
    const std::vector<tenon_logged_metric>& logged = metrics_.event(every);
    tenon_metrics_args args{};
    args.struct_size = sizeof args;
    args.event = event;
    args.progress = &progress_;
    args.event_name = chain::to_text(name);
    args.message = chain::to_text(message);
    args.metrics = logged.data();
    args.metric_count = logged.size();
    args.metric_stride = sizeof(tenon_logged_metric);
    chain_.on_metrics(args);
  }
  metrics_.end_event();
}

void Loop::commit(Phase phase) {
  phase_ = "commit point";
  commit_point_.run({phase, gradients_pending_, consistent_, completed_epochs_, epoch_samples_});
}

void Loop::report_exception(tenon_status status, const std::string& message, const std::string& callback_id) {
  tick();
  const std::string phase = phase_;
  tenon_exception_args args{};
  args.struct_size = sizeof args;
  args.status = status;
  args.progress = &progress_;
  args.message = chain::to_text(message);
  args.callback_id = chain::to_text(callback_id);
  args.phase = chain::to_text(phase);
  args.consistent = consistent_ ? 1 : 0;
  chain_.on_exception(args);
  emit_metrics(TENON_HOOK(on_exception), "on_exception", true, message);
}

template <class Body>
void Loop::or_note(FitResult& result, Body&& body) {
  try {
    body();
  } catch (const std::exception& error) {
    if (result.reason != TENON_END_FAILED) result.detail.clear();
    result.reason = TENON_END_FAILED;
    if (result.exit == ExitCode::ok) result.exit = ExitCode::failed;
    result.detail += (result.detail.empty() ? "" : "; then, at the end: ") + std::string(error.what());
  }
}

void Loop::finish(FitResult& result) {
  tick();
  const bool trained = !result.refused;
  const auto end_args = [&] {
    return tenon_end_args{sizeof(tenon_end_args), result.reason, &progress_, chain::to_text(result.detail)};
  };
  if (trained) {
    if (commit_point_.stopped()) or_note(result, [&] { commit_point_.deliver_stops(); });
    or_note(result, [&] { chain_.on_train_end(end_args()); });
    or_note(result, [&] { commit(Phase::final); });
  }
  requests_.withdraw_all("the run has ended");
  requests_.close();
  if (trained) or_note(result, [&] { commit_point_.deliver(); });
  or_note(result, [&] { chain_.on_fit_end(end_args()); });
  or_note(result, [&] { chain_.on_teardown(end_args()); });
  result.epochs = ended_epochs_;
  result.steps = progress_.step;
}

}  // namespace tenon::loop
