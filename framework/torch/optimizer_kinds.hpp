// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What is particular to each type of optimizer: its options, the settings among them, its state.
#ifndef TENON_TORCH_OPTIMIZER_KINDS_HPP
#define TENON_TORCH_OPTIMIZER_KINDS_HPP

#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "torch/optimizer_fields.hpp"

namespace torch::optim {
class Optimizer;
class OptimizerOptions;
class OptimizerParamState;
}  // namespace torch::optim

namespace tenon::torch_engine {

using MakeState = std::function<std::unique_ptr<torch::optim::OptimizerParamState>()>;

/// A numeric option that may be changed while training.
struct Setting {
  const char* name;
  double (*get)(const torch::optim::OptimizerOptions& options);
  void (*set)(torch::optim::OptimizerOptions& options, double value);
  bool below_one = false;  ///< else any finite number from 0 on

  /// What is wrong with a value, "" when nothing is.
  std::string complaint(double value) const;
};

class OptimizerKind {
 public:
  virtual ~OptimizerKind() = default;
  /// "AdamW"
  virtual const std::string& name() const = 0;
  /// Whether step() must be given a closure that computes the loss anew.
  virtual bool needs_closure() const { return false; }
  virtual boost::json::object options(const torch::optim::OptimizerOptions& options) const = 0;
  /// "lr" first.
  const std::vector<Setting>& settings() const noexcept { return settings_; }
  /// NULL where there is none of this name.
  const Setting* setting(std::string_view name) const;
  /// What OneCycleLR cycles beside the learning rate: momentum, or beta1 in its place; NULL where it has neither.
  const Setting* momentum() const;
  /// Sets all of them. Throws std::invalid_argument, or what serialize() of the user's own throws, and some may have
  /// changed.
  virtual void read_options(torch::optim::OptimizerOptions& options, const boost::json::object& saved) const = 0;

  virtual void append_state(torch::optim::OptimizerParamState& state, StateOut& out) const = 0;
  /// The inverse, for a group of these options. `fresh` makes an empty state of a type that the user's own optimizer
  /// keeps; `numbers` is what StateOut was told. NULL where what is saved does not fit: `in` has been told.
  virtual std::unique_ptr<torch::optim::OptimizerParamState> read_state(const torch::optim::OptimizerOptions& options,
                                                                        StateIn& in, const MakeState& fresh,
                                                                        const boost::json::object& numbers) const = 0;
  /// Whether a parameter has a state before the first step.
  virtual bool has_state_from_start() const { return false; }
  /// Whether read_state() needs `fresh`.
  virtual bool needs_fresh_state() const { return false; }

 protected:
  explicit OptimizerKind(std::vector<Setting> settings) : settings_(std::move(settings)) {}

 private:
  std::vector<Setting> settings_;
};

/// Never NULL: SGD, Adam, AdamW, RMSprop, Adagrad and LBFGS are known, a type of the user's own is kept by what its
/// options and states write into an archive.
std::shared_ptr<const OptimizerKind> kind_of(const torch::optim::Optimizer& optimizer);

/// The types whose headers compile slowly, for kind_of(): LBFGS (else NULL), and any other.
std::shared_ptr<const OptimizerKind> lbfgs_kind(const torch::optim::Optimizer& optimizer);
std::shared_ptr<const OptimizerKind> own_kind(const torch::optim::Optimizer& optimizer);

}  // namespace tenon::torch_engine

#endif
