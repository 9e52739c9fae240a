// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TORCHSCRIPT_SCRIPTED_MODEL_HPP
#define TORCHSCRIPT_SCRIPTED_MODEL_HPP

#include <torch/csrc/jit/api/module.h>
#include <torch/nn/module.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

/// A scripted module seen as a module of LibTorch's: parameters and buffers are the script's own tensors, under the
/// names that Python's state_dict() has for them, and training and evaluation mode reach the script.
class ScriptedModel : public torch::nn::Module {
 public:
  explicit ScriptedModel(torch::jit::Module script);

  /// What the script's forward makes of one tensor. Throws std::runtime_error where that is not one tensor, or where a
  /// buffer has been replaced by a new tensor instead of being changed in place: checkpoints would hold the old one.
  at::Tensor forward(const at::Tensor& input);

  void train(bool on = true) override;

 private:
  void check_buffers(const std::string& prefix) const;

  torch::jit::Module script_;
  std::vector<std::pair<std::string, std::shared_ptr<ScriptedModel>>> parts_;
  std::vector<std::pair<std::string, at::Tensor>> own_buffers_;
};

/// Reads a TorchScript file, which is a program as well as numbers: never one from a stranger. The model is in training
/// mode. Throws std::runtime_error, naming the file, where it cannot be read or has no parameters to train.
std::shared_ptr<ScriptedModel> load_scripted(const std::filesystem::path& file);

#endif
