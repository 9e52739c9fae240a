// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a decider must know of the run before it starts.
#ifndef TENON_PLUGINS_POLICY_RUN_FACTS_HPP
#define TENON_PLUGINS_POLICY_RUN_FACTS_HPP

#include <tenon/plugin.hpp>

#include <cstdint>
#include <limits>
#include <string>

namespace tenon::policy {

struct RunFacts {
  /// From on_fit_start on; the number of batches is not known before. Throws Error.
  static RunFacts of(Host host);

  bool has_validation = false;
  bool is_replay = false;
  bool on_terminal = false;
  bool stdout_taken = false;
  /// Where the option is left out: decide at the end of the training epoch (true) or of a validation (false). False if
  /// check_val_every_n_epoch is not 1; else true if there is no validation; else true only if val_check_interval
  /// is 1.0.
  bool decides_at_train_epoch_end = true;
  std::uint64_t reachable_epochs = TENON_UNKNOWN;
  std::uint64_t reachable_steps = TENON_UNKNOWN;
  double max_seconds = std::numeric_limits<double>::infinity();  ///< max_time, where no minimum comes before it
  std::uint64_t validates_every = 1;                             ///< check_val_every_n_epoch; 0: counted in batches
  bool accumulates = false;                                      ///< several batches make one step
  /// Why no validation comes in this run, as far as that is certain: "it runs every 5 epochs, and the run ends
  /// after 2 epochs"; empty where one may come.
  std::string no_validation;
};

}  // namespace tenon::policy

#endif
