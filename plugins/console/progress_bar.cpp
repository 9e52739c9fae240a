// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "progress_bar.hpp"

#include <algorithm>
#include <cmath>

#include "policy/numbers.hpp"

namespace tenon::console {

namespace {

constexpr std::uint64_t bar_width = 20;

std::string two_digits(std::uint64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); }

}  // namespace

void ProgressBar::start(std::uint64_t batch, double now) noexcept {
  measured_batch_ = batch;
  measured_at_ = now;
}

std::string ProgressBar::text(std::uint64_t epoch, std::uint64_t batch, std::uint64_t batches, double now) {
  drawn_at_ = now;
  const double passed = now - measured_at_;
  if (passed > 0 && batch > measured_batch_) {
    const double fresh = static_cast<double>(batch - measured_batch_) / passed;
    rate_ = rate_ > 0 ? 0.7 * rate_ + 0.3 * fresh : fresh;
    measured_at_ = now;
    measured_batch_ = batch;
  }
  const std::string head = "epoch " + std::to_string(epoch) + " ";
  const std::string speed = rate_ > 0 ? " " + policy::readable(rate_, 3) + "/s" : "";
  if (batches == UINT64_MAX || batches == 0) return head + std::to_string(batch) + " batches" + speed;

  const std::uint64_t done = std::min(batch, batches);
  const std::uint64_t filled = done * bar_width / batches;
  const std::string percent = std::to_string(done * 100 / batches);
  const std::string left = rate_ > 0 ? " " + clock_text(static_cast<double>(batches - done) / rate_) + " left" : "";
  return head + "[" + std::string(filled, '#') + std::string(bar_width - filled, '-') + "] " +
         std::string(3 - std::min<std::size_t>(3, percent.size()), ' ') + percent + "% " + std::to_string(done) + "/" +
         std::to_string(batches) + speed + left;
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::llround(std::clamp(seconds, 0.0, 1e9)));
  const std::uint64_t hours = whole / 3600, minutes = whole / 60 % 60;
  if (hours) return std::to_string(hours) + ":" + two_digits(minutes) + ":" + two_digits(whole % 60);
  return std::to_string(minutes) + ":" + two_digits(whole % 60);
}

std::string duration_text(double seconds) {
  if (seconds >= 59.995) return clock_text(seconds);
  const auto hundredths = static_cast<std::uint64_t>(std::llround(std::max(0.0, seconds) * 100.0));
  return std::to_string(hundredths / 100) + "." + two_digits(hundredths % 100) + " s";
}

}  // namespace tenon::console
