// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/loop.hpp"

#include <algorithm>
#include <stdexcept>

#include "chain/abi.hpp"
#include "chain/log.hpp"
#include "loop/account.hpp"
#include "loop/check_shares.hpp"
#include "loop/evaluation.hpp"
#include "loop/option_failure.hpp"
#include "loop/recovery.hpp"
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

FitResult Loop::fit(const ResumePoint* from, const Interruption* interruption) {
  interruption_ = interruption;
  return guarded([this, from](bool& started) {
    start(from);
    started = true;
    train();
  });
}

FitResult Loop::evaluate(Stage stage) {
  fitting_ = false;
  return guarded([&](bool& started) {
    progress_.stage = static_cast<std::int32_t>(stage);
    chain_.on_setup(event_);
    engine_.start_run(metrics_, *this);
    check_shares(engine_.facts(), options_, stage);
    services_.fit_started = true;
    services_.start_is_over = true;
    metrics_.set_position(0, 0);
    started = true;
    if (has_batches(engine_.facts(), options_, stage))
      run_stage(stage, stage_limit(options_, stage));
    else
      chain::log(TENON_LOG_INFO, "",
                 std::string("no batch of the ") + evaluation_hooks(stage).stage + " data is left: its limit says so");
  });
}

template <class Body>
FitResult Loop::guarded(const Body& body) {
  FitResult result;
  bool started = false;
  const auto failed = [&](const std::string& what) {
    result.reason = TENON_END_FAILED;
    result.exit = ExitCode::failed;
    result.detail = started ? where() + phase_ + ": " + what : what;
    if (started) or_note(result, [&] { report_exception(TENON_E_FAILED, result.detail, ""); });
  };
  try {
    body(started);
    if (commit_point_.stopped()) result.reason = TENON_END_STOPPED;
    result.at_history_end = fitting_ && !limits_reached() && engine_.history_is_over();
    result.detail = commit_point_.stop_detail();
    if (result.detail.empty() && time_is_up()) result.detail = "max_time is over";
    if (interrupted_) {
      result.reason = TENON_END_INTERRUPTED;
      result.exit = ExitCode::interrupted;
      result.detail = std::string(signal_name(interruption_->signal()));
    }
  } catch (const chain::CallbackError& error) {
    result.reason = TENON_END_FAILED;
    result.exit = started ? ExitCode::failed : ExitCode::callback;
    result.detail = error.what();
    phase_ = error.hook().c_str();
    if (started) or_note(result, [&] { report_exception(error.status(), result.detail, error.callback_id()); });
  } catch (const RecordedFailure& failure) {
    result.reason = TENON_END_FAILED;
    result.detail = failure.what();
    or_note(result, [&] { report_exception(TENON_E_FAILED, result.detail, ""); });
  } catch (const Failure& failure) {
    result.reason = TENON_END_FAILED;
    result.exit = failure.code();
    result.detail = failure.what();
    if (const auto* misfit = dynamic_cast<const OptionFailure*>(&failure)) result.option = misfit->option();
    if (started) or_note(result, [&] { report_exception(TENON_E_FAILED, result.detail, ""); });
  } catch (const std::exception& error) {
    failed(error.what());
  } catch (...) {
    failed("something was thrown that is no std::exception");
  }
  result.refused = !started;
  finish(result);
  return result;
}

std::string Loop::where() const {
  if (!fitting_) return "";
  return "epoch " + std::to_string(progress_.epoch) + ", batch " + std::to_string(progress_.batch) + ", ";
}

/// What the manifest asks for and the task's way of stepping cannot do.
void Loop::check_options() const {
  const EngineFacts& facts = engine_.facts();
  const char* way = facts.manual_optimization ? "the task steps its optimizers by hand (manual_optimization)"
                    : facts.closure           ? "the optimizer evaluates each batch several times (its closure)"
                                              : nullptr;
  if (way == nullptr) return;
  if (options_.accumulate_grad_batches > 1)
    throw OptionFailure("accumulate_grad_batches",
                        "is " + std::to_string(options_.accumulate_grad_batches) + ", but " + way + ": leave it out" +
                            (facts.closure ? ", or take a larger batch_size" : ", and accumulate there"));
  if (facts.manual_optimization && options_.gradient_clip_val)
    throw OptionFailure("gradient_clip_val", std::string("is given, but ") + way +
                                                 ": leave it out, and call clip_gradients() before step() there");
}

