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
        "max_time": {"anyOf": [{"type": "string", "pattern": "^[0-9]+:[0-9][0-9]:[0-9][0-9]:[0-9][0-9]$", "examples": ["00:12:00:00", "01:00:30:00"]}, {"type": "object", "additionalProperties": false, "properties": {"weeks": {"type": "number", "minimum": 0}, "days": {"type": "number", "minimum": 0}, "hours": {"type": "number", "minimum": 0}, "minutes": {"type": "number", "minimum": 0}, "seconds": {"type": "number", "minimum": 0}}}, {"type": "null"}], "default": null, "description": "time to train: days, hours, minutes and seconds as \"00:12:00:00\" or {\"hours\": 12}; min_epochs and min_steps come first", "examples": ["00:12:00:00"]},
        "val_check_interval": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "number", "exclusiveMinimum": 0, "maximum": 1}], "default": 1.0, "description": "validate after this share of the training epoch (1.0, 0.25) or this count of batches (1, 100)"},
        "check_val_every_n_epoch": {"type": ["integer", "null"], "minimum": 1, "default": 1, "description": "validate in every n-th epoch; null: val_check_interval counts batches across epochs"},
        "num_sanity_val_steps": {"type": ["integer", "null"], "minimum": -1, "default": 2, "description": "validation batches that are tried before training; -1 or null: all"},
        "limit_train_batches": {"$ref": "#/definitions/limit", "description": "batches of a training epoch"},
        "limit_val_batches": {"$ref": "#/definitions/limit", "description": "batches of a validation"},
        "limit_test_batches": {"$ref": "#/definitions/limit", "description": "batches of `tenon test`"},
        "limit_predict_batches": {"$ref": "#/definitions/limit", "description": "batches of `tenon predict`"},
        "fast_dev_run": {"anyOf": [{"type": "boolean"}, {"type": "integer", "minimum": 0}], "default": false, "description": "try everything on so many batches of one epoch (true: 1), in a folder that is removed"},
        "overfit_batches": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "number", "minimum": 0, "maximum": 1}], "default": 0, "description": "train and validate on these first batches alone, unshuffled: a share (0.1) or a count (10); 0: off"},
        "accumulate_grad_batches": {"type": "integer", "minimum": 1, "default": 1, "description": "batches whose gradients are summed for one step"},
        "gradient_clip_val": {"type": ["number", "null"], "minimum": 0, "default": null, "description": "bound of the gradients' norm or values; null or 0: none"},
        "gradient_clip_algorithm": {"enum": ["norm", "value", null], "default": "norm", "description": "what gradient_clip_val bounds: the norm of an optimizer's gradients together, or each number"},
        "precision": {"enum": ["32-true", "32", 32, "64-true", "64", 64, "bf16-mixed", "bf16", "bf16-true", null], "default": "32-true", "description": "what is computed in: 32 or 64 bits, bfloat16 throughout (bf16-true), or 32 bits with autocast to bfloat16 (bf16-mixed)"},
        "log_every_n_steps": {"type": "integer", "minimum": 1, "default": 50, "description": "steps between two records of the loggers"},
        "deterministic": {"enum": [true, false, "warn", null], "default": false, "description": "only algorithms that give the same result each time; an operation without one is an error, or a warning with \"warn\""},
        "detect_anomaly": {"type": ["boolean", "null"], "default": false, "description": "stop at the first number that is not finite and name the layer it came from; slow"},
        "seed": {"type": "integer", "minimum": 0, "maximum": 9223372036854775807, "default": 0, "description": "of the weights, the data's order and everything random"},
        "threads": {"type": ["integer", "null"], "minimum": 0, "maximum": 1024, "default": 0, "description": "threads of LibTorch; 0: LibTorch's choice"},
        "device": {"type": "string", "pattern": "^(cpu|auto|cuda(:[0-9]+)?)$", "default": "cpu", "description": "where to train: cpu, cuda, cuda:1, or auto, the best there is", "examples": ["cpu", "cuda", "cuda:1", "auto"]},
        "checkpoint_queue": {"enum": ["wait", "skip", null], "default": "wait", "description": "what happens to checkpoints that are due while the disk is two behind: training waits (wait), or they are not saved and that is said (skip)"},
        "default_root_dir": {"type": ["string", "null"], "default": null, "description": "the folder of all runs, from where the program was started; null: runs"}
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

constexpr std::string_view resume =
    "what to resume from is no part of a manifest: it is said on the command line, as in `tenon train run.json "
    "--resume "
    "auto` (or last, best, best:ID, or a checkpoint's path); remove it";

constexpr std::array answers{
    Answer{"/resume_from_checkpoint", resume},
    Answer{"/trainer/resume_from_checkpoint", resume},
    Answer{"/ckpt_path", resume},
    Answer{"/trainer/ckpt_path", resume},
    Answer{"/trainer/accelerator", "is written 'device' here"},
    Answer{"/trainer/devices", "a run trains on one device, named by 'device'"},
    Answer{"/trainer/benchmark", "is not needed: leave it out"},
    Answer{"/trainer/enable_progress_bar", "there is nothing to switch: list the callback 'console', or leave it out"},
    Answer{"/trainer/inference_mode", "is not needed: evaluation records no gradients"},
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
