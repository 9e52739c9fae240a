// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// THE loop. It is written once, against the Engine door; this page is the documentation of its events.
//
//   on_setup -> restore state if resuming -> on_fit_start
//   sanity validation (nothing logged, only on_sanity_start/_end; not when resuming) ; on_train_start
//   for each epoch:
//     on_train_epoch_start                        (not again when resuming inside the epoch)
//     for each batch of the loader:               (fetched one ahead, so the last one is known)
//       on_train_batch_start
//       training_step, on_before_backward, backward, on_after_backward
//       on the last batch of an accumulation group or of the epoch, for each optimizer:
//         on_before_optimizer_step, clip, step, on_optimizer_step, on_before_zero_grad, zero_grad ; then step advances,
//         step schedules
//       on_train_batch_end, on_metrics
//       if validation is due: on_validation_start, (on_validation_batch_start/end)*, on_validation_end, on_metrics,
//         schedules that monitor a validation's metric
//       COMMIT POINT (phase batch)                (saves and stops wait while gradients are pending)
//     on_train_epoch_end, on_metrics, epoch schedules, COMMIT POINT (phase epoch_end)
//   an interruption (a signal) ends it right behind a commit point, where the state is saved: no epoch's end, no
//   further saves on_exception, on_metrics (only then) ; on_train_end ; FINAL COMMIT POINT ; deliver on_fit_end,
//   on_teardown                       always, for everyone created ; nothing can be asked for any more
//
// An optimizer with a closure (LBFGS) repeats zero_grad, training_step, backward and clipping inside its step; their
// hooks fire each time, with the number of the repetition. What a repeated training_step logs is dropped: the first one
// has logged the loss of the weights that the batch began with. Under manual optimization training_step does all from
// backward to zero_grad by hand, and the hooks fire there. `step` advances by one for a batch in which at least one
// optimizer stepped.
//
//   validate, test, predict: on_setup -> on_{stage}_start, (on_{stage}_batch_start/end)*, on_{stage}_end, on_metrics,
//                            on_teardown
//
// A validation that is due inside an accumulation group waits for its end: what is saved behind it must be what it has
// measured, and saves wait too.
// Where max_epochs, max_steps or limit_train_batches leaves nothing to train, on_fit_start is followed by on_fit_end.
// on_metrics follows every validation end, epoch end and exception, with no metric too; a batch end only when
// log_every_n_steps lets something through or a monitored metric was logged.
// A stop or max_steps inside an epoch calls on_train_epoch_end with complete = 0, epoch schedules do not step, and the
// position stays inside it: the run can be resumed with a higher limit, as if it had never ended.
// A resumed run goes on right behind the commit point that its checkpoint was made at: after phase batch with the next
// batch, or at the epoch's end where that was the last; after epoch_end with the next epoch. A stop that was due at
// that commit point is carried out first.
#ifndef TENON_LOOP_LOOP_HPP
#define TENON_LOOP_LOOP_HPP

#include <tenon/hooks.h>
#include <tenon/failure.hpp>
#include <tenon/interruption.hpp>

#include <optional>
#include <string>

#include "chain/chain.hpp"
#include "loop/commit_point.hpp"
#include "loop/engine.hpp"
#include "loop/metric_store.hpp"
#include "loop/resume_point.hpp"
#include "loop/run_facts.hpp"
#include "loop/schedule_metrics.hpp"

namespace tenon::loop {

class LoopServices;

/// How fit ended.
struct FitResult {
  std::int32_t reason = TENON_END_FINISHED;  ///< TENON_END_*
  ExitCode exit = ExitCode::ok;
  bool refused = false;      ///< nothing was trained: a callback or the configuration refused to start
  std::string detail;        ///< the stops' reasons, or the error's message
  std::string option;        ///< of the trainer, that does not go with the task or its data
  std::uint64_t epochs = 0;  ///< whose on_train_epoch_end was called, one cut short included
  std::uint64_t steps = 0;
  bool at_history_end = false;  ///< finished, since the recorded history goes no further
};

class Loop final : private StepListener {
 public:
  /// Everything outlives the loop. `progress` is what hooks see; the loop alone writes it.
  Loop(Engine& engine, chain::Chain& chain, MetricStore& metrics, CommitPoint& commit_point, Requests& requests,
       LoopServices& services, const RunFacts& facts, const Clock& clock, tenon_progress& progress);

