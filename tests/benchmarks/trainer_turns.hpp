// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_BENCHMARKS_TRAINER_TURNS_HPP
#define TENON_BENCHMARKS_TRAINER_TURNS_HPP

#include <tenon/trainer_options.hpp>

#include "trainer_models.hpp"

namespace tenon::benchmarks {

struct Turns {
  double raw_steps_per_s = 0, tenon_steps_per_s = 0;
  double ratio = 0;  ///< median over the turns
};

/// Trains the model through tenon::Trainer, with csv_logger, checkpoint and train_loss logged on each step, and by hand
/// with the same batches, optimizer and options (accumulate_grad_batches, gradient_clip_val, bf16_mixed), both in turns
/// of `steps` optimizer steps, `turns` of them, in one process and thread. The first turn of each is not counted.
Turns take_turns(const TrainedModel& model, TrainerOptions options, std::uint64_t steps, std::uint64_t turns);

/// Microseconds that a validation batch of the mlp takes through Tenon beyond a hand-written loop's.
double us_per_validation_batch(const TrainedModel& model);

}  // namespace tenon::benchmarks

#endif
