// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The options of saver_schema.hpp, read and checked against one another and against the run.
#ifndef TENON_PLUGINS_POLICY_SAVER_OPTIONS_HPP
#define TENON_PLUGINS_POLICY_SAVER_OPTIONS_HPP

#include <tenon/plugin.hpp>

#include <optional>
#include <string>
#include <vector>

#include "file_name.hpp"
#include "run_facts.hpp"
#include "save_plan.hpp"
#include "triggers.hpp"

namespace tenon::policy {

// Each throws Error where the manifest is at fault; the host says where that entry stands.
std::string read_folder(Host host, const Options& options);
Triggers read_triggers(const Options& options);
FileName read_name(const Options& options, const std::string& otherwise);
std::optional<Monitor> read_monitor(Host host, const Options& options);
SavePlanOptions read_plan(const Options& options, const std::optional<Monitor>& monitor, const Triggers& triggers);

/// Warnings before training: what these options ask for and will not get. `by_validation`: the monitor is measured
/// there.
std::vector<std::string> what_cannot_happen(const SavePlanOptions& options, const Triggers& triggers,
                                            bool at_train_epoch_end, bool by_validation, const RunFacts& facts);

}  // namespace tenon::policy

#endif
