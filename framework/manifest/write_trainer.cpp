// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "manifest/write_trainer.hpp"

#include <boost/json/value.hpp>
#include <cmath>
#include <limits>

namespace tenon::manifest {
namespace {

namespace json = boost::json;

/// One that is too large to be a count stays so, for the schema to refuse.
json::value count(std::uint64_t n) {
  if (n == no_limit) return -1;
  if (n > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return n;
  return static_cast<std::int64_t>(n);
}

json::value batches(const BatchLimit& limit) { return limit.is_share ? json::value(limit.share) : count(limit.count); }

json::value max_time(double seconds) {
  return std::isinf(seconds) && seconds > 0 ? json::value() : json::value(json::object{{"seconds", seconds}});
}

json::value deterministic(Deterministic deterministic) {
  if (deterministic == Deterministic::warn) return "warn";
  return deterministic == Deterministic::yes;
}

}  // namespace

json::object write_trainer(const TrainerOptions& options) {
  json::object trainer;
  if (options.max_epochs != no_limit || options.max_steps != no_limit)
    trainer["max_epochs"] = count(options.max_epochs);
  trainer["min_epochs"] = count(options.min_epochs);
  trainer["max_steps"] = count(options.max_steps);
  trainer["min_steps"] = count(options.min_steps);
  trainer["max_time"] = max_time(options.max_time);
  trainer["val_check_interval"] = batches(options.val_check_interval);
  trainer["check_val_every_n_epoch"] =
      options.check_val_every_n_epoch == 0 ? json::value() : count(options.check_val_every_n_epoch);
  trainer["num_sanity_val_steps"] = count(options.num_sanity_val_steps);
  trainer["limit_train_batches"] = batches(options.limit_train_batches);
  trainer["limit_val_batches"] = batches(options.limit_val_batches);
  trainer["limit_test_batches"] = batches(options.limit_test_batches);
  trainer["limit_predict_batches"] = batches(options.limit_predict_batches);
  trainer["fast_dev_run"] = count(options.fast_dev_run);
  trainer["overfit_batches"] = batches(options.overfit_batches);
  trainer["accumulate_grad_batches"] = count(options.accumulate_grad_batches);
  trainer["gradient_clip_val"] = options.gradient_clip_val ? json::value(*options.gradient_clip_val) : json::value();
  trainer["gradient_clip_algorithm"] = options.gradient_clip_algorithm == ClipAlgorithm::value ? "value" : "norm";
  trainer["precision"] = precision_name(options.precision);
  trainer["log_every_n_steps"] = count(options.log_every_n_steps);
  trainer["deterministic"] = deterministic(options.deterministic);
  trainer["detect_anomaly"] = options.detect_anomaly;
  trainer["seed"] = count(options.seed);
  trainer["threads"] = count(options.threads);
  trainer["device"] = options.device;
  trainer["checkpoint_queue"] = options.checkpoint_queue == CheckpointQueue::skip ? "skip" : "wait";
  trainer["default_root_dir"] =
      options.default_root_dir.empty() ? json::value() : json::value(options.default_root_dir);
  return trainer;
}

}  // namespace tenon::manifest
