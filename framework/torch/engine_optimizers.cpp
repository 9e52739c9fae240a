// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What the engine answers about its optimizers.
#include "torch/engine.hpp"

namespace tenon::torch_engine {

std::optional<loop::OptimizerInfo> TorchEngine::optimizer_info(std::uint32_t optimizer) {
  if (optimizer >= optimizers_->count()) return std::nullopt;
  return loop::OptimizerInfo{optimizers_->name(optimizer), optimizers_->kind(optimizer).name(),
                             schedules_->name(optimizer), optimizers_->groups(optimizer),
                             optimizers_->steps(optimizer)};
}

std::string_view TorchEngine::optimizer_option_name(std::uint32_t optimizer, std::uint32_t index) {
  const std::vector<Setting>& settings = optimizers_->kind(optimizer).settings();
  return index < settings.size() ? settings[index].name : std::string_view();
}

double TorchEngine::optimizer_option(std::uint32_t optimizer, std::uint32_t group, std::uint32_t index) {
  return optimizers_->get(optimizer, group, optimizers_->kind(optimizer).settings().at(index));
}

std::string TorchEngine::optimizer_option_refusal(std::uint32_t optimizer, std::uint32_t index, double value) {
  return optimizers_->kind(optimizer).settings().at(index).complaint(value);
}

void TorchEngine::set_optimizer_option(std::uint32_t optimizer, std::uint32_t group, std::uint32_t index,
                                       double value) {
  optimizers_->set(optimizer, group, optimizers_->kind(optimizer).settings().at(index), value);
}

std::vector<std::uint64_t> TorchEngine::optimizer_parameters(std::uint32_t optimizer, std::uint32_t group) {
  std::vector<std::uint64_t> indices;
  for (const at::Tensor& parameter : optimizers_->parameters(optimizer, group))
    for (std::uint64_t i = 0; i < model_->parameters().size(); ++i)
      if (model_->parameters()[i].tensor.is_same(parameter)) indices.push_back(i);
  return indices;
}

}  // namespace tenon::torch_engine
