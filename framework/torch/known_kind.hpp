// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_KNOWN_KIND_HPP
#define TENON_TORCH_KNOWN_KIND_HPP

#include <string>
#include <utility>
#include <vector>

#include "torch/optimizer_kinds.hpp"

namespace tenon::torch_engine {

/// A kind by what is done with its own types.
template <class Options, class State>
class KnownKind : public OptimizerKind {
 public:
  using Describe = boost::json::object(const Options& options);
  using PutState = void(State& state, const StateOut& out);
  KnownKind(const char* name, std::vector<Setting> settings, Describe* describe, PutState* put_state)
      : OptimizerKind(std::move(settings)), name_(name), describe_(describe), put_state_(put_state) {}
  const std::string& name() const override { return name_; }
  boost::json::object options(const torch::optim::OptimizerOptions& options) const override {
    return describe_(static_cast<const Options&>(options));
  }
  void append_state(torch::optim::OptimizerParamState& state, const StateOut& out) const override {
    put_state_(static_cast<State&>(state), out);
  }

 private:
  std::string name_;
  Describe* describe_;
  PutState* put_state_;
};

/// A setting by LibTorch's accessor, as in number<SGDOptions, &SGDOptions::momentum>("momentum").
template <class Options, double& (Options::*accessor)()>
Setting number(const char* name) {
  return {name,
          [](const torch::optim::OptimizerOptions& options) {
            // One accessor does for both: reading changes nothing.
            return (const_cast<Options&>(static_cast<const Options&>(options)).*accessor)();
          },
          [](torch::optim::OptimizerOptions& options, double value) {
            (static_cast<Options&>(options).*accessor)() = value;
          },
          false};
}

/// beta1 and beta2.
template <class Options, std::size_t index>
Setting beta(const char* name) {
  return {name,
          [](const torch::optim::OptimizerOptions& options) {
            return std::get<index>(static_cast<const Options&>(options).betas());
          },
          [](torch::optim::OptimizerOptions& options, double value) {
            std::get<index>(static_cast<Options&>(options).betas()) = value;
          },
          true};
}

}  // namespace tenon::torch_engine

#endif
