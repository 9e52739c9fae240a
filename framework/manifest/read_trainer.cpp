// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "manifest/read_trainer.hpp"

#include <algorithm>
#include <array>
#include <boost/json/value.hpp>
#include <charconv>
#include <limits>
#include <utility>

#include "manifest/json_text.hpp"

namespace tenon::manifest {
namespace {

namespace json = boost::json;

/// -1 and null are `unlimited`.
std::uint64_t count(const json::value& value, std::uint64_t unlimited) {
  if (!value.is_int64() || value.get_int64() < 0) return unlimited;
  return static_cast<std::uint64_t>(value.get_int64());
}

BatchLimit batches(const json::value& value) {
  BatchLimit limit;
  if (value.is_double()) {
    limit.share = value.get_double();
  } else if (const std::uint64_t given = count(value, no_limit); given != no_limit) {
    limit.is_share = false;
    limit.count = given;
  }
  return limit;
}

/// "DD:HH:MM:SS", or {"hours": 12}; the schema has seen to the form.
double seconds(const json::value& value) {
  if (value.is_null()) return std::numeric_limits<double>::infinity();
  constexpr std::array<std::pair<std::string_view, double>, 5> units{
      {{"weeks", 604800.0}, {"days", 86400.0}, {"hours", 3600.0}, {"minutes", 60.0}, {"seconds", 1.0}}};
  double sum = 0.0;
  if (value.is_object()) {
    for (const auto& [unit, length] : units)
      if (const json::value* given = value.get_object().if_contains(unit)) sum += given->to_number<double>() * length;
    return sum;
  }
  std::string_view rest = value.get_string();
  for (std::size_t unit = 1; unit < units.size(); ++unit) {
    std::uint64_t number = 0;
    const char* end = rest.data() + rest.size();
    const char* behind = std::from_chars(rest.data(), end, number).ptr;
    sum += static_cast<double>(number) * units[unit].second;
    rest.remove_prefix(std::min(rest.size(), static_cast<std::size_t>(behind - rest.data()) + 1));
  }
  return sum;
}

Precision precision(const json::value& value) {
  const std::string text = value.is_int64()    ? std::to_string(value.get_int64())
                           : value.is_string() ? std::string(value.get_string())
                                               : "32";
  if (text.starts_with("64")) return Precision::float64;
  if (text == "bf16-true") return Precision::bf16;
  return text.starts_with("bf16") ? Precision::bf16_mixed : Precision::float32;
}

Deterministic deterministic(const json::value& value) {
  if (value.is_string()) return Deterministic::warn;
  return value.is_bool() && value.get_bool() ? Deterministic::yes : Deterministic::no;
}

bool flag(const json::value& value) { return value.is_bool() && value.get_bool(); }

}  // namespace

TrainerOptions read_trainer(json::object& trainer, std::vector<Complaint>& complaints) {
  TrainerOptions options;
  options.max_steps = count(trainer.at("max_steps"), no_limit);
  if (!trainer.contains("max_epochs")) trainer["max_epochs"] = options.max_steps == no_limit ? 1000 : -1;
  options.max_epochs = count(trainer.at("max_epochs"), no_limit);
  options.min_epochs = count(trainer.at("min_epochs"), 0);
  options.min_steps = count(trainer.at("min_steps"), 0);
  options.val_check_interval = batches(trainer.at("val_check_interval"));
  options.check_val_every_n_epoch = count(trainer.at("check_val_every_n_epoch"), 0);
  options.num_sanity_val_steps = count(trainer.at("num_sanity_val_steps"), no_limit);
  options.limit_train_batches = batches(trainer.at("limit_train_batches"));
  options.limit_val_batches = batches(trainer.at("limit_val_batches"));
  options.max_time = seconds(trainer.at("max_time"));
  options.limit_test_batches = batches(trainer.at("limit_test_batches"));
  options.limit_predict_batches = batches(trainer.at("limit_predict_batches"));
  const json::value& fast = trainer.at("fast_dev_run");
  options.fast_dev_run = fast.is_bool() ? (fast.get_bool() ? 1 : 0) : count(fast, 0);
  options.overfit_batches = batches(trainer.at("overfit_batches"));
  if (const json::value& bound = trainer.at("gradient_clip_val"); !bound.is_null() && bound.to_number<double>() > 0)
    options.gradient_clip_val = bound.to_number<double>();
  options.gradient_clip_algorithm =
      trainer.at("gradient_clip_algorithm") == "value" ? ClipAlgorithm::value : ClipAlgorithm::norm;
  options.precision = precision(trainer.at("precision"));
  options.deterministic = deterministic(trainer.at("deterministic"));
  options.checkpoint_queue = trainer.at("checkpoint_queue") == "skip" ? CheckpointQueue::skip : CheckpointQueue::wait;
  options.detect_anomaly = flag(trainer.at("detect_anomaly"));
  if (const json::value& root = trainer.at("default_root_dir"); root.is_string())
    options.default_root_dir = root.get_string();
  options.accumulate_grad_batches = count(trainer.at("accumulate_grad_batches"), 1);
  options.log_every_n_steps = count(trainer.at("log_every_n_steps"), 50);
  options.seed = count(trainer.at("seed"), 0);
  options.threads = static_cast<std::uint32_t>(count(trainer.at("threads"), 0));
  options.device = trainer.at("device").as_string();
  if (options.check_val_every_n_epoch == 0 && options.val_check_interval.is_share)
    complaints.push_back({"/val_check_interval", "is the share " + json_text(trainer.at("val_check_interval")) +
                                                     " of an epoch, but check_val_every_n_epoch is null, which counts "
                                                     "batches across epochs; give it as a count, for example 100"});
  return options;
}

}  // namespace tenon::manifest
