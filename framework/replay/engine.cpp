// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "replay/engine.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tenon::replay {

namespace {

const loop::LogOptions on_step{.on_step = true, .on_epoch = false};
const loop::LogOptions on_epoch{.on_step = false, .on_epoch = true, .reduce = Reduce::last};

}  // namespace

Engine::Engine(const History& history, std::string task_name) : history_(history) {
  facts_.task_name = std::move(task_name);
  if (history.has_validation) facts_.validation_batches = {1};
  facts_.manual_optimization = true;  // the history says which batches stepped
}

void Engine::start_run(loop::MetricSink& metrics, loop::StepListener& listener) {
  metrics_ = &metrics;
  listener_ = &listener;
}

std::optional<loop::BatchInfo> Engine::fetch() {
  const Event* event = next();
  if (event && event->kind == EventKind::epoch_end && event->step == step_) return std::nullopt;
  Batch& batch = fetched_.emplace();
  if (!event) {
    batch.is_beyond = true;
    return loop::BatchInfo{};
  }
  batch.steps = event->step > step_;
  if (batch.steps) ++step_;
  batch.step = step_;
  const bool fails = event->kind == EventKind::exception && !batch.steps;
  if (event->step == step_ && (event->kind == EventKind::batch || fails)) {
    batch.logged = event;
    ++next_;
    event = next();
  }
  if (event && event->kind == EventKind::validation && event->step == step_) {
    batch.validation = event;
    ++next_;
  }
  return loop::BatchInfo{};
}

void Engine::take() {
  current_ = *fetched_;
  fetched_.reset();
}

void Engine::training_step() {
  set_clock(current_.step, current_.logged);
  if (current_.logged) log(*current_.logged, on_step);
  if (current_.logged && current_.logged->kind == EventKind::exception)
    throw loop::RecordedFailure(history_.messages[current_.logged->message]);
  if (!current_.steps) return;
  listener_->before_backward();
  listener_->after_backward();
  listener_->before_optimizer_step(0);
  listener_->after_optimizer_step(0);
  listener_->before_zero_grad(0);
}

std::optional<loop::BatchInfo> Engine::fetch_evaluation() {
  if (evaluated_) return std::nullopt;
  return loop::BatchInfo{};
}

void Engine::evaluation_step() {
  set_clock(current_.step, current_.validation);
  log(*current_.validation, on_epoch);
}

void Engine::end_epoch() {
  const Event* event = next();
  if (fetched_ || !event || event->kind != EventKind::epoch_end) return;
  set_clock(event->step, event);
  log(*event, on_epoch);
  ++next_;
}

bool Engine::history_is_over() { return fetched_ ? fetched_->is_beyond : next() == nullptr; }

void Engine::log(const Event& event, const loop::LogOptions& options) {
  const Value* value = history_.values.data() + event.first_value;
  for (const Value* end = value + event.value_count; value != end; ++value)
    metrics_->log(history_.names[value->name], value->value, options);
}

/// To the time that the line tells; a step without one stands between the times that lines before and behind it tell.
void Engine::set_clock(std::uint64_t step, const Event* at) {
  const std::vector<Event>& events = history_.events;
  const auto has_passed = [&](const Event& event) { return event.step < step || &event == at; };
  double seconds = seconds_.load(std::memory_order_relaxed);
  for (; timed_ < events.size() && (std::isnan(events[timed_].seconds) || has_passed(events[timed_])); ++timed_) {
    if (std::isnan(events[timed_].seconds)) continue;
    seconds = std::max(seconds, events[timed_].seconds);
    clock_step_ = events[timed_].step;
  }
  if (timed_ < events.size() && step > clock_step_) {
    const Event& to = events[timed_];
    seconds +=
        (to.seconds - seconds) * static_cast<double>(step - clock_step_) / static_cast<double>(to.step - clock_step_);
    clock_step_ = step;
  }
  seconds_.store(seconds, std::memory_order_relaxed);
}

}  // namespace tenon::replay
