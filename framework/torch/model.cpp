// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/model.hpp"

#include <torch/nn/module.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>
#include <tenon/failure.hpp>

#include "torch/restoration.hpp"

namespace tenon::torch_engine {

Model::Model(std::shared_ptr<torch::nn::Module> module, const c10::Device& device, at::ScalarType type)
    : module_(std::move(module)) {
  if (!module_) throw std::invalid_argument("make_model() gave no module");
  if (!device.is_cpu()) module_->to(device);
  if (type != at::kFloat) to_type(type);
  for (const auto& item : module_->named_parameters()) add(item.key(), item.value(), parameters_);
  for (const auto& item : module_->named_buffers()) add(item.key(), item.value(), buffers_);
}

namespace {

bool same_shape(const tenon_tensor_view& a, const tenon_tensor_view& b) {
  return a.ndim == b.ndim && std::equal(a.shape, a.shape + a.ndim, b.shape, b.shape + b.ndim);
}

bool is_floating(tenon_dtype dtype) { return dtype.code == TENON_DTYPE_FLOAT || dtype.code == TENON_DTYPE_BFLOAT; }

}  // namespace

/// Module::to(dtype) would convert whole numbers too.
void Model::to_type(at::ScalarType type) {
  const auto convert = [&](at::Tensor tensor) {
    if (tensor.defined() && tensor.is_floating_point()) tensor.set_data(tensor.to(type));
  };
  for (const at::Tensor& parameter : module_->parameters()) convert(parameter);
  for (const at::Tensor& buffer : module_->buffers()) convert(buffer);
}

void Model::match(std::span<const loop::EngineTensor> weights, bool convert,
                  const std::function<void(const std::string&, const std::string&, const std::string&)>& differs,
                  const std::function<void(const at::Tensor&, const tenon_tensor_view&)>& copy) const {
  std::map<std::string, at::Tensor, std::less<>> wanted;
  for (const std::vector<NamedTensor>* group : {&parameters_, &buffers_})
    for (const NamedTensor& named : *group) wanted.emplace(named.name, named.tensor);
  const std::map<std::string, std::string, std::less<>> first_names(aliases_.begin(), aliases_.end());

  std::set<std::string, std::less<>> missing;
  for (const auto& [name, tensor] : wanted) missing.insert(name);
  for (const loop::EngineTensor& given : weights) {
    const auto alias = first_names.find(given.name);
    const auto found = wanted.find(alias == first_names.end() ? given.name : std::string_view(alias->second));
    if (found == wanted.end()) {
      differs(std::string(given.name), text_of(given.view), "");
      continue;
    }
    missing.erase(found->first);
    const tenon_tensor_view wanted_view = view_of(found->second);
    const std::string theirs = text_of(given.view), ours = text_of(wanted_view);
    const bool converted = convert && is_floating(given.view.dtype) && is_floating(wanted_view.dtype);
    if (!same_shape(given.view, wanted_view) || (theirs != ours && !converted))
      differs(std::string(given.name), theirs, ours);
    else
      copy(found->second, given.view);
  }
  for (const std::string& name : missing) differs(name, "", text_of(view_of(wanted.find(name)->second)));
}

void Model::load(std::span<const loop::EngineTensor> weights, const std::string& from) {
  std::string table;
  std::vector<std::pair<at::Tensor, tenon_tensor_view>> copies;
  match(
      weights, true,
      [&](const std::string& name, const std::string& theirs, const std::string& ours) {
        table += "\n  " + name + ": ";
        table += theirs.empty() ? "in the model alone, " + ours
                 : ours.empty() ? "in the file alone, " + theirs
                                : theirs + " in the file, " + ours + " in the model";
      },
      [&](const at::Tensor& to, const tenon_tensor_view& view) { copies.emplace_back(to, view); });
  if (!table.empty())
    throw Failure(ExitCode::checkpoint,
                  from + " does not fit the model that the task makes; nothing was loaded:" + table);
  for (auto& [tensor, view] : copies) tensor.copy_(tensor_of(view));
}

void Model::restore(std::span<const loop::EngineTensor> weights, bool convert, Restoration& restoration) const {
  match(
      weights, convert,
      [&](const std::string& name, const std::string& saved, const std::string& now) {
        restoration.differs(name, saved, now);
      },
      [&](const at::Tensor& to, const tenon_tensor_view& view) { restoration.copy(to, view); });
}

void Model::load(const torch::nn::Module& other) {
  const at::NoGradGuard no_gradients;
  std::vector<NamedTensor> numbers;
  const auto take = [&](const auto& tensors) {
    for (const auto& item : tensors)
      if (item.value().defined()) numbers.push_back({item.key(), item.value().detach().to(c10::kCPU).contiguous()});
  };
  take(other.named_parameters());
  take(other.named_buffers());
  std::vector<loop::EngineTensor> weights;
  for (const NamedTensor& named : numbers) weights.push_back({named.name, view_of(named.tensor)});
  load(weights, "the model that the weights are taken from");
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
