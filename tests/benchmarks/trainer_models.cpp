// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "trainer_models.hpp"

#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/relu.h>
#include <torch/nn/modules/conv.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/rnn.h>
#include <torch/nn/modules/transformerlayer.h>

#include "digits_data.hpp"
#include "mlp.hpp"

namespace tenon::benchmarks {
namespace {

struct Cnn : torch::nn::Module {
  at::Tensor forward(const at::Tensor& pictures) {
    at::Tensor x = at::relu(first(pictures.view({-1, 1, 8, 8})));
    x = at::max_pool2d(at::relu(second(x)), 2);
    return last(x.flatten(1));
  }
  torch::nn::Conv2d first = register_module("first", torch::nn::Conv2d(torch::nn::Conv2dOptions(1, 16, 3).padding(1)));
  torch::nn::Conv2d second =
      register_module("second", torch::nn::Conv2d(torch::nn::Conv2dOptions(16, 32, 3).padding(1)));
  torch::nn::Linear last = register_module("last", torch::nn::Linear(512, 10));
};

struct Lstm : torch::nn::Module {
  at::Tensor forward(const at::Tensor& pictures) {
    return last(std::get<0>(layer(pictures.view({-1, 16, 4}))).select(1, -1));
  }
  torch::nn::LSTM layer = register_module("layer", torch::nn::LSTM(torch::nn::LSTMOptions(4, 32).batch_first(true)));
  torch::nn::Linear last = register_module("last", torch::nn::Linear(32, 10));
};

struct Transformer : torch::nn::Module {
  at::Tensor forward(const at::Tensor& pictures) {
    const at::Tensor tokens = embed(pictures.view({-1, 16, 4})).transpose(0, 1);
    return last(layer(tokens).mean(0));
  }
  torch::nn::Linear embed = register_module("embed", torch::nn::Linear(4, 32));
  torch::nn::TransformerEncoderLayer layer =
      register_module("layer", torch::nn::TransformerEncoderLayer(
                                   torch::nn::TransformerEncoderLayerOptions(32, 2).dim_feedforward(64).dropout(0.0)));
  torch::nn::Linear last = register_module("last", torch::nn::Linear(32, 10));
};

template <class Model, class... Arguments>
TrainedModel trained(std::string name, const std::shared_ptr<Dataset>& data, Arguments... arguments) {
  return {std::move(name), [arguments...] { return std::make_shared<Model>(arguments...); },
          [](torch::nn::Module& model, const Batch& batch) {
            return at::cross_entropy_loss(static_cast<Model&>(model).forward(batch[0]), batch[1]);
          },
          data};
}

}  // namespace

std::vector<TrainedModel> trained_models(const std::string& csv) {
  const auto data = std::make_shared<RepeatedDigits>(read_digits(csv), 1000);
  return {trained<Mlp>("mlp", data, 64), trained<Cnn>("cnn", data), trained<Lstm>("lstm", data),
          trained<Transformer>("transformer", data)};
}

}  // namespace tenon::benchmarks
