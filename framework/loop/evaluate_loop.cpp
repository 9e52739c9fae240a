// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The loop's passes over evaluation data, and when validations are due.
#include <algorithm>

#include "chain/log.hpp"
#include "loop/evaluation.hpp"
#include "loop/loop.hpp"
#include "loop/option_failure.hpp"

namespace tenon::loop {

void Loop::run_sanity() {
  if (!validates_ || options_.num_sanity_val_steps == 0) return;
  phase_ = "sanity validation";
  progress_.stage = TENON_STAGE_SANITY;
  chain_.on_sanity_start(event_);
  go_through(Stage::sanity, options_.limit_val_batches, options_.num_sanity_val_steps);
  chain_.on_sanity_end(event_);
  progress_.stage = TENON_STAGE_TRAIN;
}

void Loop::plan_validation() {
  const BatchLimit& interval = options_.val_check_interval;
  if (!validates_ || (interval.is_share && interval.share >= 1.0)) return;
  if (!interval.is_share) {
    validation_every_ = interval.count;
    if (options_.check_val_every_n_epoch != 0 && epoch_limit_ != TENON_UNKNOWN && interval.count > epoch_limit_)
      throw OptionFailure("val_check_interval", "is " + std::to_string(interval.count) +
                                                    " batches, but a training epoch has " +
                                                    std::to_string(epoch_limit_) +
                                                    ": validation would never run; make it smaller, or count "
                                                    "batches across epochs with \"check_val_every_n_epoch\": null");
    return;
  }
  if (epoch_limit_ == TENON_UNKNOWN)
    throw OptionFailure("val_check_interval",
                        "is a share of the epoch, but the length of the training data is not known: give a count of "
                        "batches");
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
  validation_waits_ = false;
  run_stage(Stage::validation, options_.limit_val_batches);
  step_schedulers(ScheduleMoment::validation);
  progress_.stage = TENON_STAGE_TRAIN;
  progress_.stage_batch = progress_.batch;
  progress_.stage_batches = progress_.batches;
  metrics_.enter(Stage::train, progress_.step, progress_.epoch, 1);
}

void Loop::run_stage(Stage stage, const BatchLimit& limit) {
  const EvaluationHooks hooks = evaluation_hooks(stage);
  phase_ = hooks.stage;
  progress_.stage = static_cast<std::int32_t>(stage);
  (chain_.*hooks.start)(event_);
  event_.complete = go_through(stage, limit) ? 1 : 0;
  metrics_.finish_reductions(stage, progress_.step, progress_.epoch);
  if (stage == Stage::validation) {
    ++progress_.validations;
    if (fitting_ && progress_.validations == 1 && metrics_.event_empty() && !facts_.is_replay)
      chain::log(TENON_LOG_WARN, "",
                 "the first validation has logged no metric: does the task have a validation_step() that logs one?");
  }
  tick();
  phase_ = hooks.end_name;
  (chain_.*hooks.end)(event_);
  event_.complete = 1;
  emit_metrics(hooks.end_hook, hooks.end_name, true);
}

bool Loop::go_through(Stage stage, const BatchLimit& limit, std::uint64_t most) {
  const std::vector<std::uint64_t>& loaders = stage_batches(engine_.facts(), stage);
  const EvaluationHooks hooks = evaluation_hooks(stage);
  bool whole = true;
  for (std::uint32_t loader = 0; loader < loaders.size(); ++loader) {
    const std::uint64_t batches = std::min(limited(loaders[loader], limit), most);
    progress_.dataloader_index = loader;
    progress_.stage_batch = 0;
    progress_.stage_batches = batches;
    metrics_.enter(stage, progress_.step, progress_.epoch, 1);
    metrics_.enter_loader(loader, loaders.size());
    engine_.start_evaluation(stage, loader);
    std::optional<BatchInfo> next = batches ? engine_.fetch_evaluation() : std::nullopt;
    while (next) {
      engine_.take_evaluation();
      const BatchInfo batch = *next;
      next = progress_.stage_batch + 1 < batches ? engine_.fetch_evaluation() : std::nullopt;
      metrics_.set_samples(batch.samples);
      batch_.samples = batch.samples;
      batch_.flags = next ? 0 : TENON_BATCH_LAST;
      if (hooks.batch_start) (chain_.*hooks.batch_start)(batch_);
      engine_.evaluation_step();
      ++progress_.stage_batch;
      if (hooks.batch_end) (chain_.*hooks.batch_end)(batch_);
    }
    // One of unknown length that ended below the limit was gone through as well.
    whole = whole && (batches >= loaders[loader] || progress_.stage_batch < batches);
    engine_.end_evaluation(stage);
  }
  progress_.dataloader_index = 0;
  return whole;
}

}  // namespace tenon::loop
