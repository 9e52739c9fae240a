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
#include <torch/nn/modules/linear.h>
#include <torch/optim/optimizer.h>

#include <functional>
#include <memory>
#include <tenon/task.hpp>
#include <tenon/torch_data.hpp>
#include <utility>
#include <vector>

namespace tenon::tests {

struct ParityNet : torch::nn::Module {
  explicit ParityNet(bool has_target = false) {
    first = register_parameter("first", at::rand({4, 4}) - 0.5);
    register_parameter("tied", first);
    second = register_parameter("second", at::rand({1, 4}) - 0.5);
    frozen = register_parameter("frozen", at::rand({4}) - 0.5, false);
    norm = register_module("norm", torch::nn::BatchNorm1d(4));
    if (!has_target) return;
    target = register_module("target", torch::nn::Linear(torch::nn::LinearOptions(4, 4).bias(false)));
    target->weight.requires_grad_(false);
  }
  at::Tensor forward(const at::Tensor& x) {
    const at::Tensor hidden = at::relu(norm(at::linear(x, first) + frozen));
    return at::linear(at::dropout(at::linear(hidden, first), 0.3, is_training()), second);
  }
  std::vector<at::Tensor> trained() const { return {first, second, norm->weight, norm->bias}; }
  at::Tensor first, second, frozen;
  torch::nn::BatchNorm1d norm{nullptr};
  torch::nn::Linear target{nullptr};  ///< of no optimizer
};

/// Where a slowly following copy of the weights is kept, towards which the training is drawn.
enum class Target { none, submodule, task };

struct ParityTask : TaskFor<ParityNet> {
  ParityTask() : TaskFor(TaskContext{}) {}

  std::function<std::vector<NamedOptimizer>(ParityNet&)> optimizers_of;
  bool by_hand = false;  ///< manual optimization: two optimizers, the second accumulates over three batches
  std::uint32_t workers = 0;
  Target target = Target::none;
  std::function<void(ParityNet&)> change_weights;  ///< behind each step, by the task itself

  std::shared_ptr<torch::nn::Module> make_model() override {
    return std::make_shared<ParityNet>(target == Target::submodule);
  }
  bool manual_optimization() const override { return by_hand; }
  std::vector<NamedOptimizer> configure_optimizers(torch::nn::Module& model) override {
    return optimizers_of(dynamic_cast<ParityNet&>(model));
  }
  Loader training_data() override { return data(20, true); }
  std::vector<Loader> validation_data() override { return {data(8, false)}; }

  at::Tensor training_step(ParityNet& net, const Batch& batch) override {
    if (change_weights && !by_hand) change_weights(net);
    at::Tensor loss = at::mse_loss(net.forward(batch[0]), batch[1]);
    if (target != Target::none)
      loss = loss + at::mse_loss(at::linear(batch[0], net.first), at::linear(batch[0], follow(net))) * 0.1;
    log("train_loss", loss, {.on_step = true, .on_epoch = true});
    if (!by_hand) return loss;
    optimizer(0).zero_grad();
    backward(loss);
    optimizer(0).step();
    if (change_weights) change_weights(net);
    if (++steps_by_hand_ % 3 == 0) {
      optimizer(1).step();
      optimizer(1).zero_grad();
    }
    return loss;
  }
  void validation_step(ParityNet& net, const Batch& batch) override {
    log("val_loss", at::mse_loss(net.forward(batch[0]), batch[1]));
  }
  TaskState save_state() override {
    TaskState state{{{"steps_by_hand", steps_by_hand_}}, {}};
    if (own_target_.defined()) state.tensors["target"] = own_target_;
    return state;
  }
  void load_state(const TaskState& state) override {
    steps_by_hand_ = state.values.at("steps_by_hand").to_number<std::uint64_t>();
    if (const auto saved = state.tensors.find("target"); saved != state.tensors.end())
      own_target_ = saved->second.clone();
  }

 private:
  const at::Tensor& follow(ParityNet& net) {
    const at::NoGradGuard no_gradients;
    if (target == Target::task && !own_target_.defined()) own_target_ = net.first.detach().clone();
    const at::Tensor& copy = target == Target::task ? own_target_ : net.target->weight;
    copy.lerp_(net.first, 0.2);
    return copy;
  }
  Loader data(std::int64_t samples, bool shuffle) const {
    const at::Tensor x = at::arange(samples * 4, at::kFloat).reshape({samples, 4}).sin();
    Loader loader{std::make_shared<TensorDataset>(std::vector{x, x.sum(1, true)}), 4};
    loader.shuffle = shuffle;
    loader.workers = workers;
    return loader;
  }
  std::uint64_t steps_by_hand_ = 0;
  at::Tensor own_target_;
};

}  // namespace tenon::tests

#endif
