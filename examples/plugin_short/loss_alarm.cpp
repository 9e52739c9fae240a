// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <tenon/plugin.hpp>

class LossAlarm {
 public:
  static constexpr const char* id = "org.example.loss_alarm";
  static constexpr const char* name = "loss_alarm";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Stops a run whose loss explodes";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema =
      R"({"type": "object", "additionalProperties": false, "properties": {"limit": {"type": "number", "default": 100}}})";

  explicit LossAlarm(tenon::Host host)
      : run_(host),
        limit_(tenon::Options(host).get<double>("/limit")),
        loss_(tenon::Metrics(host).monitor("train_loss")) {}

  void on_metrics(const tenon_metrics_args& args) {  // declaring a hook is all it takes
    for (const tenon_logged_metric& logged : tenon::logged(args))
      if (logged.metric == loss_.metric && !(logged.value <= limit_)) run_.request_stop("train_loss has exploded");
  }

 private:
  tenon::Run run_;
  double limit_;
  tenon::Monitor loss_;
};

TENON_PLUGINS(LossAlarm);
