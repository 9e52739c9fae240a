// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/optimizer_kinds.hpp"

#include <ATen/ops/scalar_tensor.h>
#include <torch/optim/adagrad.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/rmsprop.h>
#include <torch/optim/sgd.h>

#include <boost/json/array.hpp>
#include <cmath>

#include "torch/known_kind.hpp"

namespace tenon::torch_engine {

namespace {

namespace optim = torch::optim;
namespace json = boost::json;

json::object describe_sgd(const optim::SGDOptions& o) {
  return {{"lr", o.lr()},
          {"momentum", o.momentum()},
          {"dampening", o.dampening()},
          {"weight_decay", o.weight_decay()},
          {"nesterov", o.nesterov()}};
}

template <class Options>
json::object describe_adam(const Options& o) {
  return {{"lr", o.lr()},
          {"betas", json::array{std::get<0>(o.betas()), std::get<1>(o.betas())}},
          {"eps", o.eps()},
          {"weight_decay", o.weight_decay()},
          {"amsgrad", o.amsgrad()}};
}

json::object describe_rmsprop(const optim::RMSpropOptions& o) {
  return {{"lr", o.lr()},
          {"alpha", o.alpha()},
          {"eps", o.eps()},
          {"weight_decay", o.weight_decay()},
          {"momentum", o.momentum()},
          {"centered", o.centered()}};
}

json::object describe_adagrad(const optim::AdagradOptions& o) {
  return {{"lr", o.lr()},
          {"lr_decay", o.lr_decay()},
          {"weight_decay", o.weight_decay()},
          {"initial_accumulator_value", o.initial_accumulator_value()},
          {"eps", o.eps()}};
}

std::vector<Setting> sgd_settings() {
  using O = optim::SGDOptions;
  return {number<O, &O::lr>("lr"), number<O, &O::momentum>("momentum"), number<O, &O::dampening>("dampening"),
          number<O, &O::weight_decay>("weight_decay")};
}

template <class O>
std::vector<Setting> adam_settings() {
  return {number<O, &O::lr>("lr"), beta<O, 0>("beta1"), beta<O, 1>("beta2"), number<O, &O::eps>("eps"),
          number<O, &O::weight_decay>("weight_decay")};
}

std::vector<Setting> rmsprop_settings() {
  using O = optim::RMSpropOptions;
  return {number<O, &O::lr>("lr"), number<O, &O::alpha>("alpha"), number<O, &O::eps>("eps"),
          number<O, &O::weight_decay>("weight_decay"), number<O, &O::momentum>("momentum")};
}

std::vector<Setting> adagrad_settings() {
  using O = optim::AdagradOptions;
  return {number<O, &O::lr>("lr"), number<O, &O::lr_decay>("lr_decay"), number<O, &O::weight_decay>("weight_decay"),
          number<O, &O::eps>("eps")};
}

void put_sgd(optim::SGDParamState& s, const StateOut& out) { out("momentum_buffer", s.momentum_buffer()); }

template <class State>
void put_adam(State& s, const StateOut& out) {
  out("step", s.step());
  out("exp_avg", s.exp_avg());
  out("exp_avg_sq", s.exp_avg_sq());
  out("max_exp_avg_sq", s.max_exp_avg_sq());
}

void put_rmsprop(optim::RMSpropParamState& s, const StateOut& out) {
  out("step", s.step());
  out("square_avg", s.square_avg());
  out("momentum_buffer", s.momentum_buffer());
  out("grad_avg", s.grad_avg());
}

void put_adagrad(optim::AdagradParamState& s, const StateOut& out) {
  out("step", s.step());
  out("sum", s.sum());
}

template <class Optimizer, class Options, class State>
std::shared_ptr<const OptimizerKind> known(const optim::Optimizer& optimizer, const char* name,
                                           std::vector<Setting> (*settings)(), json::object (*describe)(const Options&),
                                           void (*put_state)(State&, const StateOut&)) {
  if (!dynamic_cast<const Optimizer*>(&optimizer)) return nullptr;
  return std::make_shared<KnownKind<Options, State>>(name, settings(), describe, put_state);
}

}  // namespace

std::string Setting::complaint(double value) const {
  if (std::isfinite(value) && value >= 0 && (!below_one || value < 1)) return "";
  return std::string(name) + (below_one ? " must be at least 0 and below 1" : " must be a number from 0 on");
}

void StateOut::operator()(const std::string& key, const at::Tensor& tensor) const {
  if (tensor.defined()) out_.push_back({prefix_ + key, tensor});
}

void StateOut::operator()(const std::string& key, std::int64_t number) const {
  out_.push_back({prefix_ + key, at::scalar_tensor(number, at::kLong)});
}

void StateOut::operator()(const std::string& key, double number) const {
  out_.push_back({prefix_ + key, at::scalar_tensor(number, at::kDouble)});
}

void StateOut::operator()(const std::string& key, const std::deque<at::Tensor>& tensors) const {
  for (std::size_t i = 0; i < tensors.size(); ++i) (*this)(key + "." + std::to_string(i), tensors[i]);
}

const Setting* OptimizerKind::setting(std::string_view name) const {
  for (const Setting& one : settings_)
    if (one.name == name) return &one;
  return nullptr;
}

const Setting* OptimizerKind::momentum() const {
  const Setting* momentum = setting("momentum");
  return momentum ? momentum : setting("beta1");
}

std::shared_ptr<const OptimizerKind> kind_of(const optim::Optimizer& o) {
  std::shared_ptr<const OptimizerKind> kind = known<optim::SGD>(o, "SGD", sgd_settings, describe_sgd, put_sgd);
  if (!kind)
    kind = known<optim::Adam>(o, "Adam", adam_settings<optim::AdamOptions>, describe_adam<optim::AdamOptions>,
                              put_adam<optim::AdamParamState>);
  if (!kind)
    kind = known<optim::AdamW>(o, "AdamW", adam_settings<optim::AdamWOptions>, describe_adam<optim::AdamWOptions>,
                               put_adam<optim::AdamWParamState>);
  if (!kind) kind = known<optim::RMSprop>(o, "RMSprop", rmsprop_settings, describe_rmsprop, put_rmsprop);
  if (!kind) kind = known<optim::Adagrad>(o, "Adagrad", adagrad_settings, describe_adagrad, put_adagrad);
  if (!kind) kind = lbfgs_kind(o);
  return kind ? kind : own_kind(o);
}

}  // namespace tenon::torch_engine
