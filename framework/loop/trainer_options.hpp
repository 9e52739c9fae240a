// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The manifest's `trainer` object; names and meanings are PyTorch Lightning's.
#ifndef TENON_LOOP_TRAINER_OPTIONS_HPP
#define TENON_LOOP_TRAINER_OPTIONS_HPP

#include <tenon/base.h>

#include <cstdint>
#include <string>

namespace tenon::loop {

/// A count of batches, or a share of them: the manifest's `1.0` is a share, `1` a count.
struct BatchLimit {
  bool is_share = true;
  double share = 1.0;       ///< 0 to 1
  std::uint64_t count = 0;  ///< TENON_UNKNOWN: no limit
};

struct TrainerOptions {
  std::uint64_t max_epochs = TENON_UNKNOWN;  ///< UNKNOWN (-1, null): no limit; neither limit given: 1000, as Lightning
  std::uint64_t min_epochs = 0;
  std::uint64_t max_steps = TENON_UNKNOWN;
  std::uint64_t min_steps = 0;
  BatchLimit val_check_interval;              ///< share of the training epoch, or batches
  std::uint64_t check_val_every_n_epoch = 1;  ///< 0 (null): val_check_interval counts batches across epochs
  std::uint64_t num_sanity_val_steps = 2;     ///< batches of each loader; UNKNOWN (-1): all
  BatchLimit limit_train_batches;
  BatchLimit limit_val_batches;
  std::uint64_t accumulate_grad_batches = 1;
  std::uint64_t log_every_n_steps = 50;
  std::uint64_t seed = 0;
  std::uint32_t threads = 0;  ///< 0: LibTorch's default
  std::string device = "cpu";
};

}  // namespace tenon::loop

#endif
