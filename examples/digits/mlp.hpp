// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef DIGITS_MLP_HPP
#define DIGITS_MLP_HPP

#include <ATen/ops/relu.h>
#include <torch/nn/modules/linear.h>

/// 64 pixels, one hidden layer, 10 scores.
struct Mlp : torch::nn::Module {
  explicit Mlp(std::int64_t hidden)
      : first(register_module("first", torch::nn::Linear(64, hidden))),
        second(register_module("second", torch::nn::Linear(hidden, 10))) {}

  at::Tensor forward(const at::Tensor& pictures) { return second(at::relu(first(pictures))); }

  torch::nn::Linear first;
  torch::nn::Linear second;
};

#endif
