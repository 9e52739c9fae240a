// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_MODEL_HPP
#define TENON_TORCH_MODEL_HPP

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "loop/engine.hpp"
#include "torch/tensor_view.hpp"

namespace torch::nn {
class Module;
}

namespace tenon::torch_engine {

class Restoration;

/// A module and its tensors by name, in the order of its state_dict. LibTorch lists a tied tensor under each of its
/// names; here it stands under the first one alone, the others are aliases.
class Model {
 public:
  /// Moves the module to the device, its floating-point numbers to `type`. Throws std::invalid_argument for NULL and
  /// for tensors that cannot be handed on, naming them.
  explicit Model(std::shared_ptr<torch::nn::Module> module, const c10::Device& device = c10::kCPU,
                 at::ScalarType type = at::kFloat);

  /// Replaces all numbers, or none; floating-point types are converted into one another. A tied tensor may stand in
  /// `weights` under any of its names, or several. Throws Failure (ExitCode::checkpoint) with a table of what does not
  /// fit; `from` heads it.
  void load(std::span<const loop::EngineTensor> weights, const std::string& from);

  /// The same into `restoration`, for numbers of the same types; with `convert` those of floating point may differ.
  void restore(std::span<const loop::EngineTensor> weights, bool convert, Restoration& restoration) const;

  /// load() from another module, on whatever device.
  void load(const torch::nn::Module& other);

  torch::nn::Module& module() noexcept { return *module_; }
  const std::shared_ptr<torch::nn::Module>& shared() const noexcept { return module_; }
  const std::vector<NamedTensor>& parameters() const noexcept { return parameters_; }
  const std::vector<NamedTensor>& buffers() const noexcept { return buffers_; }
  const std::vector<std::pair<std::string, std::string>>& aliases() const noexcept {
    return aliases_;
  }  ///< (alias, name)

  /// NULL when the tensor is no parameter of the module.
  const std::string* name_of(const at::Tensor& parameter) const;

  /// All modules into evaluation mode, and back into the mode that each had: a layer that the task froze stays frozen.
  void begin_evaluation();
  void end_evaluation();

 private:
  /// Tells what does not fit (name, theirs, ours; empty where there is none), and what is to be copied where.
  void match(std::span<const loop::EngineTensor> weights, bool convert,
             const std::function<void(const std::string&, const std::string&, const std::string&)>& differs,
             const std::function<void(const at::Tensor&, const tenon_tensor_view&)>& copy) const;
  void to_type(at::ScalarType type);
  void add(const std::string& name, const at::Tensor& tensor, std::vector<NamedTensor>& to);

  std::shared_ptr<torch::nn::Module> module_;
  std::vector<NamedTensor> parameters_;
  std::vector<NamedTensor> buffers_;
  std::vector<std::pair<std::string, std::string>> aliases_;
  std::unordered_map<const void*, std::string> names_;
  std::vector<bool> training_;  // of modules(), while evaluating
};

}  // namespace tenon::torch_engine

#endif
