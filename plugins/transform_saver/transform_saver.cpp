// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// transform_saver - saves weights that went through transforms, beside the raw checkpoints and independent of them.
// It offers scale and cast to every saver of the run.
#include <tenon/plugin.hpp>

#include <algorithm>

#include "pipeline.hpp"
#include "policy/saver.hpp"
#include "policy/saver_schema.hpp"
#include "weights_job.hpp"

namespace {

using tenon::transform_saver::Pipeline;
using tenon::transform_saver::WeightsJob;

constexpr char scale_schema[] = R"({"type": "object", "additionalProperties": false, "required": ["factor"],
  "properties": {"factor": {"type": "number", "description": "What every floating-point parameter is multiplied by"}}})";
constexpr char cast_schema[] = R"({"type": "object", "additionalProperties": false, "required": ["dtype"],
  "properties": {"dtype": {"enum": ["f16", "bf16"], "description": "What every floating-point tensor is rounded to"}}})";

constexpr auto schema = tenon::policy::with_saver_properties(R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object", "additionalProperties": false, "required": ["transforms"],
  "properties": {
    "transforms": {"type": "array", "minItems": 1,
      "description": "What the weights go through, in order",
      "items": {"type": "object", "minProperties": 1, "maxProperties": 1,
        "properties": {
          "scale": {"description": "Multiply the floating-point parameters: {\"factor\": 0.5}, or 0.5",
            "oneOf": [
              {"type": "number"},
              {"type": "object", "additionalProperties": false, "required": ["factor"],
                "properties": {"factor": {"type": "number", "description": "What every floating-point parameter is multiplied by"}}}]},
          "cast": {"description": "Round floating-point tensors to a smaller type: {\"dtype\": \"f16\"}, or \"f16\"",
            "oneOf": [
              {"enum": ["f16", "bf16"]},
              {"type": "object", "additionalProperties": false, "required": ["dtype"],
                "properties": {"dtype": {"enum": ["f16", "bf16"], "description": "What every floating-point tensor is rounded to"}}}]}},
        "additionalProperties": {
          "description": "A transform that another callback offers, as <callback id>/<name>, with its options"}}},
    "filename": {"type": ["string", "null"], "minLength": 1, "default": null,
      "description": "Name of a file; {metric} and {metric:format} stand for values. Left out: <callback id>-{epoch}-{step}"},)",
                                                             R"(
  }})");

class TransformSaver : public tenon::policy::Saver {
 public:
  static constexpr const char* id = "org.tenon.transform_saver";
  static constexpr const char* name = "transform_saver";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Saves scaled or rounded weights beside the raw checkpoints";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema = schema.data();
  static constexpr const char* const needs[] = {TENON_SERVICE_CHECKPOINTS, TENON_SERVICE_METRICS,
                                                TENON_SERVICE_RUN,         TENON_SERVICE_RUN_INFO,
                                                TENON_SERVICE_OPTIONS,     TENON_SERVICE_BOARD,
                                                TENON_SERVICE_PATHS,       TENON_SERVICE_TRANSFORMS,
                                                TENON_SERVICE_TENSOR_OPS,  nullptr};

  explicit TransformSaver(tenon::Host host)
      : Saver(host, TENON_CHECKPOINT_WEIGHTS, default_name(host)), pipeline_(host) {
    static constexpr tenon_transform scale = tenon::make_transform<TransformSaver, WeightsJob>("scale", scale_schema);
    static constexpr tenon_transform cast = tenon::make_transform<TransformSaver, WeightsJob>("cast", cast_schema);
    const tenon::Transforms transforms(host);
    transforms.offer(scale);
    transforms.offer(cast);
    set_transforms(pipeline_.uses(), pipeline_.metadata(host));
  }

  void on_fit_start(const tenon_fit_start_args& args) {
    pipeline_.check(host());
    Saver::on_fit_start(args);
  }

  /// Both transforms begin here; their options tell them apart.
  std::unique_ptr<WeightsJob> prepare(const tenon_prepare_args& args) const {
    const tenon::Options options(host(), tenon::view(args.options_json));
    if (const auto factor = options.find<double>("/factor"))
      return std::make_unique<WeightsJob>(WeightsJob::scale(host(), *factor));
    return std::make_unique<WeightsJob>(WeightsJob::cast(host(), options.get<std::string>("/dtype")));
  }

 private:
  /// Not the checkpoint plugin's default: both write into one folder unless told otherwise.
  static std::string default_name(tenon::Host host) {
    std::string prefix(host.callback_id());
    std::replace_if(
        prefix.begin(), prefix.end(), [](char c) { return c == '/' || c == '{' || c == '}'; }, '_');
    return prefix + "-{epoch}-{step}";
  }

  Pipeline pipeline_;
};

}  // namespace

TENON_PLUGINS(TransformSaver);