void Loop::start(const ResumePoint* from) {
  check_options();
  chain_.on_setup(event_);
  phase_ = "the start";
  engine_.start_run(metrics_, *this);
  check_shares(engine_.facts(), options_);
  epoch_limit_ = limited(engine_.facts().train_batches, options_.limit_train_batches);
  progress_.batches = epoch_limit_;
  progress_.stage_batches = epoch_limit_;
  validates_ = has_validation(engine_.facts(), options_);
  plan_validation();
  if (from) restore(*from);
  metrics_.set_position(progress_.step, progress_.epoch);
  services_.fit_started = true;
  phase_ = "on_fit_start";
  tenon_fit_start_args args{sizeof args, 0, &progress_, {nullptr, 0}};
  if (from && from->takes(restore_callbacks)) {
    args.resumed = 1;
    args.resumed_from = chain::to_text(from->path().native());
  }
  chain_.on_fit_start(args);
  services_.start_is_over = true;
  try {
    metrics_.check_monitored();
  } catch (const chain::AbiError& error) {
    throw Failure(ExitCode::manifest, error.what());
  }
}

void Loop::train() {
  // A run that was killed between its last commit points has its end still before it.
  const bool end_is_due = resumed_phase_ && *resumed_phase_ != Phase::final;
  if (limits_reached() && !end_is_due) {
    chain::log(TENON_LOG_INFO, "", "there is nothing to train: max_epochs, max_steps or limit_train_batches says so");
    if (resumed_phase_) commit_point_.carry_out_owed_moves();
    return;
  }
  trains_ = true;
  if (!resumed_phase_) run_sanity();
  phase_ = "on_train_start";
  chain_.on_train_start(event_);
  if (resumed_phase_) go_on_from_commit_point();
  while (!has_ended()) run_epoch();
}

bool Loop::limits_reached() const {
  return epoch_is_cut() || completed_epochs_ >= options_.max_epochs || epoch_limit_ == 0;
}

bool Loop::epoch_is_cut() const {
  return interrupted_ || commit_point_.stopped() || progress_.step >= options_.max_steps || time_is_up();
}

bool Loop::time_is_up() const {
  return progress_.seconds >= options_.max_time && completed_epochs_ >= options_.min_epochs &&
         progress_.step >= options_.min_steps;
}

void Loop::run_epoch() {
  const bool goes_on = inside_epoch_;
  if (!goes_on) {
    progress_.batch = 0;
    epoch_samples_ = 0;
    inside_epoch_ = true;
  }
  progress_.stage_batch = progress_.batch;
  fetched_ = progress_.batch;
  tick();
  metrics_.set_position(progress_.step, progress_.epoch);
  phase_ = "on_train_epoch_start";
  if (!goes_on) chain_.on_train_epoch_start(event_);
  progress_.stage_batches = progress_.batches;
  phase_ = "training data";
  engine_.start_epoch(progress_.epoch, epoch_samples_);

  std::optional<BatchInfo> next = fetch_batch();
  bool last = !next;
  while (next && !epoch_is_cut() && !engine_.history_is_over()) {
    phase_ = "training data";
    engine_.take();
    const BatchInfo batch = *next;
    next = fetch_batch();
    last = !next;
    run_batch(batch, last);
    validation_waits_ = validation_waits_ || (validates_ && validation_due(last));
    if (validation_waits_ && !gradients_pending_) run_validation();
    commit(Phase::batch);
  }
  if (interrupted_) return;
  engine_.check_uncounted_steps(0);
  end_epoch(last);
}

void Loop::end_epoch(bool complete) {
  phase_ = "on_train_epoch_end";
  engine_.end_epoch();
  tick();
  if (complete) ++completed_epochs_;
  inside_epoch_ = !complete;
  metrics_.finish_reductions(Stage::train, progress_.step, progress_.epoch, complete);
  event_.complete = complete ? 1 : 0;
  ++ended_epochs_;
  leaving_ = interruption_ && interruption_->leaves();
  chain_.on_train_epoch_end(event_);
  event_.complete = 1;
  emit_metrics(TENON_HOOK(on_train_epoch_end), "on_train_epoch_end", true);
  if (complete) step_schedulers(ScheduleMoment::epoch);
  commit(Phase::epoch_end);
  if (complete && !has_ended()) ++progress_.epoch;
}

