// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The options that both savers have, as members of a JSON Schema's "properties".
#ifndef TENON_PLUGINS_POLICY_SAVER_SCHEMA_HPP
#define TENON_PLUGINS_POLICY_SAVER_SCHEMA_HPP

#include <array>
#include <cstddef>

namespace tenon::policy {

inline constexpr char saver_properties[] = R"(
    "dirpath": {"type": "string", "minLength": 1, "default": "checkpoints",
      "description": "Folder of the checkpoints, relative to the run's folder"},
    "monitor": {"type": ["string", "null"], "minLength": 1, "default": null,
      "description": "Metric that decides which checkpoints are kept; epoch and step are metrics too. Without it the newest are kept"},
    "mode": {"enum": ["min", "max", "auto"], "default": "auto",
      "description": "Whether a lower or a higher value of the monitor is better; auto asks the metric's goal, then its well-known name"},
    "save_top_k": {"type": "integer", "minimum": -1, "default": 1,
      "description": "How many of the best are kept: -1 all, 0 none; 2 or more need a monitor"},
    "initial_value_threshold": {"type": ["number", "null"], "default": null,
      "description": "A checkpoint is only kept among the best where the monitor is better than this"},
    "save_last": {"enum": [true, false, "link"], "default": false,
      "description": "Keep the newest state under the name last, whatever the monitor says; link means the same as true"},
    "auto_insert_metric_name": {"type": "boolean", "default": true,
      "description": "Write {epoch} in filename as epoch=3, not 3"},
    "every_n_epochs": {"type": ["integer", "null"], "minimum": 0, "default": null,
      "description": "Save at the end of every n-th epoch; 0 is off. Without any trigger it is 1"},
    "every_n_train_steps": {"type": ["integer", "null"], "minimum": 0, "default": null,
      "description": "Save every n training steps; 0 is off"},
    "train_time_interval": {"type": ["number", "null"], "minimum": 0, "default": null,
      "description": "Save when so many seconds have passed since this last happened; 0: after every batch"},
    "save_on_train_epoch_end": {"type": ["boolean", "null"], "default": null,
      "description": "Whether every_n_epochs acts at the end of the training epoch (true) or of a validation (false). Left out: the training epoch, unless validation runs at other times than once at the end of every epoch"},
    "save_on_exception": {"type": "boolean", "default": false,
      "description": "When the run fails, save the state as it is then; a name that is taken gets a -v1, -v2, ..."},
    "async": {"type": "boolean", "default": true,
      "description": "Go on training while a checkpoint is written; false: wait until it is on disk"},
    "enable_version_counter": {"type": "boolean", "default": true,
      "description": "Give a name that is taken a -v1, -v2, ...; false: such a save fails"})";

/// `before`, the properties, `behind`: one text that the compiler builds, because a schema can be read without running
/// anything.
template <std::size_t Before, std::size_t Behind>
constexpr auto with_saver_properties(const char (&before)[Before], const char (&behind)[Behind]) {
  std::array<char, Before + sizeof saver_properties + Behind - 2> out{};
  std::size_t n = 0;
  for (std::size_t i = 0; i + 1 < Before; ++i) out[n++] = before[i];
  for (std::size_t i = 0; i + 1 < sizeof saver_properties; ++i) out[n++] = saver_properties[i];
  for (std::size_t i = 0; i + 1 < Behind; ++i) out[n++] = behind[i];
  return out;
}

}  // namespace tenon::policy

#endif
