// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The smallest task: a network learns which points lie inside a circle.
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tanh.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/adamw.h>

#include <tenon/task.hpp>

struct Net : torch::nn::Module {
  at::Tensor forward(const at::Tensor& points) { return second(at::tanh(first(points))); }
  torch::nn::Linear first = register_module("first", torch::nn::Linear(2, 16));
  torch::nn::Linear second = register_module("second", torch::nn::Linear(16, 1));
};

class FirstTask : public tenon::TaskFor<Net> {
 public:
  using TaskFor::TaskFor;

  std::shared_ptr<torch::nn::Module> make_model() override { return std::make_shared<Net>(); }

  std::vector<tenon::NamedOptimizer> configure_optimizers(torch::nn::Module& model) override {
    return {std::make_shared<torch::optim::AdamW>(model.parameters(), torch::optim::AdamWOptions(0.05))};
  }

  tenon::Loader training_data() override {
    const at::Tensor points = at::rand({1000, 2}) * 2 - 1;
    const at::Tensor inside = points.square().sum(1, true).lt(0.5).to(at::kFloat);
    return {std::make_shared<tenon::TensorDataset>(std::vector{points, inside}), 50, true};
  }

  at::Tensor training_step(Net& net, const tenon::Batch& batch) override {
    at::Tensor loss = at::binary_cross_entropy_with_logits(net.forward(batch[0]), batch[1]);
    log("train_loss", loss);
    return loss;
  }
};

TENON_TASK(FirstTask, "first_task", "1.0.0", R"({"type": "object", "additionalProperties": false})")
