// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "progress_bar.hpp"

#include <algorithm>
#include <cmath>

#include "policy/numbers.hpp"
#include "screen.hpp"

namespace tenon::console {

namespace {

/// In few steps, so that it does not change with each digit more.
std::size_t bar_length(std::size_t free) { return free >= 20 ? 20 : free >= 10 ? 10 : 5; }

std::string bar_text(std::uint64_t done, std::uint64_t batches, std::size_t length) {
  const auto filled =
      static_cast<std::size_t>(static_cast<double>(done) / static_cast<double>(batches) * static_cast<double>(length));
  return "[" + std::string(filled, '#') + std::string(length - filled, '-') + "] ";
}

/// Adds the parts in their order, without those that do not fit whole any more.
void add_what_fits(std::string& line, const std::vector<std::string>& parts, const char* between, std::size_t width) {
  for (const std::string& part : parts)
    if (characters(line + between + part) <= width) line += between + part;
}

std::string two_digits(std::uint64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); }

}  // namespace

void ProgressBar::start(std::uint64_t batch, double now) noexcept {
  measured_batch_ = batch;
  measured_at_ = now;
}

void ProgressBar::measure(std::uint64_t batch, double now) noexcept {
  drawn_at_ = now;
  const double passed = now - measured_at_;
  if (passed <= 0 || batch <= measured_batch_) return;
  const double fresh = static_cast<double>(batch - measured_batch_) / passed;
  rate_ = rate_ > 0 ? 0.7 * rate_ + 0.3 * fresh : fresh;
  measured_at_ = now;
  measured_batch_ = batch;
}

std::string ProgressBar::text(std::uint64_t epoch, std::uint64_t batch, std::uint64_t batches, double now,
                              const std::vector<std::string>& metrics, std::size_t width) {
  measure(batch, now);
  const bool has_total = batches != UINT64_MAX && batches != 0;
  const std::uint64_t done = std::min(batch, batches);
  std::vector<std::string> rest;
  if (rate_ > 0) rest.push_back(rate_text(rate_) + "/s");
  if (rate_ > 0 && has_total) rest.push_back(clock_text(static_cast<double>(batches - done) / rate_) + " left");

  std::string line = "epoch " + std::to_string(epoch) + " ";
  if (has_total) {
    const std::string percent = std::to_string(done * 100 / batches);
    const std::string counts = std::string(3 - std::min<std::size_t>(3, percent.size()), ' ') + percent + "% " +
                               std::to_string(done) + "/" + std::to_string(batches);
    std::size_t taken = line.size() + 3 + counts.size();  // the bar's brackets and the space behind them
    for (const std::string& part : rest) taken += 1 + part.size();
    for (const std::string& metric : metrics) taken += 2 + characters(metric);
    const std::size_t free = width > taken ? width - taken : 0;
    line += bar_text(done, batches, bar_length(free)) + counts;
  } else {
    line += std::to_string(batch) + " batches";
  }
  add_what_fits(line, rest, " ", width);
  add_what_fits(line, metrics, "  ", width);
  return line;
}

std::string rate_text(double rate) {
  return rate >= 100 ? std::to_string(std::llround(rate)) : policy::readable(rate, 3);
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
