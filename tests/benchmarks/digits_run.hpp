// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_BENCHMARKS_DIGITS_RUN_HPP
#define TENON_BENCHMARKS_DIGITS_RUN_HPP

#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>

namespace tenon::benchmarks {

/// The quickstart's manifest without the console and with a stopwatch, run by the real program in a process of its own.
class DigitsRun {
 public:
  /// `trainer` and `config` replace single values of the manifest's objects; `raw`, where not empty, is the
  /// hand-written loop that takes turns with the run (stopwatch.cpp).
  DigitsRun(const std::string& name, const boost::json::object& trainer, const boost::json::object& config,
            const boost::json::object& raw = {});
  ~DigitsRun();

  /// Seconds on the steady clock. The others only where a hand-written loop takes turns, and from the second turn
  /// on.
  struct Times {
    double started = 0;     ///< of the process
    double first_step = 0;  ///< the first on_train_batch_end
    std::uint64_t steps = 0;
    double seconds = 0;  ///< of these steps, the validation and the checkpoints after them included
    std::uint64_t raw_steps = 0;
    double raw_seconds = 0;
    double epoch_end_seconds = 0;  ///< the last epoch's validation and checkpoints
  };
  /// Throws std::runtime_error when the run does not exit with 0.
  Times run() const;

 private:
  std::filesystem::path folder_;
  bool takes_turns_;
};

}  // namespace tenon::benchmarks

#endif
