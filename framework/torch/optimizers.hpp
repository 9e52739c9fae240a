// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_OPTIMIZERS_HPP
#define TENON_TORCH_OPTIMIZERS_HPP

#include <boost/json/array.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tenon/task.hpp>
#include <unordered_map>
#include <vector>

#include "torch/model.hpp"
#include "torch/optimizer_kinds.hpp"

namespace tenon::torch_engine {

class Restoration;
class SavedTensors;

/// The task's optimizers. LibTorch keys their state by address and steps a tensor twice that is given twice; here each
/// tensor stands in them once, and their state is known by the parameter's name.
class Optimizers {
 public:
  /// Throws std::invalid_argument: a name that is empty or taken, a tensor that is no parameter of the model, a
  /// tensor in groups of different options or of two optimizers. `model` must outlive this.
  Optimizers(std::vector<NamedOptimizer> optimizers, const Model& model);

  std::uint32_t count() const noexcept { return static_cast<std::uint32_t>(optimizers_.size()); }
  /// Throws std::out_of_range, naming how many there are.
  void check_index(std::uint32_t optimizer) const;
  const NamedOptimizer& named(std::uint32_t optimizer) const { return optimizers_.at(optimizer); }
  const std::string& name(std::uint32_t optimizer) const { return named(optimizer).name; }
  const OptimizerKind& kind(std::uint32_t optimizer) const { return *kinds_.at(optimizer); }
  std::uint32_t groups(std::uint32_t optimizer) const;
  /// Each tensor once, in the order of the groups.
  std::vector<NamedTensor> parameters(std::uint32_t optimizer) const;
  /// Those of one group.
  const std::vector<at::Tensor>& parameters(std::uint32_t optimizer, std::uint32_t group) const;
  double get(std::uint32_t optimizer, std::uint32_t group, const Setting& setting) const;
  void set(std::uint32_t optimizer, std::uint32_t group, const Setting& setting, double value);

  /// LBFGS: step() must be given a closure.
  bool needs_closure(std::uint32_t optimizer) const { return kind(optimizer).needs_closure(); }
  /// `closure`, where there is one, sets the gradients to none, computes the loss of the same batch and its gradients,
  /// and returns the loss; it is called once or more often, with gradients enabled.
  void step(std::uint32_t optimizer, const std::function<at::Tensor()>& closure = {});
  /// Steps taken so far.
  std::uint64_t steps(std::uint32_t optimizer) const { return steps_.at(optimizer); }
  /// Sets gradients to none.
  void zero_grad(std::uint32_t optimizer);

  /// Appends `optimizer/<name>/<parameter>/<key>`, keys as LibTorch and PyTorch name them: momentum_buffer of SGD;
  /// step (int64), exp_avg, exp_avg_sq, max_exp_avg_sq of Adam and AdamW; step, square_avg, momentum_buffer, grad_avg
  /// of RMSprop; step, sum of Adagrad; of LBFGS, under the first parameter, its numbers, d, H_diag, prev_flat_grad and
  /// old_dirs.<i>, old_stps.<i>, ro.<i>. What a parameter does not have yet is left out.
  /// `numbers`, where it is not NULL, gets for each optimizer which keys of a type of the user's own are numbers.
  void append_state(std::vector<NamedTensor>& out, std::vector<boost::json::object>* numbers = nullptr) const;

  /// [{"name","type","steps","groups":[{"options":{...},"begun_with":{...},"parameters":[names]}]}]; begun_with, left
  /// out where it is the same, are the options that the run was begun with.
  boost::json::array describe() const;

  /// append_state() and describe(), all that restore() needs: an optimizer of the user's own has "numbers" too. Throws
  /// std::runtime_error for a state that could not be restored.
  boost::json::array capture(std::vector<NamedTensor>& out) const;

  /// Compares names, types, groups and states with what capture() gave, and gathers what is to be changed. Options are
  /// restored with the schedules that move them, or else stay as they are (`options` false).
  void restore(const boost::json::array& described, SavedTensors& saved, bool options, Restoration& restoration);

 private:
  void restore_one(std::size_t index, const boost::json::object& described, SavedTensors& saved, bool options,
                   Restoration& restoration);
  /// NULL where the options stay. The options that the group will have.
  std::unique_ptr<torch::optim::OptimizerOptions> restore_options(std::size_t index, std::size_t group,
                                                                  const boost::json::object& described,
                                                                  Restoration& restoration);
  boost::json::array names_of(const std::vector<at::Tensor>& parameters) const;
  void drop_repeated(std::size_t index, std::unordered_map<const void*, std::string>& owners);

  std::vector<NamedOptimizer> optimizers_;
  std::vector<std::shared_ptr<const OptimizerKind>> kinds_;  // of each optimizer
  std::vector<std::uint64_t> steps_;                         // of each optimizer
  std::vector<boost::json::array> begun_with_;               // options of each optimizer's groups
  const Model& model_;
};

}  // namespace tenon::torch_engine

#endif
