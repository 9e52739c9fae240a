// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// checkpoint - saves the training so that it can be resumed: the best k, the newest, or both.
#include <tenon/plugin.hpp>

#include "policy/saver.hpp"
#include "policy/saver_schema.hpp"

namespace {

constexpr auto schema = tenon::policy::with_saver_properties(R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object", "additionalProperties": false,
  "properties": {
    "filename": {"type": "string", "minLength": 1, "default": "{epoch}-{step}",
      "description": "Name of a checkpoint; {metric} and {metric:format} stand for values"},
    "save_weights_only": {"type": "boolean", "default": false,
      "description": "Leave out what only a resume needs: optimizer, random generators, callbacks"},)",
                                                             R"(
  }})");

class Checkpoint : public tenon::policy::Saver {
 public:
  static constexpr const char* id = "org.tenon.checkpoint";
  static constexpr const char* name = "checkpoint";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Saves the training: the best by a metric, the newest, or both";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema = schema.data();
  static constexpr const char* const needs[] = {
      TENON_SERVICE_CHECKPOINTS, TENON_SERVICE_METRICS, TENON_SERVICE_RUN,   TENON_SERVICE_RUN_INFO,
      TENON_SERVICE_OPTIONS,     TENON_SERVICE_BOARD,   TENON_SERVICE_PATHS, nullptr};

  explicit Checkpoint(tenon::Host host) : Saver(host, kind(host)) {}

 private:
  static std::int32_t kind(tenon::Host host) {
    return tenon::Options(host).get<bool>("/save_weights_only") ? TENON_CHECKPOINT_WEIGHTS : TENON_CHECKPOINT_FULL;
  }
};

}  // namespace

TENON_PLUGINS(Checkpoint);
