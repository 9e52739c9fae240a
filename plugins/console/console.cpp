// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// console - what a person at the terminal sees of a run: one line for each epoch, what was saved or stopped and why,
// and on a terminal a progress bar. The account at the end is the host's.
#include <tenon/plugin.hpp>

#include <algorithm>
#include <chrono>
#include <optional>

#include "model_summary.hpp"
#include "policy/numbers.hpp"
#include "policy/run_facts.hpp"
#include "progress_bar.hpp"
#include "screen.hpp"

namespace {

using tenon::console::ProgressBar;
using tenon::console::Screen;
using tenon::policy::readable;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::string counted(std::uint64_t n, const std::string& one, const std::string& many) {
  return std::to_string(n) + " " + (n == 1 ? one : many);
}

/// "up to 20 epochs of 45 batches", "up to 60 steps, epochs of 491 batches".
std::string limits_text(const tenon_run_facts& run) {
  const bool has_epochs = run.max_epochs != TENON_UNKNOWN, has_steps = run.max_steps != TENON_UNKNOWN;
  const std::string steps = has_steps ? "up to " + counted(run.max_steps, "step", "steps") : "";
  const std::string batches =
      run.train_batches == TENON_UNKNOWN ? "" : " of " + counted(run.train_batches, "batch", "batches");
  if (has_epochs)
    return "up to " + counted(run.max_epochs, "epoch", "epochs") + batches + (has_steps ? ", " + steps : "");
  return (has_steps ? steps : "no limit of epochs") + (batches.empty() ? "" : ", epochs" + batches);
}

class Console {
 public:
  static constexpr const char* id = "org.tenon.console";
  static constexpr const char* name = "console";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Prints progress, metrics and decisions for the person at the terminal";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema = R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object", "additionalProperties": false,
  "properties": {
    "metrics": {"type": "array", "items": {"type": "string", "minLength": 1}, "default": [],
      "description": "Metrics to print, in this order; none: those that the task marks for the progress bar, or all where it marks none"},
    "decisions": {"type": "array", "uniqueItems": true,
      "items": {"enum": ["save", "remove", "ref", "stop", "skip", "restore", "warn"]},
      "default": ["save", "stop", "restore"],
      "description": "Which decisions of the callbacks are printed, with their reasons"},
    "model_summary": {"type": "boolean", "default": true,
      "description": "Print the model's parts with their counts at the start"},
    "texts": {"type": "boolean", "default": true, "description": "Print the texts that the task puts on record"},
    "progress_bar": {"type": "boolean", "default": true,
      "description": "Draw a progress bar when standard output is a terminal"},
    "refresh_seconds": {"type": "number", "minimum": 0, "default": 0.1,
      "description": "Least time between two drawings of the bar"}
  }})";
  static constexpr const char* const needs[] = {TENON_SERVICE_RUN_INFO, TENON_SERVICE_OPTIONS, nullptr};

  // A run is not worth less because nobody could watch it.
  static constexpr std::int32_t on_error = TENON_ON_ERROR_DISABLE;

  explicit Console(tenon::Host host) : Console(host, tenon::Options(host)) {}

  void on_fit_start(const tenon_fit_start_args& args) {
    const auto facts = tenon::policy::RunFacts::of(host_);
    if (facts.is_replay) return;  // its decisions are its output
    screen_.emplace(facts.stdout_taken ? stderr : stdout, facts.on_terminal && wants_bar_ && !facts.stdout_taken);
    screen_->line(heading());
    if (wants_model_ && host_.find<tenon_model>())
      for (const std::string& line : tenon::console::model_summary(tenon::Model(host_).modules())) screen_->line(line);
    if (args.resumed)
      screen_->line("resumed from " + std::string(tenon::view(args.resumed_from)) + " at step " +
                    std::to_string(args.progress->step) + ", epoch " + std::to_string(args.progress->epoch));
  }

  void on_train_start(const tenon_event_args& args) { start_epoch(*args.progress); }
  void on_train_epoch_start(const tenon_event_args& args) { start_epoch(*args.progress); }

  void on_train_batch_end(const tenon_batch_args& args) {
    if (!screen_ || !screen_->terminal()) return;
    const double time = now();
    if (bar_.due(time)) draw(*args.progress, time);
  }

  void on_validation_start(const tenon_event_args& args) {
    if (screen_) screen_->draw("epoch " + std::to_string(args.progress->epoch) + " validating");
  }
  void on_validation_end(const tenon_event_args& args) { bar_.start(args.progress->batch, now()); }

  void on_metrics(const tenon_metrics_args& args) {
    if (!screen_) return;
    std::vector<std::pair<std::string, double>> logged;
    for (std::uint64_t i = 0; i < args.metric_count; ++i) {
      const auto& m = *TENON_AT(tenon_logged_metric, args.metrics, args.metric_stride, i);
      if (!is_wanted(m)) continue;
      put(logged, std::string(tenon::view(m.name)), m.value);
      put(epoch_metrics_, std::string(tenon::view(m.name)), m.value);
    }
    const tenon_progress& at = *args.progress;
    if (args.event == TENON_HOOK(on_train_epoch_end))
      screen_->line("epoch " + std::to_string(at.epoch) + "  step " + std::to_string(at.step) + listed(epoch_metrics_) +
                    "  " + tenon::console::duration_text(at.seconds - epoch_began_));
    else if (args.event == TENON_HOOK(on_validation_end) && at.batch != at.batches && !logged.empty())
      screen_->line("epoch " + std::to_string(at.epoch) + "  step " + std::to_string(at.step) + listed(logged));
  }

  void on_record(const tenon_record_args& args) {
    if (!screen_ || !prints_texts_ || args.kind != TENON_RECORD_TEXT || args.data == nullptr) return;
    screen_->line("  " + std::string(tenon::view(args.name)) + ":");
    const std::string_view text(static_cast<const char*>(args.data), args.size);
    for (const std::string& line : tenon::console::text_lines(text)) screen_->line("    " + line);
  }

  void on_decision(const tenon_decision_args& args) {
    const std::string action(tenon::view(args.action_name));
    if (!screen_ || std::find(decisions_.begin(), decisions_.end(), action) == decisions_.end()) return;
    std::string line = "  " + action;
    if (args.path.size) line += " " + std::string(tenon::view(args.path));
    if (args.target.size) line += " -> " + std::string(tenon::view(args.target));
    const std::string who(args.callback_id.size ? tenon::view(args.callback_id) : "tenon");
    screen_->line(line + "  (" + who + ": " + std::string(tenon::view(args.reason)) + ")");
  }

  void on_checkpoint_failed(const tenon_checkpoint_args& args) {
    if (screen_)
      screen_->line("  NOT SAVED " + std::string(tenon::view(args.checkpoint->name)) + ": " +
                    std::string(tenon::view(args.reason)));
  }

  void on_fit_end() {
    if (screen_) screen_->clear();
    screen_.reset();
  }

 private:
  using Values = std::vector<std::pair<std::string, double>>;

  Console(tenon::Host host, const tenon::Options& options)
      : host_(host),
        metrics_(options.list<std::string>("/metrics")),
        decisions_(options.list<std::string>("/decisions")),
        wants_model_(options.get<bool>("/model_summary")),
        prints_texts_(options.get<bool>("/texts")),
        wants_bar_(options.get<bool>("/progress_bar")),
        bar_(options.get<double>("/refresh_seconds")) {}

  std::string heading() const {
    const tenon_run_facts run = tenon::run_facts(host_);
    std::string out(run.task_name.size ? tenon::view(run.task_name) : "run");
    return out + ": " + limits_text(run) + ", seed " + std::to_string(run.seed);
  }

  void start_epoch(const tenon_progress& progress) {
    epoch_metrics_.clear();
    epoch_began_ = progress.seconds;
    bar_.start(progress.batch, now());
  }

  void draw(const tenon_progress& progress, double time) {
    screen_->draw(bar_.text(progress.epoch, progress.batch, progress.batches, time, in_order(epoch_metrics_),
                            screen_->columns()));
  }

  bool is_wanted(const tenon_logged_metric& m) {
    if (!metrics_.empty()) return std::find(metrics_.begin(), metrics_.end(), tenon::view(m.name)) != metrics_.end();
    if ((m.flags & TENON_METRIC_PROG_BAR) && !task_marks_some_) {
      task_marks_some_ = true;
      epoch_metrics_.clear();
    }
    return (m.flags & (task_marks_some_ ? TENON_METRIC_PROG_BAR : TENON_METRIC_LOGGER)) != 0;
  }

  static void put(Values& values, const std::string& key, double value) {
    for (auto& [there, number] : values) {
      if (there != key) continue;
      number = value;
      return;
    }
    values.emplace_back(key, value);
  }

  /// "train_loss 0.1234", "val_loss 0.2345", in the manifest's order or else as they came.
  std::vector<std::string> in_order(const Values& values) const {
    std::vector<std::string> out;
    const auto write = [&](const auto& value) { out.push_back(value.first + " " + readable(value.second, 4)); };
    if (metrics_.empty()) std::for_each(values.begin(), values.end(), write);
    for (const std::string& wanted : metrics_)
      for (const auto& value : values)
        if (value.first == wanted) write(value);
    return out;
  }

  std::string listed(const Values& values) const {
    std::string out;
    for (const std::string& metric : in_order(values)) out += "  " + metric;
    return out;
  }

  tenon::Host host_;
  std::vector<std::string> metrics_;
  std::vector<std::string> decisions_;
  bool wants_model_;
  bool prints_texts_;
  bool wants_bar_;
  ProgressBar bar_;
  std::optional<Screen> screen_;
  Values epoch_metrics_;  // latest of this epoch
  double epoch_began_ = 0;
  bool task_marks_some_ = false;
};

}  // namespace

TENON_PLUGINS(Console);
