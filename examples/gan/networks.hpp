// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef GAN_NETWORKS_HPP
#define GAN_NETWORKS_HPP

#include <ATen/ops/leaky_relu.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <torch/nn/modules/linear.h>

/// Noise (batch x noise) to pictures: batch x 64 numbers from 0 to 1.
struct Generator : torch::nn::Module {
  Generator(std::int64_t noise, std::int64_t hidden)
      : first(register_module("first", torch::nn::Linear(noise, hidden))),
        second(register_module("second", torch::nn::Linear(hidden, hidden))),
        third(register_module("third", torch::nn::Linear(hidden, 64))) {}

  at::Tensor forward(const at::Tensor& noise) { return at::sigmoid(third(at::relu(second(at::relu(first(noise)))))); }

  torch::nn::Linear first, second, third;
};

/// Pictures to one score each (batch x 1): above 0 where they are taken for real ones.
struct Discriminator : torch::nn::Module {
  explicit Discriminator(std::int64_t hidden)
      : first(register_module("first", torch::nn::Linear(64, hidden))),
        second(register_module("second", torch::nn::Linear(hidden, hidden))),
        third(register_module("third", torch::nn::Linear(hidden, 1))) {}

  at::Tensor forward(const at::Tensor& pictures) {
    return third(at::leaky_relu(second(at::leaky_relu(first(pictures), 0.2)), 0.2));
  }

  torch::nn::Linear first, second, third;
};

struct Gan : torch::nn::Module {
  Gan(std::int64_t noise, std::int64_t hidden)
      : generator(register_module("generator", std::make_shared<Generator>(noise, hidden))),
        discriminator(register_module("discriminator", std::make_shared<Discriminator>(hidden))) {}

  std::shared_ptr<Generator> generator;
  std::shared_ptr<Discriminator> discriminator;
};

#endif
