// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "replay/epochs.hpp"

#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "replay/history_line.hpp"

namespace tenon::replay {

namespace {

std::string number(std::uint64_t n) { return std::to_string(n); }

}  // namespace

void Epochs::add(const Event& event) {
  check_order(event);
  last_epoch_ = event.epoch;
  std::optional<Event> end;
  if (event.epoch < open_ && event.kind != EventKind::exception) end = take_end_back(event);
  if (event.epoch > open_) end_epochs_before(event);
  history_.events.push_back(event);
  step_ = event.step;
  has_lines_ = true;
  if (event.kind == EventKind::epoch_end)
    close(event.epoch);
  else if (end && end->step == event.step) {
    history_.events.push_back(*end);
    close(event.epoch);
  }
}

void Epochs::check_order(const Event& event) {
  const std::string cure = "; lines stand in the order in which things happened";
  if (event.step < step_) throw LineError("step " + number(event.step) + " comes after step " + number(step_) + cure);
  constexpr std::uint64_t most = 100'000'000;  // seconds, since each of them is gone through
  if (event.step - step_ > most)
    throw LineError("step " + number(event.step) + " is more than " + number(most) + " steps after step " +
                    number(step_) + " of the line before: correct the number, or take the line out");
  if (event.epoch < last_epoch_)
    throw LineError("epoch " + number(event.epoch) + " comes after epoch " + number(last_epoch_) + cure);
  if (event.kind == EventKind::validation && event.step == 0)
    throw LineError("a validation at step 0 is none of a training's; take the line out");
  if (event.seconds < seconds_) throw LineError("its time is before that of a line above" + cure);
  if (!std::isnan(event.seconds)) seconds_ = event.seconds;
}

/// A run that was cut short inside an epoch told of its end, and went on with it when it was resumed. What validates
/// behind its end without a further step was only written in another order.
std::optional<Event> Epochs::take_end_back(const Event& event) {
  const Event end = history_.events.back();
  history_.events.pop_back();
  open_ = event.epoch;
  return end;
}

/// The open epoch ends behind its last line. Epochs without any line share the steps up to this one.
void Epochs::end_epochs_before(const Event& event) {
  if (std::exchange(has_lines_, false)) end_epoch(open_, step_);
  const std::uint64_t first = step_;
  const std::uint64_t silent = event.epoch - open_;
  const std::uint64_t steps = event.step - first;
  if (silent > steps)
    throw LineError("epoch " + number(event.epoch) + " comes before epoch " + number(open_) +
                    " can have had a step; epochs count from 0, and steps go on from one epoch to the next");
  constexpr std::uint64_t most = 1'000'000;
  if (silent > most)
    throw LineError(number(silent) + " epochs before it have no line: is epoch " + number(event.epoch) + " right?");
  for (std::uint64_t i = 1; i <= silent; ++i)
    end_epoch(open_, first + steps / (silent + 1) * i + steps % (silent + 1) * i / (silent + 1));
}

void Epochs::end_epoch(std::uint64_t epoch, std::uint64_t step) {
  Event end;
  end.kind = EventKind::epoch_end;
  end.epoch = epoch;
  end.step = step;
  end.seconds = std::numeric_limits<double>::quiet_NaN();
  history_.events.push_back(end);
  close(epoch);
}

void Epochs::close(std::uint64_t epoch) {
  open_ = epoch + 1;
  has_lines_ = false;
}

}  // namespace tenon::replay
