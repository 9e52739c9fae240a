// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <tenon/trainer_options.hpp>

namespace tenon {

TrainerOptions with_debugging(TrainerOptions options) {
  if (options.overfits()) {
    options.limit_train_batches = options.overfit_batches;
    options.limit_val_batches = options.overfit_batches;
  }
  if (options.fast_dev_run == 0) return options;
  const BatchLimit few = BatchLimit::batches(options.fast_dev_run);
  options.limit_train_batches = few;
  options.limit_val_batches = few;
  options.limit_test_batches = few;
  options.limit_predict_batches = few;
  options.max_epochs = 1;
  options.max_steps = options.fast_dev_run;
  options.num_sanity_val_steps = 0;
  options.val_check_interval = {};
  options.check_val_every_n_epoch = 1;
  return options;
}

}  // namespace tenon