std::optional<BatchInfo> Loop::fetch_batch() {
  if (fetched_ >= epoch_limit_) return std::nullopt;
  phase_ = "training data";
  std::optional<BatchInfo> next = engine_.fetch();
  if (next) ++fetched_;
  return next;
}

void Loop::run_batch(const BatchInfo& batch, bool last) {
  const bool manual = engine_.facts().manual_optimization;
  const bool group_ends = last || (progress_.batch + 1) % options_.accumulate_grad_batches == 0;
  metrics_.enter(Stage::train, progress_.step + (group_ends ? 1 : 0), progress_.epoch, batch.samples);
  batch_.samples = batch.samples;
  batch_.flags = last ? TENON_BATCH_LAST : 0;
  chain_.on_train_batch_start(batch_);

  consistent_ = false;
  stepped_ = false;
  phase_ = "training_step";
  engine_.training_step();
  if (!told_not_finite_ && !engine_.loss_is_finite()) tell_not_finite();
  if (!manual) {
    run_backward();
    gradients_pending_ = true;
    if (group_ends) step_optimizers();
  }
  if (stepped_) {
    ++progress_.step;
    step_schedulers(ScheduleMoment::step);
  } else if (manual) {
    metrics_.stamp_event(progress_.step);
  }
  consistent_ = true;

  ++progress_.batch;
  ++total_batches_;
  progress_.stage_batch = progress_.batch;
  if (batch.samples != TENON_UNKNOWN) {
    progress_.samples += batch.samples;
    epoch_samples_ += batch.samples;
  }
  tick();
  if (manual) engine_.check_uncounted_steps(total_batches_);
  metrics_.set_position(progress_.step, progress_.epoch);
  if (stepped_) batch_.flags |= TENON_BATCH_STEPPED;
  phase_ = "on_train_batch_end";
  leaving_ = interruption_ && interruption_->leaves();  // the last callback asks for the state
  chain_.on_train_batch_end(batch_);
  const bool every = stepped_ && options_.log_every_n_steps && progress_.step % options_.log_every_n_steps == 0;
  if ((every && !metrics_.event_empty()) || metrics_.event_has_monitored())
    emit_metrics(TENON_HOOK(on_train_batch_end), "on_train_batch_end", every);
  else
    metrics_.end_event();
}

void Loop::run_backward() {
  before_backward();
  phase_ = "backward";
  engine_.backward(1.0 / static_cast<double>(options_.accumulate_grad_batches));
  after_backward();
}

void Loop::step_optimizers() {
  for (std::uint32_t i = 0; i < engine_.facts().optimizers; ++i) {
    phase_ = "optimizer step";
    before_optimizer_step(i);
    if (options_.gradient_clip_val) engine_.clip_gradients(i);
    if (engine_.facts().closure)
      engine_.optimizer_step(i, [this, i] { evaluate_again(i); });
    else
      engine_.optimizer_step(i, {});
    after_optimizer_step(i);
    before_zero_grad(i);
    engine_.zero_grad(i);
  }
  progress_.optimizer_index = 0;
  gradients_pending_ = false;
}

void Loop::step_schedulers(ScheduleMoment moment) {
  phase_ = "learning-rate schedule";
  engine_.step_schedulers(moment, schedule_metrics_);
}

void Loop::evaluate_again(std::uint32_t optimizer) {
  ++step_.repetition;
  before_zero_grad(optimizer);
  engine_.zero_grad(optimizer);
  metrics_.mute(true);
  phase_ = "training_step";
  engine_.training_step();
  metrics_.mute(false);
  run_backward();
  if (options_.gradient_clip_val) engine_.clip_gradients(optimizer);
  phase_ = "optimizer step";
}

