// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "manifest/read_trainer.hpp"

#include <algorithm>
#include <boost/json/value.hpp>

#include "manifest/json_text.hpp"

namespace tenon::manifest {
namespace {

namespace json = boost::json;

/// -1 and null are `unlimited`.
std::uint64_t count(const json::value& value, std::uint64_t unlimited) {
  if (!value.is_int64() || value.get_int64() < 0) return unlimited;
  return static_cast<std::uint64_t>(value.get_int64());
}

loop::BatchLimit batches(const json::value& value) {
  loop::BatchLimit limit;
  if (value.is_double()) {
    limit.share = value.get_double();
  } else if (const std::uint64_t given = count(value, TENON_UNKNOWN); given != TENON_UNKNOWN) {
    limit.is_share = false;
    limit.count = given;
  }
  return limit;
}

}  // namespace

loop::TrainerOptions read_trainer(json::object& trainer, std::vector<Complaint>& complaints) {
  loop::TrainerOptions options;
  options.max_steps = count(trainer.at("max_steps"), TENON_UNKNOWN);
  if (!trainer.contains("max_epochs")) trainer["max_epochs"] = options.max_steps == TENON_UNKNOWN ? 1000 : -1;
  options.max_epochs = count(trainer.at("max_epochs"), TENON_UNKNOWN);
  options.min_epochs = count(trainer.at("min_epochs"), 0);
  options.min_steps = count(trainer.at("min_steps"), 0);
  options.val_check_interval = batches(trainer.at("val_check_interval"));
  options.check_val_every_n_epoch = count(trainer.at("check_val_every_n_epoch"), 0);
  options.num_sanity_val_steps = count(trainer.at("num_sanity_val_steps"), TENON_UNKNOWN);
  options.limit_train_batches = batches(trainer.at("limit_train_batches"));
  options.limit_val_batches = batches(trainer.at("limit_val_batches"));
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
