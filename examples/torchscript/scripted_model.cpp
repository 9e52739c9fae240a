// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "scripted_model.hpp"

#include <torch/csrc/jit/serialization/import.h>

#include <stdexcept>

namespace {

/// The name that its class has in Python, for summaries.
std::string type_of(const torch::jit::Module& script) {
  const auto& name = script.type()->name();
  return name ? name->name() : "ScriptedModel";
}

}  // namespace

ScriptedModel::ScriptedModel(torch::jit::Module script)
    : torch::nn::Module(type_of(script)), script_(std::move(script)) {
  for (const auto& parameter : script_.named_parameters(/*recurse=*/false))
    register_parameter(parameter.name, parameter.value, parameter.value.requires_grad());
  for (const auto& buffer : script_.named_buffers(/*recurse=*/false)) {
    register_buffer(buffer.name, buffer.value);
    own_buffers_.emplace_back(buffer.name, buffer.value);
  }
  for (const auto& part : script_.named_children())
    parts_.emplace_back(part.name, register_module(part.name, std::make_shared<ScriptedModel>(part.value)));
}

at::Tensor ScriptedModel::forward(const at::Tensor& input) {
  const c10::IValue output = script_.forward({input});
  if (!output.isTensor())
    throw std::runtime_error("the scripted model's forward gives a " + output.tagKind() +
                             "; this task needs one tensor: script a module that returns it alone");
  check_buffers("");
  return output.toTensor();
}

void ScriptedModel::train(bool on) {
  torch::nn::Module::train(on);
  if (script_.hasattr("training")) script_.setattr("training", on);
}

void ScriptedModel::check_buffers(const std::string& prefix) const {
  for (const auto& [name, tensor] : own_buffers_)
    if (!script_.attr(name).toTensor().is_same(tensor))
      throw std::runtime_error("the scripted model assigns a new tensor to its buffer '" + prefix + name +
                               "', which checkpoints would miss; change it in place, as in self." + name +
                               ".copy_(...), and script it again");
  for (const auto& [name, part] : parts_) part->check_buffers(prefix + name + ".");
}

std::shared_ptr<ScriptedModel> load_scripted(const std::filesystem::path& file) {
  std::shared_ptr<ScriptedModel> model;
  try {
    model = std::make_shared<ScriptedModel>(torch::jit::load(file.string(), c10::kCPU));
  } catch (const c10::Error& error) {
    throw std::runtime_error("the TorchScript file " + file.string() + " cannot be read (" +
                             error.what_without_backtrace() +
                             "); \"model\" names a file that torch.jit.save wrote, relative to the manifest");
  }
  if (model->parameters().empty())
    throw std::runtime_error("the TorchScript file " + file.string() +
                             " has no parameters to train; was it frozen? Save it as torch.jit.script gives it.");
  model->train();
  return model;
}
