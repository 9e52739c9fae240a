// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// early_stopping - asks the run to end when a metric has stopped improving.
#include <tenon/plugin.hpp>

#include "policy/metric_names.hpp"
#include "policy/numbers.hpp"
#include "policy/patience.hpp"
#include "policy/run_facts.hpp"
#include "policy/state.hpp"

namespace {

using tenon::policy::Goal;
using tenon::policy::readable;

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
    "check_on_train_epoch_end": {"type": ["boolean", "null"], "default": null,
      "description": "Whether a check is made at the end of the training epoch (true) or of a validation (false). Left out: the training epoch, unless validation runs at other times than once at the end of every epoch"}
  }})";
  static constexpr const char* const needs[] = {TENON_SERVICE_METRICS, TENON_SERVICE_RUN,   TENON_SERVICE_RUN_INFO,
                                                TENON_SERVICE_OPTIONS, TENON_SERVICE_BOARD, nullptr};
  static constexpr std::uint32_t state_version = 1;

  explicit EarlyStopping(tenon::Host host) : EarlyStopping(host, tenon::Options(host)) {}

  void on_fit_start(const tenon_fit_start_args&) {
    facts_ = tenon::policy::RunFacts::of(host_);
    at_train_epoch_end_ = at_train_epoch_end_option_.value_or(facts_.decides_at_train_epoch_end);
    if (!at_train_epoch_end_ && !facts_.has_validation)
      run_.warn(
          "it checks at the end of a validation, and this run has none: set check_on_train_epoch_end to true, or leave "
          "it out");
    if (!other_monitor_.empty())
      run_.warn("the checks so far were of " + other_monitor_ + ": the count begins anew with " + scored_by());
    fitting_ = true;
  }

  void on_validation_end(const tenon_event_args& args) {
    if (fitting_ && !at_train_epoch_end_) check(*args.progress);
  }
  void on_train_epoch_end(const tenon_event_args& args) {
    if (at_train_epoch_end_) check(*args.progress);
  }

  void on_ticket(const tenon_ticket_args& args) {
    if (args.ticket != stop_) return;
    stop_ = 0;
    if (args.outcome == TENON_TICKET_DONE) stopped_epoch_ = args.progress->epoch;
  }

  void on_fit_end() {
    fitting_ = false;
    tenon::JsonWriter account(host_);
    account.object().member("wait_count", patience_.waited()).key("best_score");
    patience_.best() ? account.value(*patience_.best()) : account.null();
    account.key("stopped_epoch");
    stopped_epoch_ ? account.value(*stopped_epoch_) : account.null();
    account.key("stopping_reason");
    stopped_epoch_ ? account.value("patience") : account.null();
    tenon::publish(host_, TENON_TOPIC_ACCOUNT, account.end().finish());
  }

  void save(tenon::StateWriter& out) const {
    const auto best = patience_.best();
    out.put(scored_by())
        .put(best.has_value())
        .put(best.value_or(0.0))
        .put(patience_.waited())
        .put(stop_)
        .put(stopped_epoch_);
  }

  void load(tenon::StateReader& in, std::uint32_t saved_version) {
    tenon::policy::check_state_version(saved_version, state_version);
    const auto scored = in.get<std::string>();
    const auto has_best = in.get<bool>();
    const auto best = in.get<double>();
    const auto waited = in.get<std::uint64_t>();
    const auto stop = in.get<tenon_ticket>();
    const auto stopped_epoch = in.get<std::optional<std::uint64_t>>();

    stop_ = stop;
    stopped_epoch_ = stopped_epoch;
    if (scored == scored_by())
      patience_.restore(has_best ? std::optional<double>(best) : std::nullopt, waited);
    else
      other_monitor_ = scored;
  }

 private:
  EarlyStopping(tenon::Host host, const tenon::Options& options)
      : host_(host),
        run_(host),
        metrics_(host),
        monitor_(metrics_.monitor(options.get<std::string>("/monitor"), options.get<std::string>("/mode"))),
        patience_(monitor_.maximize() ? Goal::maximize : Goal::minimize, options.get<std::uint64_t>("/patience"),
                  options.get<double>("/min_delta")),
        at_train_epoch_end_option_(options.find<bool>("/check_on_train_epoch_end")) {}

  void check(const tenon_progress& progress) {
    stopped_epoch_.reset();  // a run that goes on behind its stop
    const bool had_its_chance = progress.validations > 0 || !facts_.has_validation;
    const auto value = tenon::policy::MetricNames(metrics_).monitored(monitor_, progress, had_its_chance);
    if (!value) {
      run_.skip("no check: " + monitor_.name + " was not measured at step " + std::to_string(progress.step));
      return;
    }
    if (patience_.check(*value)) {
      if (stop_) run_.withdraw(stop_, monitor_.name + " improved to " + readable(*value));
      return;
    }
    if (!patience_.exhausted() || stop_) return;
    stop_ = run_.request_stop(monitor_.name + " did not improve for " + checks() + ": best " +
                              (patience_.best() ? readable(*patience_.best()) : "none") + ", now " + readable(*value));
  }

  std::string checks() const {
    return std::to_string(patience_.waited()) + (patience_.waited() == 1 ? " check" : " checks");
  }
  std::string scored_by() const { return std::string(monitor_.mode()) + " " + monitor_.name; }

  tenon::Host host_;
  tenon::Run run_;
  tenon::Metrics metrics_;
  tenon::Monitor monitor_;
  tenon::policy::Patience patience_;
  std::optional<bool> at_train_epoch_end_option_;

  tenon::policy::RunFacts facts_;
  bool at_train_epoch_end_ = true;
  bool fitting_ = false;
  tenon_ticket stop_ = 0;
  std::optional<std::uint64_t> stopped_epoch_;
  std::string other_monitor_;  // what a loaded state was counted by, where that is not the monitor
};

}  // namespace

TENON_PLUGINS(EarlyStopping);
