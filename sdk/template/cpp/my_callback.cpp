// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// my_callback - a whole plugin: asks the run to stop when a metric has reached a target. Rename it and make it yours.
#include <tenon/plugin.hpp>

namespace {

class MyCallback {
 public:
  static constexpr const char* id = "org.example.my_callback";  // unique in the world; never changes
  static constexpr const char* name = "my_callback";            // what a manifest calls it
  static constexpr const char* version = "0.1.0";
  static constexpr const char* description = "Stops when a metric reaches a target";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema = R"({
    "type": "object", "additionalProperties": false, "required": ["monitor", "target"],
    "properties": {
      "monitor": {"type": "string", "description": "Name of the metric"},
      "mode": {"enum": ["min", "max", "auto"], "default": "auto", "description": "Which direction is better"},
      "target": {"type": "number", "description": "The run stops when the metric is this good"}}})";
  static constexpr std::uint32_t state_version = 1;  // of what save() writes

  /// The options have passed the schema. What is thrown here refuses the run with its text.
  explicit MyCallback(tenon::Host host) : host_(host), run_(host) {
    const tenon::Options options(host);
    monitor_ =
        tenon::Metrics(host).monitor(options.get<std::string_view>("/monitor"), options.get<std::string_view>("/mode"));
    target_ = options.get<double>("/target");
  }

  /// A hook is a member function of its name; <tenon/hooks.h> lists them all.
  void on_metrics(const tenon_metrics_args& args) {
    for (const tenon_logged_metric& logged : tenon::logged(args)) {
      if (logged.metric != monitor_.metric) continue;
      if (monitor_.better(logged.value, best_)) best_ = logged.value;
      if (!reached() || stop_ != 0) continue;
      stop_ = run_.request_stop(monitor_.name + " " + std::to_string(*best_) + " has reached the target");
    }
  }

  /// The end of the request: done at the next commit point that min_epochs and min_steps allow, or denied.
  void on_ticket(const tenon_ticket_args& args) {
    if (args.ticket != stop_ || args.outcome == TENON_TICKET_DONE) return;
    host_.warn("the stop was not made: " + std::string(tenon::view(args.reason)));
    stop_ = 0;  // asked for again when the metric is next logged
  }

  /// Printed at the end of the run.
  void on_fit_end() {
    tenon::JsonWriter account(host_);
    account.object().member("best", best_).member("reached", reached()).end();
    tenon::publish(host_, TENON_TOPIC_ACCOUNT, account.finish());
  }

  /// Kept in every checkpoint, so that a resumed run decides as if it had never been interrupted.
  void save(tenon::StateWriter& out) const { out.put(best_).put(stop_); }
  void load(tenon::StateReader& in, std::uint32_t saved_version) {
    if (saved_version != state_version)
      throw tenon::Error(TENON_E_STATE_VERSION, "only state of version 1 can be read");
    const auto best = in.get<std::optional<double>>();
    stop_ = in.get<tenon_ticket>();
    best_ = best;
  }

 private:
  bool reached() const { return best_ && !monitor_.better(target_, *best_); }

  tenon::Host host_;
  tenon::Run run_;
  tenon::Monitor monitor_;
  double target_ = 0;
  std::optional<double> best_;
  tenon_ticket stop_ = 0;
};

}  // namespace

TENON_PLUGINS(MyCallback);
