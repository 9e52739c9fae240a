// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// How far an epoch has come, how fast it goes and how long it still takes.
#ifndef TENON_PLUGINS_CONSOLE_PROGRESS_BAR_HPP
#define TENON_PLUGINS_CONSOLE_PROGRESS_BAR_HPP

#include <cstdint>
#include <string>
#include <vector>

namespace tenon::console {

class ProgressBar {
 public:
  explicit ProgressBar(double refresh_seconds) noexcept : refresh_(refresh_seconds) {}

  /// What went before does not count for the speed: a new epoch, a resumed run, the end of a validation.
  void start(std::uint64_t batch, double now) noexcept;
  /// Whether it is time to draw again; `now` in seconds on any clock.
  bool due(double now) const noexcept { return now - drawn_at_ >= refresh_; }

  /// "epoch 3 [#####-----]  50% 45/90 1234/s 0:12 left  train_loss 0.5"; without a total, `batches` UINT64_MAX: "epoch
  /// 3 45 batches 1234/s". Where `width` columns are too few for all, the bar becomes shorter; then what does not fit
  /// whole is left out, be it a metric or, in a very narrow terminal, the speed and the time left.
  std::string text(std::uint64_t epoch, std::uint64_t batch, std::uint64_t batches, double now,
                   const std::vector<std::string>& metrics, std::size_t width);

 private:
  void measure(std::uint64_t batch, double now) noexcept;

  double refresh_;
  double drawn_at_ = 0;
  double measured_at_ = 0;
  std::uint64_t measured_batch_ = 0;
  double rate_ = 0;
};

/// Batches per second, never with an exponent: "0.25", "12.3", "1080".
std::string rate_text(double rate);
/// "0:07", "12:30", "3:02:01".
std::string clock_text(double seconds);
/// "0.18 s", "41.07 s", and from a minute on as on a clock.
std::string duration_text(double seconds);

}  // namespace tenon::console

#endif
