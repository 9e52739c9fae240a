// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/model.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <stdexcept>

namespace tenon::torch_engine {

Model::Model(std::shared_ptr<torch::nn::Module> module) : module_(std::move(module)) {
  if (!module_) throw std::invalid_argument("make_model() gave no module");
  for (const auto& item : module_->named_parameters()) add(item.key(), item.value(), parameters_);
  for (const auto& item : module_->named_buffers()) add(item.key(), item.value(), buffers_);
}

void Model::add(const std::string& name, const at::Tensor& tensor, std::vector<NamedTensor>& to) {
  if (!tensor.defined()) return;
  const auto [known, fresh] = names_.emplace(tensor.unsafeGetTensorImpl(), name);
  if (!fresh) {
    aliases_.emplace_back(name, known->second);
    return;
  }
  try {
    view_of(tensor);
  } catch (const std::exception& error) {
    throw std::invalid_argument("the model's tensor '" + name + "': " + error.what());
  }
  to.push_back({name, tensor});
}

const std::string* Model::name_of(const at::Tensor& parameter) const {
  const auto found = names_.find(parameter.unsafeGetTensorImpl());
  return found == names_.end() ? nullptr : &found->second;
}

void Model::begin_evaluation() {
  training_.clear();
  for (const auto& module : module_->modules()) training_.push_back(module->is_training());
  module_->eval();
}

void Model::end_evaluation() {
  module_->train(training_.empty() || training_.front());
  if (std::equal(training_.begin() + 1, training_.end(), training_.begin())) return;
  // modules() lists a module before its children, so that a child's own mode is set last.
  std::size_t i = 0;
  for (const auto& module : module_->modules()) module->train(training_[i++]);
}

}  // namespace tenon::torch_engine
