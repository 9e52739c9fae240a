// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// jsonl_logger - one line of JSON for each event that logged something: the metric history that `tenon replay` reads.
#include <tenon/plugin.hpp>

#include <cmath>
#include <optional>

#include "policy/log_file.hpp"
#include "policy/log_state.hpp"
#include "policy/state.hpp"

namespace {

class JsonlLogger {
 public:
  static constexpr const char* id = "org.tenon.jsonl_logger";
  static constexpr const char* name = "jsonl_logger";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Writes what is logged as JSON Lines, the history that replay reads";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema = R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object", "additionalProperties": false,
  "properties": {
    "filename": {"type": "string", "minLength": 1, "default": "metrics.jsonl",
      "description": "File to write, relative to the run's folder"}
  }})";
  static constexpr const char* const needs[] = {TENON_SERVICE_OPTIONS,
                                                TENON_SERVICE_PATHS,
                                                TENON_SERVICE_RUN,
                                                TENON_SERVICE_BOARD,
                                                TENON_SERVICE_TASKS,
                                                TENON_SERVICE_RUN_INFO,
                                                nullptr};
  static constexpr std::uint32_t state_version = 1;

  // A full disk ends the log, not the training.
  static constexpr std::int32_t on_error = TENON_ON_ERROR_DISABLE;

  explicit JsonlLogger(tenon::Host host)
      : host_(host),
        json_(host),
        filename_(tenon::Options(host).get<std::string>("/filename")),
        path_(tenon::resolve(host, TENON_PATH_RUN, filename_)) {}

  void on_fit_start(const tenon_fit_start_args& args) {
    if (!args.resumed) saved_ = {};
    file_.emplace(path_, saved_.size);
    if (tenon::run_facts(host_).flags & TENON_RUN_IS_REPLAY) file_->gather();
    if (const auto told = tenon::policy::lost_or_changed(saved_, file_->content()))
      tenon::Run(host_).warn(*told, path_);
  }

  void on_metrics(const tenon_metrics_args& args) {
    if (!file_) return;
    json_.object()
        .member("event", tenon::view(args.event_name))
        .member("epoch", args.progress->epoch)
        .member("step", args.progress->step)
        .member("time", std::round(args.progress->seconds * 1e6) / 1e6)
        .key("metrics")
        .object();
    for (std::uint64_t i = 0; i < args.metric_count; ++i) {
      const auto& m = *TENON_AT(tenon_logged_metric, args.metrics, args.metric_stride, i);
      // A metric that the task keeps from loggers is still here when somebody decides by it.
      if (m.flags & (TENON_METRIC_LOGGER | TENON_METRIC_MONITORED)) json_.member(tenon::view(m.name), m.value);
    }
    json_.end();
    if (args.message.size) json_.member("message", tenon::view(args.message));
    file_->append(json_.end().finish() + "\n");
  }

  /// Commands that evaluate have no fit; what they measure is logged too.
  void on_setup(const tenon_event_args& args) {
    if (args.progress->stage != TENON_STAGE_TRAIN) file_.emplace(path_, 0);
  }
  void on_fit_end() { close(); }
  void on_teardown() { close(); }

  /// What the state speaks of is on the disk before the checkpoint is published that holds it.
  void save(tenon::StateWriter& out) const {
    if (file_) tenon::Tasks(host_).submit(file_->sync());
    put(out, file_ ? file_->content() : saved_);
  }
  void load(tenon::StateReader& in, std::uint32_t saved_version) {
    tenon::policy::check_state_version(saved_version, state_version);
    saved_ = tenon::policy::get_log_content(in);
  }

 private:
  void close() {
    if (!file_) return;
    file_->flush();
    saved_ = file_->content();
    file_.reset();
    tenon::publish(
        host_, TENON_TOPIC_ACCOUNT,
        tenon::JsonWriter(host_).object().member("file", filename_).member("lines", saved_.lines).end().finish());
  }

  tenon::Host host_;
  tenon::JsonWriter json_;
  std::string filename_;
  std::string path_;
  std::optional<tenon::policy::LogFile> file_;
  tenon::policy::LogContent saved_;  // while no file is open
};

}  // namespace

TENON_PLUGINS(JsonlLogger);
