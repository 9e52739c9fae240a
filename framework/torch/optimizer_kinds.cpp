// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/optimizer_kinds.hpp"

#include <torch/optim/adagrad.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/rmsprop.h>
#include <torch/optim/sgd.h>

#include <cmath>

#include "torch/known_kind.hpp"

namespace tenon::torch_engine {

namespace {

namespace optim = torch::optim;

void sgd_options(optim::SGDOptions& o, OptionFields& field) {
  field("lr", o.lr());
  field("momentum", o.momentum());
  field("dampening", o.dampening());
  field("weight_decay", o.weight_decay());
  field("nesterov", o.nesterov());
}

template <class Options>
void adam_options(Options& o, OptionFields& field) {
  field("lr", o.lr());
  field("betas", o.betas());
  field("eps", o.eps());
  field("weight_decay", o.weight_decay());
  field("amsgrad", o.amsgrad());
}

void rmsprop_options(optim::RMSpropOptions& o, OptionFields& field) {
  field("lr", o.lr());
  field("alpha", o.alpha());
  field("eps", o.eps());
  field("weight_decay", o.weight_decay());
  field("momentum", o.momentum());
  field("centered", o.centered());
}

void adagrad_options(optim::AdagradOptions& o, OptionFields& field) {
  field("lr", o.lr());
  field("lr_decay", o.lr_decay());
  field("weight_decay", o.weight_decay());
  field("initial_accumulator_value", o.initial_accumulator_value());
  field("eps", o.eps());
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

void sgd_state(optim::SGDParamState& s, const optim::SGDOptions*, StateFields& field) {
  field("momentum_buffer", s.momentum_buffer(), Shape::parameter, false);  // made by the first step with a momentum
}

template <class State, class Options>
void adam_state(State& s, const Options* o, StateFields& field) {
  field("step", s.step());
  field("exp_avg", s.exp_avg(), Shape::parameter, true);
  field("exp_avg_sq", s.exp_avg_sq(), Shape::parameter, true);
  field("max_exp_avg_sq", s.max_exp_avg_sq(), Shape::parameter, o != nullptr && o->amsgrad());
}

void rmsprop_state(optim::RMSpropParamState& s, const optim::RMSpropOptions* o, StateFields& field) {
  field("step", s.step());
  field("square_avg", s.square_avg(), Shape::parameter, true);
  field("momentum_buffer", s.momentum_buffer(), Shape::parameter, o != nullptr && o->momentum() > 0);
  field("grad_avg", s.grad_avg(), Shape::parameter, o != nullptr && o->centered());
}

void adagrad_state(optim::AdagradParamState& s, const optim::AdagradOptions*, StateFields& field) {
  field("step", s.step());
  field("sum", s.sum(), Shape::parameter, true);
}

class AdagradKind final : public KnownKind<optim::AdagradOptions, optim::AdagradParamState> {
 public:
  AdagradKind() : KnownKind("Adagrad", adagrad_settings(), adagrad_options, adagrad_state) {}
  bool has_state_from_start() const override { return true; }
};

template <class Optimizer, class Options, class State>
std::shared_ptr<const OptimizerKind> known(const optim::Optimizer& optimizer, const char* name,
                                           std::vector<Setting> (*settings)(), void (*options)(Options&, OptionFields&),
                                           void (*state)(State&, const Options*, StateFields&)) {
  if (!dynamic_cast<const Optimizer*>(&optimizer)) return nullptr;
  return std::make_shared<KnownKind<Options, State>>(name, settings(), options, state);
}

}  // namespace

std::string Setting::complaint(double value) const {
  if (std::isfinite(value) && value >= 0 && (!below_one || value < 1)) return "";
  return std::string(name) + (below_one ? " must be at least 0 and below 1" : " must be a number from 0 on");
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
  std::shared_ptr<const OptimizerKind> kind = known<optim::SGD>(o, "SGD", sgd_settings, sgd_options, sgd_state);
  if (!kind)
    kind = known<optim::Adam>(o, "Adam", adam_settings<optim::AdamOptions>, adam_options<optim::AdamOptions>,
                              adam_state<optim::AdamParamState, optim::AdamOptions>);
  if (!kind)
    kind = known<optim::AdamW>(o, "AdamW", adam_settings<optim::AdamWOptions>, adam_options<optim::AdamWOptions>,
                               adam_state<optim::AdamWParamState, optim::AdamWOptions>);
  if (!kind) kind = known<optim::RMSprop>(o, "RMSprop", rmsprop_settings, rmsprop_options, rmsprop_state);
  if (!kind && dynamic_cast<const optim::Adagrad*>(&o)) kind = std::make_shared<AdagradKind>();
  if (!kind) kind = lbfgs_kind(o);
  return kind ? kind : own_kind(o);
}

}  // namespace tenon::torch_engine
