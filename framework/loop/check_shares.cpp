// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/check_shares.hpp"

#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "loop/evaluation.hpp"
#include "loop/option_failure.hpp"

namespace tenon::loop {

namespace {

/// "0.25", not "0.250000".
std::string text(double share) {
  std::ostringstream out;
  out << share;
  return out.str();
}

/// `loader`: its index, where there are several.
void check(std::uint64_t batches, const BatchLimit& limit, const std::string& option, const std::string& data,
           const std::string& loader = {}) {
  if (!limit.is_share || limit.share <= 0.0 || limit.share >= 1.0) return;
  if (batches == TENON_UNKNOWN)
    throw OptionFailure(option,
                        "is a share of the " + data + ", but their length is not known: give a count of batches");
  const auto all = static_cast<double>(batches);
  if (batches == 0 || all * limit.share >= 1.0) return;
  throw OptionFailure(option, "is " + text(limit.share) + ", less than one of the " + std::to_string(batches) +
                                  " batches of the " + data + loader + ": give at least " +
                                  text(std::ceil(1000.0 / all) / 1000.0) + ", or a count of batches");
}

}  // namespace

void check_shares(const EngineFacts& facts, const TrainerOptions& options) {
  check(facts.train_batches, options.limit_train_batches, "limit_train_batches", "training data");
  check_shares(facts, options, Stage::validation);
}

void check_shares(const EngineFacts& facts, const TrainerOptions& options, Stage stage) {
  const std::string short_name = stage == Stage::validation ? "val" : evaluation_hooks(stage).stage;
  const std::vector<std::uint64_t>& loaders = stage_batches(facts, stage);
  for (std::size_t i = 0; i < loaders.size(); ++i)
    check(loaders[i], stage_limit(options, stage), "limit_" + short_name + "_batches",
          evaluation_hooks(stage).stage + std::string(" data"),
          loaders.size() > 1 ? " (loader " + std::to_string(i) + ")" : "");
}

}  // namespace tenon::loop
