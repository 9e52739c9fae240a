// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What is particular to each type of optimizer: its options, the settings among them, its state.
#ifndef TENON_TORCH_OPTIMIZER_KINDS_HPP
#define TENON_TORCH_OPTIMIZER_KINDS_HPP

#include <boost/json/object.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "torch/tensor_view.hpp"

namespace torch::optim {
class Optimizer;
class OptimizerOptions;
class OptimizerParamState;
}  // namespace torch::optim

namespace tenon::torch_engine {

/// A numeric option that may be changed while training.
struct Setting {
  const char* name;
  double (*get)(const torch::optim::OptimizerOptions& options);
  void (*set)(torch::optim::OptimizerOptions& options, double value);
  bool below_one = false;  ///< else any finite number from 0 on

  /// What is wrong with a value, "" when nothing is.
  std::string complaint(double value) const;
};

/// Where a state's parts go as tensors, `<prefix><key>`; numbers become tensors without dimensions (int64, float64).
class StateOut {
 public:
  StateOut(const std::string& prefix, std::vector<NamedTensor>& out) : prefix_(prefix), out_(out) {}
  /// An undefined tensor is left out.
  void operator()(const std::string& key, const at::Tensor& tensor) const;
  void operator()(const std::string& key, std::int64_t number) const;
  void operator()(const std::string& key, double number) const;
  /// `<key>.0`, `<key>.1`, ...
  void operator()(const std::string& key, const std::deque<at::Tensor>& tensors) const;

 private:
  const std::string& prefix_;
  std::vector<NamedTensor>& out_;
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
  virtual void append_state(torch::optim::OptimizerParamState& state, const StateOut& out) const = 0;

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
