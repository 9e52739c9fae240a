// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The manifest's `trainer` object; names and meanings are PyTorch Lightning's.
#ifndef TENON_TRAINER_OPTIONS_HPP
#define TENON_TRAINER_OPTIONS_HPP

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

namespace tenon {

/// Of an option that counts; TENON_UNKNOWN of the C ABI.
inline constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();

/// A count of batches, or a share of them: the manifest's `1.0` is a share, `1` a count.
struct BatchLimit {
  static constexpr BatchLimit batches(std::uint64_t count) { return {false, 1.0, count}; }
  static constexpr BatchLimit share_of(double share) { return {true, share, 0}; }

  bool is_share = true;
  double share = 1.0;       ///< 0 to 1
  std::uint64_t count = 0;  ///< no_limit: all
};

enum class ClipAlgorithm { norm, value };
/// What is computed in: `bf16_mixed` runs the steps under autocast; the others convert the model.
enum class Precision { float32, float64, bf16, bf16_mixed };

/// As a manifest has it.
constexpr const char* precision_name(Precision precision) {
  switch (precision) {
    case Precision::float64:
      return "64-true";
    case Precision::bf16:
      return "bf16-true";
    case Precision::bf16_mixed:
      return "bf16-mixed";
    default:
      return "32-true";
  }
}

enum class Deterministic { no, warn, yes };

/// What a commit point does that asks for checkpoints while as many as fit are still being written: wait for the disk,
/// or go on without them.
enum class CheckpointQueue { wait, skip };

/// What predictions are written as; no option of the manifest.
enum class PredictionFormat { safetensors, csv };

struct TrainerOptions {
  std::uint64_t max_epochs =
      no_limit;  ///< the manifest's -1 and null are no_limit; it has 1000 where neither limit is given
  std::uint64_t min_epochs = 0;
  std::uint64_t max_steps = no_limit;
  std::uint64_t min_steps = 0;
  double max_time = std::numeric_limits<double>::infinity();  ///< seconds
  BatchLimit val_check_interval;                              ///< share of the training epoch, or batches
  std::uint64_t check_val_every_n_epoch = 1;  ///< 0 (null): val_check_interval counts batches across epochs
  std::uint64_t num_sanity_val_steps = 2;     ///< batches of each loader; no_limit (-1): all
  BatchLimit limit_train_batches;
  BatchLimit limit_val_batches;
  BatchLimit limit_test_batches;
  BatchLimit limit_predict_batches;
  std::uint64_t fast_dev_run = 0;  ///< batches of each loop; 0: an ordinary run. See with_debugging()
  BatchLimit overfit_batches = BatchLimit::batches(0);  ///< of training and validation, unshuffled; 0: all of them
  std::uint64_t accumulate_grad_batches = 1;
  std::optional<double> gradient_clip_val;
  ClipAlgorithm gradient_clip_algorithm = ClipAlgorithm::norm;
  Precision precision = Precision::float32;
  std::uint64_t log_every_n_steps = 50;
  /// Only algorithms whose results do not vary; an operation without one is an error, or a warning.
  Deterministic deterministic = Deterministic::no;
  bool detect_anomaly = false;  ///< stops at the first number that is not finite and names where it came from; slow
  std::uint64_t seed = 0;
  std::uint32_t threads = 0;   ///< 0: LibTorch's default
  std::string device = "cpu";  ///< cpu, cuda, cuda:N, or auto: the best there is
  CheckpointQueue checkpoint_queue = CheckpointQueue::wait;
  std::string default_root_dir;  ///< the runs' folder; empty: `runs` where the program was started

  bool overfits() const { return overfit_batches.is_share ? overfit_batches.share > 0 : overfit_batches.count > 0; }
};

/// The options that fast_dev_run and overfit_batches stand for, as in Lightning: fast_dev_run N trains N batches of one
/// epoch and validates N, without sanity check; overfit_batches limits training and validation to the same first
/// batches.
TrainerOptions with_debugging(TrainerOptions options);

}  // namespace tenon

#endif
