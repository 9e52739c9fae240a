// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "manifest/manifest_schema.hpp"

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>

namespace tenon::manifest {
namespace {

constexpr std::string_view text = R"json({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "title": "Tenon manifest",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "$schema": {"type": "string", "description": "for editors; Tenon does not read it"},
    "task": {
      "description": "what is trained",
      "type": "object",
      "required": ["library"],
      "additionalProperties": false,
      "properties": {
        "library": {"type": "string", "minLength": 1, "description": "the task's name, or a path with '/' from the manifest's folder", "examples": ["digits"]},
        "config": {"type": "object", "default": {}, "description": "the task's own options"}
      }
    },
    "trainer": {
      "description": "how long and on what to train; names and meanings are PyTorch Lightning's",
      "type": "object",
      "default": {},
      "additionalProperties": false,
      "properties": {
        "max_epochs": {"type": ["integer", "null"], "minimum": -1, "description": "epochs to train; -1 or null: no limit; 1000 where neither max_epochs nor max_steps is given", "examples": [20]},
        "min_epochs": {"type": ["integer", "null"], "minimum": -1, "default": 0, "description": "a stop waits until so many epochs are done"},
        "max_steps": {"type": ["integer", "null"], "minimum": -1, "default": -1, "description": "optimizer steps to train; -1 or null: no limit"},
        "min_steps": {"type": ["integer", "null"], "minimum": -1, "default": 0, "description": "a stop waits until so many steps are done"},
        "val_check_interval": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "number", "exclusiveMinimum": 0, "maximum": 1}], "default": 1.0, "description": "validate after this share of the training epoch (1.0, 0.25) or this count of batches (1, 100)"},
        "check_val_every_n_epoch": {"type": ["integer", "null"], "minimum": 1, "default": 1, "description": "validate in every n-th epoch; null: val_check_interval counts batches across epochs"},
        "num_sanity_val_steps": {"type": ["integer", "null"], "minimum": -1, "default": 2, "description": "validation batches that are tried before training; -1 or null: all"},
        "limit_train_batches": {"$ref": "#/definitions/limit", "description": "batches of a training epoch"},
        "limit_val_batches": {"$ref": "#/definitions/limit", "description": "batches of a validation"},
        "accumulate_grad_batches": {"type": "integer", "minimum": 1, "default": 1, "description": "batches whose gradients are summed for one step"},
        "log_every_n_steps": {"type": "integer", "minimum": 1, "default": 50, "description": "steps between two records of the loggers"},
        "seed": {"type": "integer", "minimum": 0, "default": 0, "description": "of the weights, the data's order and everything random"},
        "threads": {"type": ["integer", "null"], "minimum": 0, "maximum": 1024, "default": 0, "description": "threads of LibTorch; 0: LibTorch's choice"},
        "device": {"enum": ["cpu", "auto"], "default": "cpu", "description": "where to train; auto: the best there is"}
      }
    },
    "plugins": {
      "description": "where plugins are found",
      "type": "object",
      "default": {},
      "additionalProperties": false,
      "properties": {
        "paths": {"type": "array", "items": {"type": "string", "minLength": 1}, "default": [], "description": "folders to search before all others, from the manifest's folder"},
        "pin": {"enum": ["optional", "required"], "default": "optional", "description": "required: every callback must give the sha256 of its plugin"}
      }
    },
    "callbacks": {
      "description": "the chain, in the order in which it is called",
      "type": "array",
      "default": [],
      "items": {
        "type": "object",
        "required": ["plugin"],
        "additionalProperties": false,
        "properties": {
          "plugin": {"type": "string", "minLength": 1, "description": "the plugin's name, as `tenon plugins list` shows it", "examples": ["checkpoint"]},
          "id": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_.-]*$", "description": "a name of its own in this run; the plugin's name where it is left out", "examples": ["best"]},
          "on_error": {"enum": ["abort", "disable", "warn"], "description": "what happens when it fails; what the plugin suggests where it is left out"},
          "sha256": {"type": "string", "pattern": "^[0-9A-Fa-f]{64}$", "description": "of the plugin's file: another file is refused"},
          "config": {"type": "object", "default": {}, "description": "the plugin's options: see `tenon plugins show`"}
        }
      }
    }
  },
  "definitions": {
    "limit": {"anyOf": [{"type": "integer", "minimum": -1}, {"type": "number", "minimum": 0, "maximum": 1}, {"type": "null"}], "default": 1.0, "description": "a share (1.0, 0.25) or a count (1, 100); -1 or null: no limit"}
  }
}
)json";

struct Answer {
  std::string_view pointer, text;
};

constexpr std::string_view later = "is an option of Tenon, but not in this version yet; remove it";
constexpr std::string_view resume =
    "what to resume from is no part of a manifest: it is said on the command line, by `tenon train --resume`, which "
    "comes in a later version; remove it";

constexpr std::array answers{
    Answer{"/trainer/max_time", later},
    Answer{"/trainer/limit_test_batches", later},
    Answer{"/trainer/limit_predict_batches", later},
    Answer{"/trainer/fast_dev_run", later},
    Answer{"/trainer/overfit_batches", later},
    Answer{"/trainer/gradient_clip_val", later},
    Answer{"/trainer/gradient_clip_algorithm", later},
    Answer{"/trainer/precision", later},
    Answer{"/trainer/deterministic", later},
    Answer{"/trainer/detect_anomaly", later},
    Answer{"/trainer/default_root_dir", later},
    Answer{"/resume_from_checkpoint", resume},
    Answer{"/trainer/resume_from_checkpoint", resume},
    Answer{"/ckpt_path", resume},
    Answer{"/trainer/ckpt_path", resume},
    Answer{"/trainer/accelerator", "is written 'device' here"},
    Answer{"/trainer/callbacks", "stands beside 'trainer', not in it"},
    Answer{"/trainer/enable_checkpointing",
           "there is nothing to switch: checkpoints are written by the callbacks that the manifest lists"},
    Answer{"/trainer/logger",
           "there is nothing to switch: records are written by the callbacks that the manifest lists"},
};

}  // namespace

std::string_view manifest_schema_text() { return text; }

const boost::json::value& manifest_schema() {
  static const boost::json::value schema = boost::json::parse(text);
  return schema;
}

std::string_view answer_to_key(std::string_view pointer) {
  const auto* found = std::ranges::find(answers, pointer, &Answer::pointer);
  return found == answers.end() ? std::string_view() : found->text;
}

}  // namespace tenon::manifest
