// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_KNOWN_KIND_HPP
#define TENON_TORCH_KNOWN_KIND_HPP

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "torch/optimizer_kinds.hpp"

namespace tenon::torch_engine {

/// A kind by the fields of its own types.
template <class Options, class State>
class KnownKind : public OptimizerKind {
 public:
  using VisitOptions = void(Options& options, OptionFields& field);
  /// `options` tell what must be there; NULL while a state is written.
  using VisitState = void(State& state, const Options* options, StateFields& field);
  KnownKind(const char* name, std::vector<Setting> settings, VisitOptions* visit_options, VisitState* visit_state)
      : OptimizerKind(std::move(settings)), name_(name), visit_options_(visit_options), visit_state_(visit_state) {}
  const std::string& name() const override { return name_; }
  boost::json::object options(const torch::optim::OptimizerOptions& options) const override {
    boost::json::object described;
    OptionWriter writer(described);
    // A writer leaves what it is shown as it is.
    visit_options_(const_cast<Options&>(static_cast<const Options&>(options)), writer);
    return described;
  }
  void read_options(torch::optim::OptimizerOptions& options, const boost::json::object& saved) const override {
    OptionReader reader(saved);
    visit_options_(static_cast<Options&>(options), reader);
  }
  void append_state(torch::optim::OptimizerParamState& state, StateOut& out) const override {
    visit_state_(static_cast<State&>(state), nullptr, out);
  }
  std::unique_ptr<torch::optim::OptimizerParamState> read_state(const torch::optim::OptimizerOptions& options,
                                                                StateIn& in, const MakeState&,
                                                                const boost::json::object&) const override {
    auto state = std::make_unique<State>();
    visit_state_(*state, static_cast<const Options*>(&options), in);
    return state;
  }

 private:
  std::string name_;
  VisitOptions* visit_options_;
  VisitState* visit_state_;
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
