// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/metric_store.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <tenon/did_you_mean.hpp>
#include "chain/abi.hpp"

namespace tenon::loop {

using chain::AbiError;

namespace {

const char* goal_name(Goal goal) { return goal == Goal::minimize ? "minimize" : "maximize"; }
std::string in_quotes(std::string_view s) { return "'" + std::string(s) + "'"; }

std::string loader_suffix(std::size_t loader) { return "/dataloader_idx_" + std::to_string(loader); }

}  // namespace

void Reduction::add(double x, double w) {
  switch (how) {
    case Reduce::mean:
      value += x * w;
      break;
    case Reduce::sum:
      value += x;
      break;
    case Reduce::min:
      value = any ? std::fmin(value, x) : x;
      break;
    case Reduce::max:
      value = any ? std::fmax(value, x) : x;
      break;
    case Reduce::last:
      value = x;
      break;
  }
  weight += w;
  any = true;
}

Goal well_known_goal(std::string_view name) {
  static constexpr std::array<std::string_view, 15> down = {"loss", "error", "err", "perplexity", "ppl",
                                                            "mse",  "rmse",  "mae", "mape",       "nll",
                                                            "wer",  "cer",   "ece", "fid",        "bpb"};
  static constexpr std::array<std::string_view, 17> up = {"acc",       "accuracy", "f1",  "auc",  "auroc", "auprc",
                                                          "precision", "recall",   "iou", "miou", "dice",  "bleu",
                                                          "rouge",     "r2",       "map", "psnr", "ssim"};
  // "neg_loss", "1-acc", "accuracy_gap": what is said of a well-known name need not be better where that is.
  static constexpr std::array<std::string_view, 22> turns = {
      "neg",  "negative",   "minus",       "inverse",   "inverted", "gap",      "drop", "delta",
      "diff", "difference", "improvement", "reduction", "decrease", "increase", "gain", "change",
      "free", "std",        "stddev",      "var",       "variance", "ratio"};
  bool is_down = false, is_up = false;
  bool is_turned = name.starts_with("1-") || name.starts_with("1_") || name.starts_with("-");
  std::string word;
  const auto judge = [&] {
    is_turned = is_turned || std::find(turns.begin(), turns.end(), word) != turns.end();
    is_down = is_down || std::find(down.begin(), down.end(), word) != down.end();
    is_up = is_up || std::find(up.begin(), up.end(), word) != up.end();
    word.clear();
  };
  for (const char c : name) {
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
      word += c;
    else if (c >= 'A' && c <= 'Z')
      word += static_cast<char>(c - 'A' + 'a');
    else
      judge();
  }
  judge();
  if (is_turned || is_down == is_up) return Goal::none;
  return is_down ? Goal::minimize : Goal::maximize;
}

MetricStore::MetricStore(const EngineFacts& facts, bool has_validation)
    : task_declares_(facts.declares_metrics),
      has_validation_(has_validation),
      validation_loaders_(facts.validation_batches.size()) {
  for (const char* name : {"epoch", "step"}) {
    Metric& m = metrics_[id(name)];
    m.declared = true;
    m.present = true;
    m.goal = Goal::maximize;
  }
  for (const DeclaredMetric& d : facts.metrics) {
    const bool validation = d.stage == Stage::validation;
    const auto declare_as = [&](const std::string& name) {
      Metric& m = metrics_[id(name)];
      m.declared = true;
      m.goal = d.goal;
      m.origin = validation ? TENON_ORIGIN_VALIDATION : TENON_ORIGIN_TRAIN;
    };
    if (!validation || !d.add_dataloader_idx || validation_loaders_ < 2) {
      declare_as(d.name);
      continue;
    }
    split_.push_back(d.name);
    for (std::size_t loader = 0; loader < validation_loaders_; ++loader) declare_as(d.name + loader_suffix(loader));
  }
}

tenon_metric MetricStore::id(std::string_view name) {
  if (const auto it = ids_.find(name); it != ids_.end()) return it->second;
  const auto metric = static_cast<tenon_metric>(metrics_.size());
  metrics_.emplace_back().name = name;
  ids_.emplace(std::string(name), metric);
  return metric;
}

const Metric* MetricStore::find(std::string_view name) const {
  const auto found = ids_.find(name);
  return found == ids_.end() ? nullptr : &metrics_[found->second];
}

Goal MetricStore::monitor(std::string_view name, std::string_view mode, tenon_metric* out, std::string_view by) {
  if (name.empty()) throw AbiError(TENON_E_INVALID_ARGUMENT, "'monitor' is empty: name the metric to decide by");
  if (!mode.empty() && mode != "auto" && mode != "min" && mode != "max")
    throw AbiError(TENON_E_INVALID_ARGUMENT,
                   "'mode' is " + in_quotes(mode) + ": it must be \"min\", \"max\" or \"auto\"");
  if (std::find(split_.begin(), split_.end(), name) != split_.end())
    throw AbiError(TENON_E_INVALID_ARGUMENT,
                   "monitors " + in_quotes(name) + ", which is " + loaders_cure(name, validation_loaders_));
  const tenon_metric metric = id(name);
  Metric& m = metrics_[metric];
  if (m.origin == TENON_ORIGIN_VALIDATION && !has_validation_)
    throw AbiError(TENON_E_INVALID_ARGUMENT, "monitors " + in_quotes(name) +
                                                 ", a validation metric, but this run has no validation: monitor a "
                                                 "training metric, or give the run a validation (limit_val_batches is "
                                                 "not 0 and the task has validation data)");
  const bool counter = metric == epoch_metric || metric == step_metric;
  const Goal known = counter ? Goal::none : m.goal;
  Goal wanted = mode == "min" ? Goal::minimize : mode == "max" ? Goal::maximize : Goal::none;
  if (wanted != Goal::none && known != Goal::none && wanted != known)
    throw AbiError(TENON_E_INVALID_ARGUMENT, "\"mode\": \"" + std::string(mode) + "\" contradicts the goal of " +
                                                 in_quotes(name) + ", which is to " + goal_name(known) +
                                                 ": leave mode out or say \"" +
                                                 (known == Goal::minimize ? "min" : "max") + "\"");
  const Goal usual = m.goal == Goal::none ? well_known_goal(name) : Goal::none;
  if (wanted != Goal::none && usual != Goal::none && wanted != usual)
    throw AbiError(TENON_E_INVALID_ARGUMENT, "\"mode\": \"" + std::string(mode) + "\" contradicts the name of " +
                                                 in_quotes(name) + ", by which " +
                                                 (usual == Goal::minimize ? "less" : "more") +
                                                 " is better: leave mode out, or declare the metric in the task with "
                                                 "the goal to " +
                                                 goal_name(wanted));
  if (wanted == Goal::none) wanted = m.goal != Goal::none ? m.goal : usual;
  if (wanted == Goal::none)
    throw AbiError(TENON_E_INVALID_ARGUMENT,
                   "'mode' is missing: whether a small or a large " + in_quotes(name) +
                       " is better cannot be known (the task declares no goal for it and "
                       "the name is none of the well-known ones); say \"mode\": \"min\" or "
                       "\"mode\": \"max\"" +
                       (task_declares_ && !m.declared ? "; or is the name misspelt" + nearest(name) : std::string()));
  m.monitored = true;
  if (m.required_by.empty()) m.required_by = by;
  m.flags |= TENON_METRIC_MONITORED;
  (wanted == Goal::minimize ? m.minimized : m.maximized) = true;
  if (out) *out = metric;
  return wanted;
}

tenon_metric MetricStore::declare(std::string_view name, const LogOptions& options, std::string_view callback_id) {
  const tenon_metric metric = id(name);
  Metric& m = metrics_[metric];
  if (m.declared && m.declared_by != callback_id)
    throw AbiError(TENON_E_WRONG_STATE, "the metric " + in_quotes(name) + " is declared by " +
                                            (metric <= step_metric   ? "Tenon itself"
                                             : m.declared_by.empty() ? "the task"
                                                                     : "callback " + in_quotes(m.declared_by)) +
                                            " already: choose another name");
  if (contradicts(m, options.goal))
    throw AbiError(TENON_E_INVALID_ARGUMENT, in_quotes(name) + " is declared with the goal to " +
                                                 goal_name(options.goal) +
                                                 ", but a callback monitors it the other way: correct its `mode`");
  m.declared = true;
  m.declared_by = callback_id;
  m.origin = TENON_ORIGIN_CALLBACK;
  m.goal = options.goal;
  m.reduction.how = m.evaluation.how = options.reduce;
  m.flags |= (options.on_step.value_or(true) ? TENON_METRIC_ON_STEP : 0u) |
             (options.on_epoch.value_or(false) ? TENON_METRIC_ON_EPOCH : 0u) |
             (options.prog_bar ? TENON_METRIC_PROG_BAR : 0u) | (options.logger ? TENON_METRIC_LOGGER : 0u);
  return metric;
}

bool MetricStore::contradicts(const Metric& m, Goal goal) {
  return (goal == Goal::minimize && m.maximized) || (goal == Goal::maximize && m.minimized);
}

void MetricStore::check_monitored() const {
  if (!task_declares_) return;
  const auto is_declared = [&](std::string_view name) {
    return std::any_of(metrics_.begin(), metrics_.end(), [&](const Metric& m) { return m.declared && m.name == name; });
  };
  constexpr std::string_view epoch = "_epoch";  // what is logged on the step and on the epoch has a second name
  for (const Metric& m : metrics_)
    if (!m.required_by.empty() && !m.declared &&
        !(m.name.ends_with(epoch) && is_declared(std::string_view(m.name).substr(0, m.name.size() - epoch.size()))))
      throw AbiError(TENON_E_INVALID_ARGUMENT, m.required_by + " monitors " + in_quotes(m.name) +
                                                   ", but neither the task nor a callback declares it" +
                                                   nearest(m.name));
}

std::string MetricStore::nearest(std::string_view name) const {
  std::vector<std::string> known;
  for (const Metric& m : metrics_)
    if (m.declared) known.push_back(m.name);
  const std::string* split = closest(name, known) ? nullptr : closest(name, split_);
  return did_you_mean(split ? *split + loader_suffix(0) : name, known);
}

void MetricStore::enter(Stage stage, std::uint64_t stamp_step, std::uint64_t epoch, std::uint64_t batch_samples) {
  stage_ = stage;
  stamp_ = stamp_step;
  stamp_epoch_ = epoch;
  samples_ = batch_samples == TENON_UNKNOWN ? 1 : batch_samples;
  loader_ = 0;
  loaders_ = 1;
}

void MetricStore::enter_loader(std::uint32_t loader, std::size_t loaders) {
  loader_ = loader;
  loaders_ = loaders;
}

std::string MetricStore::loaders_cure(std::string_view name, std::size_t loaders) const {
  return "logged for each of " + std::to_string(loaders) + " loaders under its own name: monitor one of " +
         in_quotes(std::string(name) + loader_suffix(0)) + " to " +
         in_quotes(std::string(name) + loader_suffix(loaders - 1)) +
         ", or log a name of its own for each loader with add_dataloader_idx = false";
}

tenon_metric MetricStore::id_for_loader(std::string_view name, bool add_index) {
  if (!add_index) {
    const tenon_metric metric = id(name);
    Metric& m = metrics_[metric];
    if (m.loader == UINT32_MAX) m.loader = loader_;
    if (m.loader == loader_) return metric;
    throw std::invalid_argument(in_quotes(name) + " is logged for loader " + std::to_string(loader_) +
                                " and was for loader " + std::to_string(m.loader) +
                                ", both with add_dataloader_idx = false, which would mix their values: log a name of "
                                "its own for each loader");
  }
  loader_name_.assign(name).append("/dataloader_idx_");
  char digits[12];
  const auto end = std::to_chars(digits, digits + sizeof digits, loader_).ptr;
  loader_name_.append(digits, end);
  if (!ids_.contains(loader_name_)) check_not_awaited(name);
  const tenon_metric metric = id(loader_name_);
  metrics_[metric].loader_suffix = static_cast<std::uint32_t>(loader_name_.size() - name.size());
  return metric;
}

void MetricStore::check_not_awaited(std::string_view name) const {
  const Metric* m = find(name);
  if (m != nullptr && m->monitored && !m->declared && !m->present && !m->reduction.any && !m->evaluation.any)
    throw std::invalid_argument("a callback monitors " + in_quotes(name) + ", which is " +
                                loaders_cure(name, loaders_));
}

void MetricStore::stamp_event(std::uint64_t step) {
  for (const tenon_metric metric : event_) metrics_[metric].step = step;
}

void MetricStore::set_position(std::uint64_t step, std::uint64_t epoch) {
  step_ = step;
  epoch_ = epoch;
  for (const auto& [metric, count] : {std::pair{epoch_metric, epoch}, std::pair{step_metric, step}}) {
    Metric& m = metrics_[metric];
    if (m.overrides && fresh(metric)) continue;
    m.overrides = false;
    m.value = static_cast<double>(count);
    m.step = step;
    m.epoch = epoch;
  }
}

void MetricStore::weights_were_put_back() {
  for (Metric& m : metrics_)
    if (&m != &metrics_[epoch_metric] && &m != &metrics_[step_metric]) m.outdated = true;
}

void MetricStore::set(tenon_metric metric, double value, std::uint64_t step, std::uint64_t epoch) {
  Metric& m = metrics_[metric];
  m.value = value;
  m.step = step;
  m.epoch = epoch;
  m.present = true;
  m.outdated = false;
  m.overrides = metric <= step_metric;
  if (m.in_event) return;
  m.in_event = true;
  monitored_in_event_ = monitored_in_event_ || m.monitored;
  event_.push_back(metric);
}

void MetricStore::log_to(tenon_metric metric, double value, bool on_step, std::optional<Over> reduced, double weight) {
  if (on_step) set(metric, value, stamp_, stamp_epoch_);
  if (!reduced) return;
  const bool evaluation = *reduced == Over::evaluation;
  tenon_metric target = metric;
  if (on_step) {
    if (metrics_[metric].epoch_twin == TENON_NO_METRIC) {
      std::string name = metrics_[metric].name;
      name.insert(name.size() - metrics_[metric].loader_suffix, "_epoch");
      const tenon_metric twin = id(name);
      metrics_[metric].epoch_twin = twin;
      metrics_[twin].flags |= metrics_[metric].flags & ~(TENON_METRIC_ON_STEP | TENON_METRIC_MONITORED);
      metrics_[twin].origin = metrics_[metric].origin;
    }
    target = metrics_[metric].epoch_twin;
  }
  const auto of = [&](tenon_metric m) -> Reduction& {
    return evaluation ? metrics_[m].evaluation : metrics_[m].reduction;
  };
  Reduction& reduction = of(target);
  reduction.how = of(metric).how;
  if (!reduction.any) (evaluation ? evaluating_ : reducing_).push_back(target);
  reduction.add(value, weight);
}

void MetricStore::log(std::string_view name, double value, const LogOptions& options) {
  if (stage_ == Stage::sanity || muted_) return;
  const bool training = stage_ == Stage::train;
  const bool on_step = options.on_step.value_or(training);
  const bool on_epoch = options.on_epoch.value_or(!training);
  const bool one_of_several = !training && loaders_ > 1;
  const tenon_metric metric = one_of_several ? id_for_loader(name, options.add_dataloader_idx) : id(name);
  Metric& m = metrics_[metric];
  if (!m.declared_by.empty())
    throw std::invalid_argument("the task logs " + in_quotes(name) + ", a name that belongs to callback " +
                                in_quotes(m.declared_by) + ": choose another");
  if (options.goal != Goal::none) {
    if (contradicts(m, options.goal))
      throw std::invalid_argument(in_quotes(name) + " is logged with the goal to " + goal_name(options.goal) +
                                  ", but a callback monitors it the other way: correct its `mode`");
    m.goal = options.goal;
  }
  m.origin = training ? TENON_ORIGIN_TRAIN : TENON_ORIGIN_VALIDATION;
  m.flags |= (on_step ? TENON_METRIC_ON_STEP : 0u) | (on_epoch ? TENON_METRIC_ON_EPOCH : 0u) |
             (options.prog_bar ? TENON_METRIC_PROG_BAR : 0u) | (options.logger ? TENON_METRIC_LOGGER : 0u);
  (training ? m.reduction : m.evaluation).how = options.reduce;
  std::optional<Over> reduced;
  if (on_epoch) reduced = training ? Over::epoch : Over::evaluation;
  log_to(metric, value, on_step, reduced, static_cast<double>(options.batch_size ? options.batch_size : samples_));
}

void MetricStore::record(tenon_metric metric, double value, std::uint64_t batch_size) {
  if (stage_ == Stage::sanity) return;
  const std::uint32_t flags = metrics_[metric].flags;
  std::optional<Over> reduced;
  if (flags & TENON_METRIC_ON_EPOCH) reduced = Over::epoch;
  log_to(metric, value, (flags & TENON_METRIC_ON_STEP) != 0, reduced, static_cast<double>(batch_size));
}

void MetricStore::finish_reductions(Stage stage, std::uint64_t step, std::uint64_t epoch, bool complete) {
  const bool training = stage == Stage::train;
  std::vector<tenon_metric>& reduced = training ? reducing_ : evaluating_;
  for (const tenon_metric metric : reduced) {
    Reduction& reduction = training ? metrics_[metric].reduction : metrics_[metric].evaluation;
    const double result = reduction.result();
    if (complete) reduction = {.how = reduction.how};
    set(metric, result, step, epoch);
  }
  if (complete) reduced.clear();
}

std::vector<std::pair<std::string, double>> MetricStore::values() const {
  std::vector<std::pair<std::string, double>> all;
  for (tenon_metric metric = step_metric + 1; metric < metrics_.size(); ++metric)
    if (const Metric& m = metrics_[metric]; m.present) all.emplace_back(m.name, m.value);
  return all;
}

bool MetricStore::fresh(tenon_metric metric) const {
  const Metric& m = metrics_[metric];
  return m.present && !m.outdated && m.step >= step_;
}

const std::vector<tenon_logged_metric>& MetricStore::event(bool every) {
  logged_.clear();
  for (const tenon_metric metric : event_) {
    const Metric& m = metrics_[metric];
    if (every || m.monitored) logged_.push_back({chain::to_text(m.name), m.value, m.step, metric, m.flags});
  }
  return logged_;
}

void MetricStore::end_event() {
  for (const tenon_metric metric : event_) metrics_[metric].in_event = false;
  event_.clear();
  monitored_in_event_ = false;
}

}  // namespace tenon::loop
