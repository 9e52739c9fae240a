// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_OPTIMIZERS_HPP
#define TENON_TORCH_OPTIMIZERS_HPP

#include <boost/json/array.hpp>
#include <cstdint>
#include <functional>
#include <tenon/task.hpp>
#include <vector>

#include "torch/model.hpp"

namespace tenon::torch_engine {

/// The task's optimizers. LibTorch keys their state by address and steps a tensor twice that is given twice; here each
/// tensor stands in them once, and their state is known by the parameter's name.
class Optimizers {
 public:
  /// Throws std::invalid_argument: an unsupported type, a name that is empty or taken, a tensor that is no
  /// parameter of the model, a tensor in groups of different options or of two optimizers. `model` must outlive this.
  Optimizers(std::vector<NamedOptimizer> optimizers, const Model& model);

  std::uint32_t count() const noexcept { return static_cast<std::uint32_t>(optimizers_.size()); }
  /// Throws std::out_of_range, naming how many there are.
  void check_index(std::uint32_t optimizer) const;
  bool needs_closure(std::uint32_t optimizer) const;
  const std::string& name(std::uint32_t optimizer) const { return optimizers_[optimizer].name; }
  /// Each tensor once, in the order of the groups.
  std::vector<NamedTensor> parameters(std::uint32_t optimizer) const;
  /// `closure`, where there is one, computes the loss of the same batch anew.
  void step(std::uint32_t optimizer, const std::function<at::Tensor()>& closure = {});
  /// Sets gradients to none.
  void zero_grad(std::uint32_t optimizer);

  /// Appends `optimizer/<name>/<parameter>/<key>`: momentum_buffer of SGD; step (int64), exp_avg, exp_avg_sq and
  /// max_exp_avg_sq of AdamW. What a parameter does not have yet is left out.
  void append_state(std::vector<NamedTensor>& out) const;

  /// [{"name","type","groups":[{"options":{...},"parameters":[names]}]}]
  boost::json::array describe() const;

 private:
  void drop_repeated(NamedOptimizer& optimizer, std::unordered_map<const void*, std::string>& owners);

  std::vector<NamedOptimizer> optimizers_;
  const Model& model_;
};

}  // namespace tenon::torch_engine

#endif
