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
  /// `trainer` and `config` replace single values of the manifest's objects.
  DigitsRun(const std::string& name, const boost::json::object& trainer, const boost::json::object& config);
  ~DigitsRun();

  struct Times {
    double started = 0;      ///< of the process, seconds
    double first_epoch = 0;  ///< on_train_epoch_start
    double first_step = 0;   ///< the first on_train_batch_end
    double trained = 0;      ///< on_train_end
    std::uint64_t steps = 0;
  };
  /// Throws std::runtime_error when the run does not exit with 0.
  Times run() const;

 private:
  std::filesystem::path folder_;
};

}  // namespace tenon::benchmarks

#endif
