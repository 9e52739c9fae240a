// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What is said about a value that is logged. Shared by tasks, the loop and its engines; no LibTorch here.
#ifndef TENON_METRICS_HPP
#define TENON_METRICS_HPP

#include <cstdint>
#include <optional>
#include <string>

namespace tenon {

enum class Goal : std::int32_t { none = 0, minimize = 1, maximize = 2 };             // TENON_GOAL_*
enum class Reduce : std::int32_t { mean = 0, sum = 1, min = 2, max = 3, last = 4 };  // TENON_REDUCE_*
enum class Stage : std::int32_t { none = 0, train = 1, validation = 2, sanity = 3, test = 4, predict = 5 };

/// How a value is logged. Where on_step and on_epoch are left open, a training step logs on the step and an evaluation
/// on the epoch. With both, the name stands for the step's value and `<name>_epoch` for the reduced one.
struct LogOptions {
  Goal goal = Goal::none;
  std::optional<bool> on_step{};
  std::optional<bool> on_epoch{};
  Reduce reduce = Reduce::mean;  ///< over the batches of an epoch or evaluation, weighted by batch_size
  bool prog_bar = false;
  bool logger = true;
  std::uint64_t batch_size = 0;  ///< 0: the running batch's samples
  /// Where an evaluation has several loaders, its metrics are named `<name>/dataloader_idx_<n>`. With false the name
  /// stays; it must then be another for each loader, or the step fails.
  bool add_dataloader_idx = true;
};

/// A metric that the task promises to log, so that `monitor` can be checked before training.
struct DeclaredMetric {
  std::string name;
  Goal goal = Goal::none;
  Stage stage = Stage::train;      ///< train or validation
  bool add_dataloader_idx = true;  ///< as it will be logged; a validation metric then stands for one of each loader
};

}  // namespace tenon

#endif
