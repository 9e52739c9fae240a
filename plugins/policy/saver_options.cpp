// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "saver_options.hpp"

#include <stdexcept>

namespace tenon::policy {

namespace {

template <class Make>
auto checked(Make&& make) {
  try {
    return make();
  } catch (const std::invalid_argument& wrong) {
    throw Error(TENON_E_INVALID_ARGUMENT, wrong.what());
  }
}

}  // namespace

std::string read_folder(Host host, const Options& options) {
  const std::string folder = options.get<std::string>("/dirpath");
  return folder == "~" || folder.compare(0, 2, "~/") == 0 ? resolve(host, TENON_PATH_RUN, folder) : folder;
}

Triggers read_triggers(const Options& options) {
  return checked([&] {
    return Triggers(options.find<std::uint64_t>("/every_n_epochs"), options.find<std::uint64_t>("/every_n_train_steps"),
                    options.find<double>("/train_time_interval"));
  });
}

FileName read_name(const Options& options, const std::string& otherwise) {
  return checked([&] {
    return FileName(options.find<std::string>("/filename").value_or(otherwise),
                    options.get<bool>("/auto_insert_metric_name"));
  });
}

std::optional<Monitor> read_monitor(Host host, const Options& options) {
  const auto name = options.find<std::string>("/monitor");
  if (!name) return std::nullopt;
  return Metrics(host).monitor(*name, options.get<std::string>("/mode"));
}

SavePlanOptions read_plan(const Options& options, const std::optional<Monitor>& monitor, const Triggers& triggers) {
  SavePlanOptions plan;
  plan.keep = options.get<std::int64_t>("/save_top_k");
  plan.keeps_last = options.type("/save_last") == TENON_JSON_TEXT /* "link" */ || options.get<bool>("/save_last");
  plan.initial_value_threshold = options.find<double>("/initial_value_threshold");
  plan.when = triggers.describe();
  if (monitor) {
    plan.goal = monitor->maximize() ? Goal::maximize : Goal::minimize;
    plan.metric = monitor->name;
  }
  if (plan.keeps_last && options.find<std::string>("/filename") == "last")
    throw Error(TENON_E_INVALID_ARGUMENT,
                "filename is \"last\", and save_last makes a link of that name: choose another filename, such as "
                "{epoch}-{step}, or leave it out");
  if (plan.keep >= 2 && !monitor)
    throw Error(TENON_E_INVALID_ARGUMENT,
                "save_top_k is " + std::to_string(plan.keep) +
                    " without a monitor, so nothing says which are the best: name a monitor, or "
                    "use 1 (the newest), -1 (all) or 0 (none)");
  return plan;
}

std::vector<std::string> what_cannot_happen(const SavePlanOptions& options, const Triggers& triggers,
                                            bool at_train_epoch_end, bool by_validation, const RunFacts& facts) {
  std::vector<std::string> out;
  if (options.keep == 0)
    out.emplace_back(options.keeps_last ? "save_top_k is 0: nothing but last is kept"
                                        : "save_top_k is 0 and save_last is false: nothing will be saved");
  if (options.initial_value_threshold && !options.goal)
    out.emplace_back("initial_value_threshold without a monitor has nothing to compare: name a monitor");
  if (!triggers.any()) {
    out.emplace_back(options.keeps_last ? "every trigger is 0: only last is saved, at the end of the run"
                                        : "every trigger is 0: nothing will be saved");
    return out;
  }
  if (const auto why = triggers.never_fires(facts.reachable_epochs, facts.reachable_steps, facts.max_seconds))
    out.push_back(*why);
  const bool at_validation = triggers.by_epochs() && !at_train_epoch_end;
  if (at_validation && !facts.has_validation)
    out.emplace_back(
        "it acts at the end of a validation, and this run has none: set save_on_train_epoch_end to true, or leave it "
        "out");
  else if (at_validation && !facts.no_validation.empty())
    out.push_back("it acts at the end of a validation, and none comes: " + facts.no_validation);
  else if (by_validation && !facts.no_validation.empty())
    out.push_back("its monitor is measured in validation, and none comes: " + facts.no_validation);
  else if (at_validation)
    if (const auto why = triggers.never_meets_validation(facts.reachable_epochs, facts.validates_every))
      out.push_back(*why);
  return out;
}

}  // namespace tenon::policy
