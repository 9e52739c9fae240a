// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/optimizers.hpp"

#include <ATen/ops/scalar_tensor.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include <boost/json/object.hpp>
#include <stdexcept>
#include <type_traits>

namespace tenon::torch_engine {
namespace {

namespace optim = torch::optim;
namespace json = boost::json;

json::object options_of(const optim::SGDOptions& o) {
  return {{"lr", o.lr()},
          {"momentum", o.momentum()},
          {"dampening", o.dampening()},
          {"weight_decay", o.weight_decay()},
          {"nesterov", o.nesterov()}};
}

json::object options_of(const optim::AdamWOptions& o) {
  return {{"lr", o.lr()},
          {"betas", json::array{std::get<0>(o.betas()), std::get<1>(o.betas())}},
          {"eps", o.eps()},
          {"weight_decay", o.weight_decay()},
          {"amsgrad", o.amsgrad()}};
}

template <class Put>
void put_state(const optim::SGDParamState& s, const Put& put) {
  put("momentum_buffer", s.momentum_buffer());
}

template <class Put>
void put_state(const optim::AdamWParamState& s, const Put& put) {
  put("step", at::scalar_tensor(s.step(), at::kLong));
  put("exp_avg", s.exp_avg());
  put("exp_avg_sq", s.exp_avg_sq());
  put("max_exp_avg_sq", s.max_exp_avg_sq());
}

template <class TheOptimizer, class TheOptions, class TheState>
struct Kind {
  using Optimizer = TheOptimizer;
  using Options = TheOptions;
  using State = TheState;
  const char* name;
};

/// Calls `body` with the optimizer's kind; false when it is of none that is supported.
template <class Body>
bool with_kind(const optim::Optimizer& optimizer, const Body& body) {
  const auto is = [&](const auto& kind) {
    if (dynamic_cast<const typename std::decay_t<decltype(kind)>::Optimizer*>(&optimizer) == nullptr) return false;
    body(kind);
    return true;
  };
  return is(Kind<optim::SGD, optim::SGDOptions, optim::SGDParamState>{"SGD"}) ||
         is(Kind<optim::AdamW, optim::AdamWOptions, optim::AdamWParamState>{"AdamW"});
}

json::object options_of(const optim::Optimizer& optimizer, const optim::OptimizerParamGroup& group) {
  json::object options;
  with_kind(optimizer, [&](const auto& kind) {
    options = options_of(static_cast<const typename std::decay_t<decltype(kind)>::Options&>(group.options()));
  });
  return options;
}

void check(const std::vector<NamedOptimizer>& optimizers) {
  for (std::size_t i = 0; i < optimizers.size(); ++i) {
    const NamedOptimizer& one = optimizers[i];
    if (one.name.empty() || one.name.find('/') != std::string::npos)
      throw std::invalid_argument("an optimizer's name must not be empty or hold a '/': '" + one.name + "'");
    for (std::size_t j = 0; j < i; ++j)
      if (optimizers[j].name == one.name)
        throw std::invalid_argument("two optimizers are named '" + one.name + "': give each a name of its own");
    if (!one.optimizer) throw std::invalid_argument("optimizer '" + one.name + "' is NULL");
    if (!with_kind(*one.optimizer, [](const auto&) {}))
      throw std::invalid_argument("optimizer '" + one.name +
                                  "' is of a type whose state is not known: use SGD or AdamW");
  }
}

}  // namespace

Optimizers::Optimizers(std::vector<NamedOptimizer> optimizers, const Model& model)
    : optimizers_(std::move(optimizers)), model_(model) {
  check(optimizers_);
  std::unordered_map<const void*, std::string> owners;
  for (NamedOptimizer& one : optimizers_) drop_repeated(one, owners);
}

void Optimizers::drop_repeated(NamedOptimizer& one, std::unordered_map<const void*, std::string>& owners) {
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
      if (!added && options_of(*one.optimizer, *first->second) != options_of(*one.optimizer, group))
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

bool Optimizers::needs_closure(std::uint32_t) const { return false; }

std::vector<NamedTensor> Optimizers::parameters(std::uint32_t optimizer) const {
  std::vector<NamedTensor> all;
  for (const optim::OptimizerParamGroup& group : optimizers_[optimizer].optimizer->param_groups())
    for (const at::Tensor& parameter : group.params()) all.push_back({*model_.name_of(parameter), parameter});
  return all;
}

void Optimizers::step(std::uint32_t optimizer, const std::function<at::Tensor()>& closure) {
  optimizers_[optimizer].optimizer->step(closure);
}

void Optimizers::zero_grad(std::uint32_t optimizer) { optimizers_[optimizer].optimizer->zero_grad(); }

void Optimizers::append_state(std::vector<NamedTensor>& out) const {
  for (const NamedOptimizer& one : optimizers_) {
    const auto& state = one.optimizer->state();
    for (const optim::OptimizerParamGroup& group : one.optimizer->param_groups())
      for (const at::Tensor& parameter : group.params()) {
        const auto found = state.find(parameter.unsafeGetTensorImpl());
        if (found == state.end()) continue;
        const std::string prefix = "optimizer/" + one.name + "/" + *model_.name_of(parameter) + "/";
        with_kind(*one.optimizer, [&](const auto& kind) {
          put_state(static_cast<const typename std::decay_t<decltype(kind)>::State&>(*found->second),
                    [&](const char* key, const at::Tensor& tensor) {
                      if (tensor.defined()) out.push_back({prefix + key, tensor});
                    });
        });
      }
  }
}

json::array Optimizers::describe() const {
  json::array all;
  for (const NamedOptimizer& one : optimizers_) {
    json::object entry;
    entry["name"] = one.name;
    with_kind(*one.optimizer, [&](const auto& kind) { entry["type"] = kind.name; });
    json::array groups;
    for (const optim::OptimizerParamGroup& group : one.optimizer->param_groups()) {
      json::array parameters;
      for (const at::Tensor& parameter : group.params()) parameters.emplace_back(*model_.name_of(parameter));
      groups.push_back(
          json::object{{"options", options_of(*one.optimizer, group)}, {"parameters", std::move(parameters)}});
    }
    entry["groups"] = std::move(groups);
    all.push_back(std::move(entry));
  }
  return all;
}

}  // namespace tenon::torch_engine
