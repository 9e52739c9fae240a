// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A task small enough to train hundreds of times, with what makes resuming hard: dropout, batch norm, shuffling, tied
// and frozen weights, and any optimizer and schedule.
#ifndef TENON_TESTS_RESUME_PARITY_TASK_HPP
#define TENON_TESTS_RESUME_PARITY_TASK_HPP

#include <ATen/ops/arange.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/modules/batchnorm.h>
#include <torch/optim/optimizer.h>

#include <functional>
#include <memory>
#include <tenon/task.hpp>
#include <tenon/torch_data.hpp>
#include <utility>
#include <vector>

namespace tenon::tests {

struct ParityNet : torch::nn::Module {
  ParityNet() {
    first = register_parameter("first", at::rand({4, 4}) - 0.5);
    register_parameter("tied", first);
    second = register_parameter("second", at::rand({1, 4}) - 0.5);
    frozen = register_parameter("frozen", at::rand({4}) - 0.5, false);
    norm = register_module("norm", torch::nn::BatchNorm1d(4));
  }
  at::Tensor forward(const at::Tensor& x) {
    const at::Tensor hidden = at::relu(norm(at::linear(x, first) + frozen));
    return at::linear(at::dropout(at::linear(hidden, first), 0.3, is_training()), second);
  }
  std::vector<at::Tensor> trained() const { return {first, second, norm->weight, norm->bias}; }
  at::Tensor first, second, frozen;
  torch::nn::BatchNorm1d norm{nullptr};
};

struct ParityTask : TaskFor<ParityNet> {
  ParityTask() : TaskFor(TaskContext{}) {}

  std::function<std::vector<NamedOptimizer>(ParityNet&)> optimizers_of;
  bool by_hand = false;  ///< manual optimization: two optimizers, the second accumulates over three batches
  std::uint32_t workers = 0;

  std::shared_ptr<torch::nn::Module> make_model() override { return std::make_shared<ParityNet>(); }
  bool manual_optimization() const override { return by_hand; }
  std::vector<NamedOptimizer> configure_optimizers(torch::nn::Module& model) override {
    return optimizers_of(dynamic_cast<ParityNet&>(model));
  }
  Loader training_data() override { return data(20, true); }
  std::vector<Loader> validation_data() override { return {data(8, false)}; }

  at::Tensor training_step(ParityNet& net, const Batch& batch) override {
    const at::Tensor loss = at::mse_loss(net.forward(batch[0]), batch[1]);
    log("train_loss", loss, {.on_step = true, .on_epoch = true});
    if (!by_hand) return loss;
    optimizer(0).zero_grad();
    backward(loss);
    optimizer(0).step();
    if (++steps_by_hand_ % 3 == 0) {
      optimizer(1).step();
      optimizer(1).zero_grad();
    }
    return loss;
  }
  void validation_step(ParityNet& net, const Batch& batch) override {
    log("val_loss", at::mse_loss(net.forward(batch[0]), batch[1]));
  }
  TaskState save_state() override { return {{{"steps_by_hand", steps_by_hand_}}, {}}; }
  void load_state(const TaskState& state) override {
    steps_by_hand_ = state.values.at("steps_by_hand").to_number<std::uint64_t>();
  }

 private:
  Loader data(std::int64_t samples, bool shuffle) const {
    const at::Tensor x = at::arange(samples * 4, at::kFloat).reshape({samples, 4}).sin();
    Loader loader{std::make_shared<TensorDataset>(std::vector{x, x.sum(1, true)}), 4};
    loader.shuffle = shuffle;
    loader.workers = workers;
    return loader;
  }
  std::uint64_t steps_by_hand_ = 0;
};

}  // namespace tenon::tests

#endif