void Loop::before_optimizer_step(std::uint32_t optimizer) {
  progress_.optimizer_index = optimizer;
  step_.repetition = 0;
  chain_.on_before_optimizer_step(step_);
  commit_point_.wait_for_copies();
}

void Loop::after_optimizer_step(std::uint32_t optimizer) {
  progress_.optimizer_index = optimizer;
  stepped_ = true;
  ++progress_.optimizer_steps;
  step_.repetition = 0;
  chain_.on_optimizer_step(step_);
}

void Loop::before_zero_grad(std::uint32_t optimizer) {
  progress_.optimizer_index = optimizer;
  chain_.on_before_zero_grad(step_);
}

void Loop::record(const Record& record) {
  if (!chain_.wanted(TENON_HOOK(on_record)) || progress_.stage == TENON_STAGE_SANITY) return;
  tenon_record_args args{};
  args.struct_size = sizeof args;
  args.kind = record.kind;
  args.progress = &progress_;
  args.name = chain::to_text(record.name);
  args.media_type = chain::to_text(record.media_type);
  if (record.tensor == nullptr) {
    args.data = record.data.data();
    args.size = record.data.size();
  }
  args.tensor = record.tensor;
  chain_.on_record(args);
}

void Loop::tell_not_finite() {
  told_not_finite_ = true;
  chain::log(
      TENON_LOG_WARN, "",
      where() +
          "training_step: the loss is not finite (told once); \"detect_anomaly\": true in the trainer stops there "
          "and names the layer");
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

CommitState Loop::commit_state(Phase phase, std::string_view ended) const {
  CommitState state;
  state.phase = phase;
  state.gradients_pending = gradients_pending_;
  state.consistent = consistent_;
  state.completed_epochs = completed_epochs_;
  state.epoch_samples = epoch_samples_;
  state.total_batches = total_batches_;
  state.inside_epoch = inside_epoch_;
  const bool ends_last_epoch = (batch_.flags & TENON_BATCH_LAST) && completed_epochs_ + 1 >= options_.max_epochs;
  state.may_be_last = ends_last_epoch || leaving_ || limits_reached();
  if (commit_point_.stopped()) state.stopped_by = commit_point_.stop_detail();
  state.ended = ended;
  return state;
}

void Loop::commit(Phase phase, std::string_view ended) {
  phase_ = "commit point";
  leaving_ = leaving_ || (interruption_ && interruption_->is_answered());  // it came while the hooks ran
  commit_point_.run(commit_state(phase, ended));
  interrupted_ = leaving_ && !gradients_pending_ && phase != Phase::final;
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
    if (result.exit == ExitCode::ok || result.exit == ExitCode::interrupted) result.exit = ExitCode::failed;
    result.detail += (result.detail.empty() ? "" : "; then, at the end: ") + std::string(error.what());
  }
}

void Loop::end_tasks() {
  services_.tasks->drain();
  chain_.count_failures(services_.tasks->take_failures());
}

void Loop::finish(FitResult& result) {
  tick();
  const bool trained = !result.refused && fitting_;
  const auto end_args = [&] {
    return tenon_end_args{sizeof(tenon_end_args), result.reason, &progress_, chain::to_text(result.detail)};
  };
  if (trained) {
    // What hooks are shown from here on must not depend on how fast the disk is.
    or_note(result, [&] { commit_point_.take_all_results(); });
    if (commit_point_.stopped()) or_note(result, [&] { commit_point_.deliver_stops(); });
    if (trains_) or_note(result, [&] { chain_.on_train_end(end_args()); });
    if (!interrupted_) or_note(result, [&] { commit(Phase::final, end_name(result.reason)); });
    or_note(result, [&] { commit_point_.finish(result.reason); });
  }
  or_note(result, [&] { end_tasks(); });
  requests_.withdraw_all("the run has ended");
  requests_.close();
  if (fitting_) or_note(result, [&] { chain_.on_fit_end(end_args()); });
  if (!result.refused) or_note(result, [&] { commit_point_.deliver_last_notes(); });
  services_.notes_are_over = true;
  or_note(result, [&] { chain_.on_teardown(end_args()); });
  or_note(result, [&] { end_tasks(); });
  result.epochs = ended_epochs_;
  result.steps = progress_.step;
}

}  // namespace tenon::loop
