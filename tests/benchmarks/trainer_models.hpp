// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The models that bench_trainer trains by hand and through Tenon.
#ifndef TENON_BENCHMARKS_TRAINER_MODELS_HPP
#define TENON_BENCHMARKS_TRAINER_MODELS_HPP

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <string>
#include <tenon/data.hpp>
#include <vector>

namespace torch::nn {
class Module;
}

namespace tenon::benchmarks {

struct TrainedModel {
  std::string name;
  std::function<std::shared_ptr<torch::nn::Module>()> make;
  std::function<at::Tensor(torch::nn::Module& model, const Batch& batch)> loss;
  std::shared_ptr<Dataset> data;
  std::uint64_t batch_size = 64;
};

/// mlp (the digits example's), cnn (two convolutions), lstm (16 steps of 4 pixels), transformer (one layer over 16
/// tokens); all on the digits in `csv`, repeated.
std::vector<TrainedModel> trained_models(const std::string& csv);

}  // namespace tenon::benchmarks

#endif