  /// The whole of fit; with `from` it goes on where that stood, once the engine has been restored from it. Throws
  /// nothing that a callback, the task or the engine has thrown: it is in the result.
  FitResult fit(const ResumePoint* from = nullptr, const Interruption* interruption = nullptr);
  /// The whole of validate, test or predict.
  FitResult evaluate(Stage stage);

 private:
  void before_backward() override { chain_.on_before_backward(step_); }
  void after_backward() override { chain_.on_after_backward(step_); }
  void before_optimizer_step(std::uint32_t optimizer) override;
  void after_optimizer_step(std::uint32_t optimizer) override;
  void before_zero_grad(std::uint32_t optimizer) override;
  void count_step() override { stepped_ = true; }
  void record(const Record& record) override;

  template <class Body>
  FitResult guarded(const Body& body);
  void check_options() const;
  void start(const ResumePoint* from);
  void restore(const ResumePoint& from);
  void restore_progress_of(const ResumePoint& from);
  void load_callbacks(const ResumePoint& from);
  std::vector<WeightRequest> pending_weights(const ResumePoint& from);
  void go_on_from_commit_point();
  /// The epoch that the checkpoint is of was cut short, and told so: it has another end before it.
  bool ends_anew() const { return inside_epoch_ && resumed_phase_ && *resumed_phase_ != Phase::batch; }
  void train();
  void run_sanity();
  void run_epoch();
  void end_epoch(bool complete);
  void run_batch(const BatchInfo& batch, bool last);
  void run_backward();
  void step_optimizers();
  void step_schedulers(ScheduleMoment moment);
  void evaluate_again(std::uint32_t optimizer);
  std::optional<BatchInfo> fetch_batch();
  bool validation_due(bool last) const;
  void run_validation();
  void run_stage(Stage stage, const BatchLimit& limit);
  /// One pass over the stage's loaders, of each `most` batches at the most; answers whether none was cut short.
  bool go_through(Stage stage, const BatchLimit& limit, std::uint64_t most = TENON_UNKNOWN);
  void emit_metrics(std::uint32_t event, const char* name, bool every, const std::string& message = {});
  void commit(Phase phase, std::string_view ended = {});
  CommitState commit_state(Phase phase, std::string_view ended = {}) const;
  bool limits_reached() const;
  bool has_ended() const { return limits_reached() || engine_.history_is_over(); }
  bool epoch_is_cut() const;
  bool time_is_up() const;
  void plan_validation();
  void tick() { progress_.seconds = clock_.seconds(); }

  void tell_not_finite();
  std::string where() const;
  void report_exception(tenon_status status, const std::string& message, const std::string& callback_id);
  void end_tasks();
  void finish(FitResult& result);
  template <class Body>
  void or_note(FitResult& result, Body&& body);

  Engine& engine_;
  chain::Chain& chain_;
  MetricStore& metrics_;
  CommitPoint& commit_point_;
  Requests& requests_;
  LoopServices& services_;
  const RunFacts& facts_;
  const TrainerOptions& options_;
  const Clock& clock_;
  tenon_progress& progress_;

  std::uint64_t epoch_limit_ = TENON_UNKNOWN;  // batches of a training epoch
  std::uint64_t fetched_ = 0;
  std::uint64_t validation_every_ = TENON_UNKNOWN;  // batches; UNKNOWN: at the epoch's last batch
  std::uint64_t total_batches_ = 0;
  std::uint64_t completed_epochs_ = 0, ended_epochs_ = 0;
  std::uint64_t epoch_samples_ = 0;
  bool inside_epoch_ = false;           // it has begun, and its end has not come or came early
  std::optional<Phase> resumed_phase_;  // of the checkpoint that this run goes on from
  bool gradients_pending_ = false;
  bool validation_waits_ = false;  // for the end of the accumulation group
  bool consistent_ = true;
  bool trains_ = false;   // there is something to train: on_train_start has been, or would have been, called
  bool stepped_ = false;  // an optimizer stepped in the running batch
  bool told_not_finite_ = false;
  bool fitting_ = true;
  const Interruption* interruption_ = nullptr;
  bool leaving_ = false;      // an interruption was seen before the hooks of this commit point
  bool interrupted_ = false;  // and the state has been asked for
  bool validates_ = false;
  ScheduleMetrics schedule_metrics_;
  const char* phase_ = "on_setup";  // what an error is reported under
  tenon_event_args event_{};
  tenon_batch_args batch_{};
  tenon_step_args step_{};
};

}  // namespace tenon::loop

#endif
