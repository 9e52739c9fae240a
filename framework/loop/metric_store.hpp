// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What was logged: the latest value of every metric, its stamp, its goal, and the reductions of the epoch under way.
#ifndef TENON_LOOP_METRIC_STORE_HPP
#define TENON_LOOP_METRIC_STORE_HPP

#include <tenon/services/metrics.h>

#include <boost/json/object.hpp>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "loop/engine.hpp"

namespace tenon::loop {

/// Weighted running reduction of one metric over an epoch or an evaluation.
struct Reduction {
  Reduce how = Reduce::mean;
  double value = 0.0;
  double weight = 0.0;
  bool any = false;
  void add(double x, double w);
  double result() const { return how == Reduce::mean && weight > 0 ? value / weight : value; }
};

struct Metric {
  std::string name;
  double value = std::numeric_limits<double>::quiet_NaN();
  std::uint64_t step = 0;  ///< stamp
  std::uint64_t epoch = 0;
  bool present = false;
  bool declared = false;
  bool monitored = false;
  std::string required_by;                    ///< the first callback that cannot do without it
  bool minimized = false, maximized = false;  ///< a callback decides by it in this direction
  bool outdated = false;                      ///< other weights have been put back since
  bool overrides = false;  ///< of epoch and step: the task has logged one of its own, which counts while it is fresh
  bool in_event = false;   ///< among what the running event logged
  Goal goal = Goal::none;  ///< as declared or logged; what callbacks decide by is no goal of the metric's
  std::int32_t origin = TENON_ORIGIN_UNKNOWN;
  std::uint32_t flags = 0;                    ///< TENON_METRIC_*
  Reduction reduction;                        ///< over the training epoch
  Reduction evaluation;                       ///< over the evaluation under way: a name may be logged in both
  tenon_metric epoch_twin = TENON_NO_METRIC;  ///< `<name>_epoch`, where a value is logged on the step and on the epoch
  std::string declared_by;                    ///< callback id; empty: the task
  std::uint32_t loader_suffix = 0;            ///< bytes of the name that say which evaluation loader's it is
  std::uint32_t loader = UINT32_MAX;          ///< that logged it under a name without such a suffix
};

class MetricStore final : public MetricSink {
 public:
  static constexpr tenon_metric epoch_metric = 0;
  static constexpr tenon_metric step_metric = 1;

  /// `has_validation`: whether a validation metric can ever be logged in this run.
  MetricStore(const EngineFacts& facts, bool has_validation);

  tenon_metric id(std::string_view name);
  /// NULL for a name that was never asked for.
  const Metric* find(std::string_view name) const;
  std::uint64_t count() const { return metrics_.size(); }
  const Metric& at(tenon_metric metric) const { return metrics_[metric]; }

  /// Resolves the direction by which a callback decides; throws chain::AbiError (TENON_E_INVALID_ARGUMENT). `by`: for
  /// check_monitored(), which names it when nobody declares the metric; empty where the callback can do without.
  Goal monitor(std::string_view name, std::string_view mode, tenon_metric* out, std::string_view by = "a callback");
  /// A callback's own metric; throws chain::AbiError (TENON_E_WRONG_STATE) when it is somebody else's.
  tenon_metric declare(std::string_view name, const LogOptions& options, std::string_view callback_id);
  /// Throws chain::AbiError naming the first required metric that nobody declares, where the task declares its own.
  void check_monitored() const;

  /// The loop says where it stands; values logged from here on are stamped so.
  void enter(Stage stage, std::uint64_t stamp_step, std::uint64_t epoch, std::uint64_t batch_samples);
  /// After enter(): values are evaluation loader `loader`'s, of `loaders`; up to the next enter().
  void enter_loader(std::uint32_t loader, std::size_t loaders);
  /// The running event's values belong to this step, not to the one that was expected.
  void stamp_event(std::uint64_t step);
  /// What is logged meanwhile is dropped.
  void mute(bool muted) { muted_ = muted; }
  void set_samples(std::uint64_t samples) { samples_ = samples; }
  void set_position(std::uint64_t step, std::uint64_t epoch);
  /// The weights that everything was measured on so far are gone: nothing is fresh until it is logged again, but for
  /// epoch and step.
  void weights_were_put_back();

  void log(std::string_view name, double value, const LogOptions& options) override;
  void record(tenon_metric metric, double value, std::uint64_t batch_size);

  /// The reductions of the stage become values of now, and begin anew; where the epoch was cut short they go on when
  /// the run is resumed.
  void finish_reductions(Stage stage, std::uint64_t step, std::uint64_t epoch, bool complete = true);
  bool fresh(tenon_metric metric) const;

  /// What the running event logged, in the order of first logging; `every` lets all through, else only monitored ones.
  const std::vector<tenon_logged_metric>& event(bool every);
  bool event_has_monitored() const { return monitored_in_event_; }
  bool event_empty() const { return event_.empty(); }
  void end_event();

  /// The last value of everything that was logged; epoch and step are the loop's.
  std::vector<std::pair<std::string, double>> values() const;

  /// What a checkpoint keeps: every metric, in the order of their numbers, and the epoch's reductions.
  boost::json::object saved() const;
  /// Puts that back; what is declared and monitored now stays so. Throws std::exception where it is not of saved()'s
  /// form.
  void restore(const boost::json::object& saved);

  /// "; did you mean 'val_loss'?", or the names that are known.
  std::string nearest(std::string_view name) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
  };
  /// The metric that `name`, logged for one of several loaders, stands for.
  tenon_metric id_for_loader(std::string_view name, bool add_index);
  /// Throws where a callback waits for `name` itself, which one of several loaders will never log.
  void check_not_awaited(std::string_view name) const;
  std::string loaders_cure(std::string_view name, std::size_t loaders) const;
  void set(tenon_metric metric, double value, std::uint64_t step, std::uint64_t epoch);
  enum class Over { epoch, evaluation };
  void log_to(tenon_metric metric, double value, bool on_step, std::optional<Over> reduced, double weight);
  /// Whether a callback decides by the metric against this goal.
  static bool contradicts(const Metric& m, Goal goal);

  std::deque<Metric> metrics_;
  std::unordered_map<std::string, tenon_metric, Hash, std::equal_to<>> ids_;
  std::vector<tenon_metric> event_;
  std::vector<tenon_metric> reducing_, evaluating_;
  std::vector<tenon_logged_metric> logged_;
  bool muted_ = false;
  bool monitored_in_event_ = false;
  bool task_declares_ = false;
  bool has_validation_ = false;
  std::size_t validation_loaders_ = 0;
  std::vector<std::string> split_;  // declared names that stand for one metric of each validation loader
  Stage stage_ = Stage::none;
  std::uint32_t loader_ = 0;
  std::size_t loaders_ = 1;
  std::string loader_name_;
  std::uint64_t stamp_ = 0, stamp_epoch_ = 0, samples_ = 1;
  std::uint64_t step_ = 0, epoch_ = 0;
};

/// The direction that a name speaks for by itself ("val_loss", "accuracy"); none where it says nothing or both.
Goal well_known_goal(std::string_view name);

}  // namespace tenon::loop

#endif
