// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "run_facts.hpp"

#include <algorithm>

#include "triggers.hpp"

namespace tenon::policy {

namespace {

/// `1.0` is a share of the epoch, `1` a count of batches: only the text tells them apart.
bool is_whole_epoch(const Options& manifest) {
  constexpr const char* pointer = "/trainer/val_check_interval";
  if (!manifest.has(pointer)) return true;
  return manifest.get<double>(pointer) == 1.0 && manifest.json(pointer).find_first_of(".eE") != std::string::npos;
}

std::string count_of(std::uint64_t n, const char* what) {
  return std::to_string(n) + " " + what + (n == 1 ? "" : (what == std::string_view("batch") ? "es" : "s"));
}

/// `group`: batches of a step.
std::string why_no_validation(const RunFacts& facts, const Options& manifest, std::uint64_t group) {
  if (!facts.has_validation) return "this run has none";
  if (facts.validates_every) {
    if (facts.validates_every <= facts.reachable_epochs) return {};
    return "it runs every " + count_of(facts.validates_every, "epoch") + ", and the run ends after " +
           count_of(facts.reachable_epochs, "epoch");
  }
  // Counted in batches across epochs.
  constexpr const char* interval = "/trainer/val_check_interval";
  if (!manifest.has(interval) || facts.reachable_steps == TENON_UNKNOWN) return {};
  const double every = manifest.get<double>(interval);
  const double batches = static_cast<double>(facts.reachable_steps) * static_cast<double>(group);
  if (every <= batches) return {};
  return "it runs every " + count_of(static_cast<std::uint64_t>(every), "batch") + ", and the run ends after " +
         count_of(facts.reachable_steps, "step");
}

}  // namespace

RunFacts RunFacts::of(Host host) {
  const tenon_run_facts given = run_facts(host);
  const Options manifest(host, given.manifest_json.size ? view(given.manifest_json) : "{}");

  RunFacts facts;
  facts.has_validation = given.flags & TENON_RUN_HAS_VALIDATION;
  facts.is_replay = given.flags & TENON_RUN_IS_REPLAY;
  facts.on_terminal = given.flags & TENON_RUN_ON_TERMINAL;
  facts.stdout_taken = given.flags & TENON_RUN_STDOUT_TAKEN;

  // null is not the default here: it counts val_check_interval across epochs.
  constexpr const char* every_n = "/trainer/check_val_every_n_epoch";
  const bool every_epoch = manifest.type(every_n) == TENON_JSON_ABSENT ||
                           (manifest.has(every_n) && manifest.get<std::int64_t>(every_n) == 1);
  facts.decides_at_train_epoch_end = every_epoch && (!facts.has_validation || is_whole_epoch(manifest));

  facts.validates_every = every_epoch ? 1 : manifest.has(every_n) ? manifest.get<std::uint64_t>(every_n) : 0;
  if (given.min_epochs == 0 && given.min_steps == 0)
    facts.max_seconds = manifest.get_or<double>("/trainer/max_time/seconds", facts.max_seconds);

  const std::uint64_t group =
      std::max<std::uint64_t>(1, manifest.get_or<std::uint64_t>("/trainer/accumulate_grad_batches", 1));
  facts.accumulates = group > 1;
  const std::uint64_t batches = given.train_batches;
  const std::uint64_t steps = batches == TENON_UNKNOWN ? batches : batches / group + (batches % group != 0);
  facts.reachable_steps = policy::reachable_steps(given.max_epochs, given.max_steps, steps);
  facts.reachable_epochs = policy::reachable_epochs(given.max_epochs, given.max_steps, steps);
  facts.no_validation = why_no_validation(facts, manifest, group);
  return facts;
}

}  // namespace tenon::policy
