// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// csv_logger - one row for each event that logged something; one column for each metric, also for those that come late.
#include <tenon/plugin.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "csv_table.hpp"
#include "policy/log_state.hpp"
#include "policy/numbers.hpp"
#include "policy/state.hpp"

namespace {

class CsvLogger {
 public:
  static constexpr const char* id = "org.tenon.csv_logger";
  static constexpr const char* name = "csv_logger";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Writes what is logged into one CSV file";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema = R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object", "additionalProperties": false,
  "properties": {
    "filename": {"type": "string", "minLength": 1, "default": "metrics.csv",
      "description": "File to write, relative to the run's folder"}
  }})";
  static constexpr const char* const needs[] = {
      TENON_SERVICE_METRICS, TENON_SERVICE_OPTIONS, TENON_SERVICE_PATHS,    TENON_SERVICE_RUN,
      TENON_SERVICE_BOARD,   TENON_SERVICE_TASKS,   TENON_SERVICE_RUN_INFO, nullptr};
  static constexpr std::uint32_t state_version = 1;

  // A full disk ends the log, not the training.
  static constexpr std::int32_t on_error = TENON_ON_ERROR_DISABLE;

  explicit CsvLogger(tenon::Host host)
      : host_(host),
        filename_(tenon::Options(host).get<std::string>("/filename")),
        path_(tenon::resolve(host, TENON_PATH_RUN, filename_)) {}

  void on_fit_start(const tenon_fit_start_args& args) {
    std::vector<std::string> columns(fixed.begin(), fixed.end());
    for (const std::string& metric : declared_metrics()) columns.push_back(metric);
    if (!args.resumed || saved_.width == 0) {
      table_.emplace(path_, columns);
      if (tenon::run_facts(host_).flags & TENON_RUN_IS_REPLAY) table_->gather();
      return;
    }
    table_.emplace(path_, columns, saved_);
    if (const auto told = tenon::policy::lost_or_changed(saved_.content, table_->found()))
      tenon::Run(host_).warn(*told, path_);
  }

  void on_metrics(const tenon_metrics_args& args) {
    if (!table_ || !logs_something(args)) return;
    for (std::uint64_t i = 0; i < args.metric_count; ++i)
      if (const auto& m = at(args, i); is_logged(m)) column_of(m);
    cells_.assign(table_->width(), std::string());
    cells_[0] = std::to_string(args.progress->epoch);
    cells_[1] = std::to_string(args.progress->step);
    cells_[2] = tenon::policy::exact(std::round(args.progress->seconds * 1e6) / 1e6);
    cells_[3] = tenon::view(args.event_name);
    for (std::uint64_t i = 0; i < args.metric_count; ++i)
      if (const auto& m = at(args, i); is_logged(m)) cells_[column_of(m)] = tenon::policy::exact(m.value);
    table_->append(cells_);
  }

  /// Commands that evaluate have no fit; what they measure is logged too.
  void on_setup(const tenon_event_args& args) {
    if (args.progress->stage != TENON_STAGE_TRAIN)
      table_.emplace(path_, std::vector<std::string>(fixed.begin(), fixed.end()));
  }
  void on_fit_end() { close(); }
  void on_teardown() { close(); }

  /// What the state speaks of is on the disk before the checkpoint is published that holds it.
  void save(tenon::StateWriter& out) const {
    if (table_) tenon::Tasks(host_).submit(table_->sync());
    const tenon::csv::Extent now = table_ ? table_->extent() : saved_;
    out.put(now.rows).put(now.width);
    put(out, now.content);
  }
  void load(tenon::StateReader& in, std::uint32_t saved_version) {
    tenon::policy::check_state_version(saved_version, state_version);
    tenon::csv::Extent saved;
    saved.rows = in.get<std::uint64_t>();
    saved.width = in.get<std::uint64_t>();
    saved.content = tenon::policy::get_log_content(in);
    saved_ = saved;
  }

 private:
  static constexpr std::array<const char*, 4> fixed = {"epoch", "step", "time", "event"};

  void close() {
    if (!table_) return;
    table_->flush();
    saved_ = table_->extent();
    table_.reset();
    tenon::publish(
        host_, TENON_TOPIC_ACCOUNT,
        tenon::JsonWriter(host_).object().member("file", filename_).member("rows", saved_.rows).end().finish());
  }

  static const tenon_logged_metric& at(const tenon_metrics_args& args, std::uint64_t i) {
    return *TENON_AT(tenon_logged_metric, args.metrics, args.metric_stride, i);
  }
  /// A metric that the task keeps from loggers is still here when somebody decides by it.
  static bool is_logged(const tenon_logged_metric& m) {
    return (m.flags & (TENON_METRIC_LOGGER | TENON_METRIC_MONITORED)) != 0;
  }
  static bool logs_something(const tenon_metrics_args& args) {
    for (std::uint64_t i = 0; i < args.metric_count; ++i)
      if (is_logged(at(args, i))) return true;
    return false;
  }

  std::vector<std::string> declared_metrics() const {
    const tenon::Metrics metrics(host_);
    std::vector<std::string> out;
    for (std::uint64_t i = 0; i < metrics.count(); ++i) {
      const tenon_metric_info info = metrics.info(static_cast<tenon_metric>(i));
      const std::string metric(tenon::view(info.name));
      if (info.declared && metric != "epoch" && metric != "step") out.push_back(column_name(metric));
    }
    return out;
  }

  /// A metric may be called like one of the first columns.
  static std::string column_name(const std::string& metric) {
    return std::find(fixed.begin(), fixed.end(), metric) == fixed.end() ? metric : "metric " + metric;
  }

  std::size_t column_of(const tenon_logged_metric& m) {
    if (m.metric >= columns_.size()) columns_.resize(m.metric + std::size_t{1}, 0);
    if (!columns_[m.metric]) columns_[m.metric] = table_->column(column_name(std::string(tenon::view(m.name))));
    return columns_[m.metric];
  }

  tenon::Host host_;
  std::string filename_;
  std::string path_;
  std::optional<tenon::csv::Table> table_;
  std::vector<std::size_t> columns_;  // by metric number; 0, which is the epoch's, where it is not known yet
  std::vector<std::string> cells_;
  tenon::csv::Extent saved_;  // while no file is open
};

}  // namespace

TENON_PLUGINS(CsvLogger);
