// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// early_stopping - asks the run to end when a metric has stopped improving. What is decided stands in
// policy/stopping.hpp; here it is asked for, withdrawn, remembered and told.
#include <tenon/plugin.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "best_weights.hpp"
#include "policy/metric_names.hpp"
#include "policy/numbers.hpp"
#include "policy/run_facts.hpp"
#include "policy/state.hpp"
#include "policy/stopping.hpp"

namespace {

using tenon::policy::StopReason;

class EarlyStopping {
 public:
  static constexpr const char* id = "org.tenon.early_stopping";
  static constexpr const char* name = "early_stopping";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Ends the run when a metric has stopped improving";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema = R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object", "additionalProperties": false, "required": ["monitor"],
  "properties": {
    "monitor": {"type": "string", "minLength": 1,
      "description": "Metric that must improve"},
    "mode": {"enum": ["min", "max", "auto"], "default": "auto",
      "description": "Whether a lower or a higher value is better; auto asks the metric's goal, then its well-known name"},
    "patience": {"type": "integer", "minimum": 0, "default": 3,
      "description": "How many checks in a row may bring no improvement before the run ends; 0 is the same as 1"},
    "min_delta": {"type": "number", "minimum": 0, "default": 0.0,
      "description": "An improvement must be larger than this"},
    "min_delta_mode": {"enum": ["abs", "rel"], "default": "abs",
      "description": "abs: min_delta is in the metric's unit; rel: it is a share of the best score, 0.01 for one per cent"},
    "strict": {"type": "boolean", "default": true,
      "description": "End the run with an error when the monitor is never logged; false: warn and go on"},
    "check_finite": {"type": "boolean", "default": true,
      "description": "End the run when the metric is NaN or infinite; false: such a value is no improvement"},
    "stopping_threshold": {"type": ["number", "null"], "default": null,
      "description": "End the run as soon as the metric is better than this"},
    "divergence_threshold": {"type": ["number", "null"], "default": null,
      "description": "End the run as soon as the metric is worse than this"},
    "check_on_train_epoch_end": {"type": ["boolean", "null"], "default": null,
      "description": "Whether a check is made at the end of the training epoch (true) or of a validation (false). Left out: the training epoch, unless validation runs at other times than once at the end of every epoch"},
    "start_from_epoch": {"type": "integer", "minimum": 0, "default": 0,
      "description": "Epoch, counted from 0, before which nothing is checked"},
    "baseline": {"type": ["number", "null"], "default": null,
      "description": "Only a value that is better than this, too, ends the wait for an improvement"},
    "restore_best_weights": {"type": "boolean", "default": false,
      "description": "Put the weights of the best score back into the model when the run ends, whatever ends it"}
  }})";
  static constexpr const char* const needs[] = {
      TENON_SERVICE_METRICS, TENON_SERVICE_RUN,   TENON_SERVICE_RUN_INFO,    TENON_SERVICE_OPTIONS,
      TENON_SERVICE_BOARD,   TENON_SERVICE_PATHS, TENON_SERVICE_CHECKPOINTS, nullptr};
  static constexpr std::uint32_t state_version = 2;

  explicit EarlyStopping(tenon::Host host) : EarlyStopping(host, tenon::Options(host)) {}

  void on_fit_start(const tenon_fit_start_args&) {
    facts_ = tenon::policy::RunFacts::of(host_);
    at_train_epoch_end_ = at_train_epoch_end_option_.value_or(facts_.decides_at_train_epoch_end);
    if (!at_train_epoch_end_ && !facts_.has_validation)
      run_.warn(
          "it checks at the end of a validation, and this run has none: set check_on_train_epoch_end to true, or leave "
          "it out");
    else if (!facts_.no_validation.empty() && !at_train_epoch_end_)
      run_.warn("it checks at the end of a validation, and none comes: " + facts_.no_validation);
    else if (!facts_.no_validation.empty() && names_.is_of_validation(monitor_))
      run_.warn("its monitor is measured in validation, and none comes: " + facts_.no_validation);
    if (!other_monitor_.empty())
      run_.warn("the checks so far were of " + other_monitor_ + ": the count begins anew with " + scored_by());
    if (!strict_ && names_.task_declares() && names_.is_missing(monitor_)) warn_of_missing();
    warn_of_training_metric();
    fitting_ = true;
  }

  void on_train_start(const tenon_event_args&) { best_weights_.take_back(); }
  void on_validation_end(const tenon_event_args& args) {
    if (fitting_ && !at_train_epoch_end_) check(*args.progress);
  }
  void on_train_epoch_end(const tenon_event_args& args) {
    if (at_train_epoch_end_) check(*args.progress);
  }

  void on_train_end(const tenon_end_args& args) {
    if (restores_ && (args.reason == TENON_END_FINISHED || args.reason == TENON_END_STOPPED))
      best_weights_.restore(args.progress->step, monitor_.name);
  }

  void on_ticket(const tenon_ticket_args& args) {
    best_weights_.on_ticket(args);
    const auto asked =
        std::find_if(asked_.begin(), asked_.end(), [&](const Asked& a) { return a.ticket == args.ticket; });
    if (asked == asked_.end()) return;
    if (args.outcome == TENON_TICKET_DONE) stopped_ = {asked->reason, args.progress->epoch, args.progress->step};
    asked_.erase(asked);
  }

  void on_fit_end() {
    fitting_ = false;
    const tenon::policy::StoppingState& now = stopping_.state();
    tenon::JsonWriter account(host_);
    account.object().member("wait_count", now.waited).key("best_score");
    now.best ? account.value(*now.best) : account.null();
    account.key("stopped_epoch");
    has_stopped() ? account.value(stopped_.epoch) : account.null();
    account.key("stopping_reason");
    has_stopped() ? account.value(name_of(stopped_.reason)) : account.null();
    account.member("checks", now.checks);
    if (restores_) account.member("restored_from", best_weights_.restored_from());
    tenon::publish(host_, TENON_TOPIC_ACCOUNT, account.end().finish());
  }

  void save(tenon::StateWriter& out) const {
    const tenon::policy::StoppingState& now = stopping_.state();
    out.put(scored_by()).put(now.best).put(now.waited).put(now.checks);
    best_weights_.state().put(out);
    out.put(stopped_.reason).put(stopped_.epoch).put(stopped_.step);
    out.put(std::uint64_t{asked_.size()});
    for (const Asked& a : asked_) out.put(a.ticket).put(a.reason);
  }

  void load(tenon::StateReader& in, std::uint32_t saved_version) {
    tenon::policy::check_state_version(saved_version, state_version);
    const auto scored = in.get<std::string>();
    tenon::policy::StoppingState now;
    now.best = in.get<std::optional<double>>();
    now.waited = in.get<std::uint64_t>();
    now.checks = in.get<std::uint64_t>();
    const BestWeightsState best_weights = BestWeightsState::get(in);
    Stopped stopped;
    stopped.reason = in.get<StopReason>();
    stopped.epoch = in.get<std::uint64_t>();
    stopped.step = in.get<std::uint64_t>();
    const auto count = in.get<std::uint64_t>();
    if (count != in.left() / 16)
      throw tenon::Error(TENON_E_INVALID_ARGUMENT, "saved state has another length than it says");
    std::vector<Asked> asked(static_cast<std::size_t>(count));
    for (Asked& a : asked) {
      a.ticket = in.get<tenon_ticket>();
      a.reason = in.get<StopReason>();
    }

    asked_ = std::move(asked);
    stopped_ = stopped;
    if (scored == scored_by()) {
      stopping_.restore(now);
      best_weights_.set_state(best_weights);
      return;
    }
    other_monitor_ = scored;
    BestWeightsState asked_for;
    asked_for.restore = best_weights.restore;
    best_weights_.set_state(asked_for);
  }

 private:
  /// A request to end that has not been answered.
  struct Asked {
    tenon_ticket ticket = 0;
    StopReason reason = StopReason::none;
  };
  /// How the run was ended by this callback.
  struct Stopped {
    StopReason reason = StopReason::none;
    std::uint64_t epoch = 0;
    std::uint64_t step = 0;
  };

  EarlyStopping(tenon::Host host, const tenon::Options& options)
      : host_(host),
        run_(host),
        metrics_(host),
        names_(metrics_),
        strict_(options.get<bool>("/strict")),
        monitor_(read_monitor(options)),
        stopping_(read_rules(options)),
        at_train_epoch_end_option_(options.find<bool>("/check_on_train_epoch_end")),
        restores_(options.get<bool>("/restore_best_weights")),
        best_weights_(host) {}

  tenon::Monitor read_monitor(const tenon::Options& options) const {
    const auto metric = options.get<std::string>("/monitor"), mode = options.get<std::string>("/mode");
    return strict_ ? metrics_.monitor(metric, mode) : metrics_.monitor_optional(metric, mode);
  }

  tenon::policy::StoppingOptions read_rules(const tenon::Options& options) const {
    tenon::policy::StoppingOptions rules;
    rules.metric = monitor_.name;
    rules.goal = monitor_.maximize() ? tenon::policy::Goal::maximize : tenon::policy::Goal::minimize;
    rules.patience = options.get<std::uint64_t>("/patience");
    rules.min_delta = options.get<double>("/min_delta");
    rules.relative = options.get<std::string>("/min_delta_mode") == "rel";
    rules.check_finite = options.get<bool>("/check_finite");
    rules.stopping_threshold = options.find<double>("/stopping_threshold");
    rules.divergence_threshold = options.find<double>("/divergence_threshold");
    rules.baseline = options.find<double>("/baseline");
    rules.start_from_epoch = options.get<std::uint64_t>("/start_from_epoch");
    return rules;
  }

  void check(const tenon_progress& progress) {
    if (progress.step > stopped_.step) stopped_ = {};  // the run goes on behind its stop
    if (!stopping_.is_watching(progress.epoch)) return;
    const std::optional<double> value = names_.fresh(monitor_, progress);
    if (!value) return skip(progress);
    warn_of_training_metric();

    const tenon::policy::Judgement judgement = stopping_.check(*value);
    const StopReason reason = judgement.reason;
    if (judgement.best_weights && best_weights_.are_better(*value, stopping_.goal()))
      best_weights_.remember(progress.step, monitor_.name, *value, restores_);
    if (reason != StopReason::none)
      asked_.push_back({run_.request_stop(stopping_.describe(reason, *value)), reason});
    else if (!asked_.empty())
      run_.withdraw(asked_.back().ticket, "no longer due: " + monitor_.name + " is " + tenon::policy::readable(*value));
  }

  void skip(const tenon_progress& progress) {
    if (names_.is_missing(monitor_) && (progress.validations > 0 || !facts_.has_validation)) {
      if (strict_) names_.refuse_missing(monitor_, at_train_epoch_end_ ? nullptr : "check_on_train_epoch_end");
      warn_of_missing();
    }
    run_.skip("no check: " + monitor_.name + " was not measured at step " + std::to_string(progress.step));
  }

  void warn_of_missing() {
    if (std::exchange(warned_of_missing_, true)) return;
    run_.warn("monitor \"" + monitor_.name + "\" is not there" + names_.instead_of(monitor_.name) +
              ". Nothing is checked until it is logged (strict is false)");
  }

  void warn_of_training_metric() {
    if (warned_of_training_ || metrics_.info(monitor_.metric).origin != TENON_ORIGIN_TRAIN) return;
    warned_of_training_ = true;
    run_.warn(monitor_.name +
              " is measured on the training data, where a model improves while it overfits: monitor a validation "
              "metric if there is one");
  }

  bool has_stopped() const noexcept { return stopped_.reason != StopReason::none; }
  std::string scored_by() const { return std::string(monitor_.mode()) + " " + monitor_.name; }

  tenon::Host host_;
  tenon::Run run_;
  tenon::Metrics metrics_;
  tenon::policy::MetricNames names_;
  bool strict_;
  tenon::Monitor monitor_;
  tenon::policy::Stopping stopping_;
  std::optional<bool> at_train_epoch_end_option_;

  tenon::policy::RunFacts facts_;
  bool at_train_epoch_end_ = true;
  bool fitting_ = false;
  bool warned_of_missing_ = false, warned_of_training_ = false;
  std::vector<Asked> asked_;  // oldest first; the newest replaces those before it
  Stopped stopped_;
  bool restores_;
  BestWeights best_weights_;
  std::string other_monitor_;  // what a loaded state was counted by, where that is not the monitor
};

}  // namespace

TENON_PLUGINS(EarlyStopping);
