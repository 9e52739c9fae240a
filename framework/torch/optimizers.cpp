// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/optimizers.hpp"

#include <torch/optim/optimizer.h>

#include <boost/json/object.hpp>
#include <stdexcept>

namespace tenon::torch_engine {
namespace {

namespace optim = torch::optim;
namespace json = boost::json;

void check(const std::vector<NamedOptimizer>& optimizers) {
  for (std::size_t i = 0; i < optimizers.size(); ++i) {
    const NamedOptimizer& one = optimizers[i];
    if (one.name.empty() || one.name.find('/') != std::string::npos)
      throw std::invalid_argument("an optimizer's name must not be empty or hold a '/': '" + one.name + "'");
    for (std::size_t j = 0; j < i; ++j)
      if (optimizers[j].name == one.name)
        throw std::invalid_argument("two optimizers are named '" + one.name + "': give each a name of its own");
    if (!one.optimizer) throw std::invalid_argument("optimizer '" + one.name + "' is NULL");
  }
}

}  // namespace

Optimizers::Optimizers(std::vector<NamedOptimizer> optimizers, const Model& model)
    : optimizers_(std::move(optimizers)), steps_(optimizers_.size(), 0), model_(model) {
  check(optimizers_);
  for (const NamedOptimizer& one : optimizers_) kinds_.push_back(kind_of(*one.optimizer));
  std::unordered_map<const void*, std::string> owners;
  for (std::size_t i = 0; i < optimizers_.size(); ++i) {
    drop_repeated(i, owners);
    begun_with_.emplace_back();
    for (const optim::OptimizerParamGroup& group : optimizers_[i].optimizer->param_groups())
      begun_with_[i].push_back(kinds_[i]->options(group.options()));
  }
}

void Optimizers::drop_repeated(std::size_t index, std::unordered_map<const void*, std::string>& owners) {
  NamedOptimizer& one = optimizers_[index];
  const OptimizerKind& kind = *kinds_[index];
  std::unordered_map<const void*, const optim::OptimizerParamGroup*> seen;
  for (optim::OptimizerParamGroup& group : one.optimizer->param_groups()) {
    std::vector<at::Tensor> kept;
    for (const at::Tensor& parameter : group.params()) {
      const std::string* name = model_.name_of(parameter);
      if (name == nullptr)
        throw std::invalid_argument("optimizer '" + one.name +
                                    "' holds a tensor that is no parameter of the model it was given");
      const void* key = parameter.unsafeGetTensorImpl();
      const auto [owner, fresh] = owners.emplace(key, one.name);
      if (!fresh && owner->second != one.name)
        throw std::invalid_argument("parameter '" + *name + "' is in two optimizers, '" + owner->second + "' and '" +
                                    one.name + "'");
      const auto [first, added] = seen.emplace(key, &group);
      if (!added && kind.options(first->second->options()) != kind.options(group.options()))
        throw std::invalid_argument(
            "parameter '" + *name + "' is in two groups of optimizer '" + one.name +
            "' with different options (a tied tensor is listed under each of its names): leave it out of one");
      if (added) kept.push_back(parameter);
    }
    group.params() = std::move(kept);
  }
}

void Optimizers::check_index(std::uint32_t optimizer) const {
  if (optimizer < count()) return;
  throw std::out_of_range("there is no optimizer " + std::to_string(optimizer) + ": configure_optimizers() gave " +
                          std::to_string(count()) + ", numbered from 0");
}

std::uint32_t Optimizers::groups(std::uint32_t optimizer) const {
  return static_cast<std::uint32_t>(named(optimizer).optimizer->param_groups().size());
}

std::vector<NamedTensor> Optimizers::parameters(std::uint32_t optimizer) const {
  std::vector<NamedTensor> all;
  for (const optim::OptimizerParamGroup& group : named(optimizer).optimizer->param_groups())
    for (const at::Tensor& parameter : group.params()) all.push_back({*model_.name_of(parameter), parameter});
  return all;
}

const std::vector<at::Tensor>& Optimizers::parameters(std::uint32_t optimizer, std::uint32_t group) const {
  return named(optimizer).optimizer->param_groups().at(group).params();
}

double Optimizers::get(std::uint32_t optimizer, std::uint32_t group, const Setting& setting) const {
  return setting.get(named(optimizer).optimizer->param_groups().at(group).options());
}

void Optimizers::set(std::uint32_t optimizer, std::uint32_t group, const Setting& setting, double value) {
  setting.set(named(optimizer).optimizer->param_groups().at(group).options(), value);
}

void Optimizers::step(std::uint32_t optimizer, const std::function<at::Tensor()>& closure) {
  optimizers_[optimizer].optimizer->step(closure);
  ++steps_[optimizer];
}

void Optimizers::zero_grad(std::uint32_t optimizer) { optimizers_[optimizer].optimizer->zero_grad(); }

void Optimizers::append_state(std::vector<NamedTensor>& out, std::vector<json::object>* numbers) const {
  if (numbers != nullptr) numbers->resize(optimizers_.size());
  for (std::size_t i = 0; i < optimizers_.size(); ++i) {
    const NamedOptimizer& one = optimizers_[i];
    const auto& state = one.optimizer->state();
    json::object* const kinds = numbers != nullptr && kinds_[i]->needs_fresh_state() ? &(*numbers)[i] : nullptr;
    for (const optim::OptimizerParamGroup& group : one.optimizer->param_groups())
      for (const at::Tensor& parameter : group.params()) {
        const auto found = state.find(parameter.unsafeGetTensorImpl());
        if (found == state.end()) continue;
        StateOut into("optimizer/" + one.name + "/" + *model_.name_of(parameter) + "/", out, kinds);
        kinds_[i]->append_state(*found->second, into);
      }
  }
}

json::array Optimizers::names_of(const std::vector<at::Tensor>& parameters) const {
  json::array names;
  for (const at::Tensor& parameter : parameters) names.emplace_back(*model_.name_of(parameter));
  return names;
}

json::array Optimizers::describe() const {
  json::array all;
  for (std::size_t i = 0; i < optimizers_.size(); ++i) {
    json::array groups;
    for (const optim::OptimizerParamGroup& group : optimizers_[i].optimizer->param_groups()) {
      json::object described{{"options", kinds_[i]->options(group.options())}};
      const json::value& begun_with = begun_with_[i][groups.size()];
      if (begun_with != described["options"]) described["begun_with"] = begun_with;
      described["parameters"] = names_of(group.params());
      groups.push_back(std::move(described));
    }
    all.push_back(json::object{{"name", optimizers_[i].name},
                               {"type", kinds_[i]->name()},
                               {"steps", steps_[i]},
                               {"groups", std::move(groups)}});
  }
  return all;
}

json::array Optimizers::capture(std::vector<NamedTensor>& out) const {
  for (std::size_t i = 0; i < optimizers_.size(); ++i)
    if (kinds_[i]->needs_fresh_state() && !optimizers_[i].make_state && !optimizers_[i].optimizer->state().empty())
      throw std::runtime_error("the state of optimizer '" + optimizers_[i].name + "', of type '" + kinds_[i]->name() +
                               "', could not be restored from a checkpoint: set NamedOptimizer::make_state, which "
                               "makes an empty state of its type");
  std::vector<json::object> numbers;
  append_state(out, &numbers);
  json::array described = describe();
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (!numbers[i].empty()) described[i].get_object()["numbers"] = std::move(numbers[i]);
  return described;
}

}  // namespace tenon::torch_engine
