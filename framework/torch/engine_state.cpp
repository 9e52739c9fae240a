// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The training's state, given at a commit point and taken back.
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/ops/empty_like.h>
#include <tenon/services/tensors.h>
#include <torch/nn/module.h>

#include <fstream>
#include <stdexcept>
#include <tenon/failure.hpp>
#include <tenon/json_text.hpp>

#include "torch/engine.hpp"
#include "torch/error_text.hpp"
#include "torch/libtorch_version.hpp"
#include "torch/restoration.hpp"
#include "torch/rng.hpp"

namespace tenon::torch_engine {
namespace {

namespace json = boost::json;

constexpr const char* task_prefix = "task/";
constexpr const char* gradient_prefix = "gradient/";

/// "" where nobody tells.
std::string read_processor_name() {
  std::ifstream lines("/proc/cpuinfo");
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("model name")) return line.substr(std::min(line.size(), line.find(':') + 2));
  return "";
}

/// Read once: it takes as long as a small checkpoint's copy.
const std::string& processor_name() {
  static const std::string name = read_processor_name();
  return name;
}

json::array frozen_parameters(const Model& model) {
  json::array names;
  for (const NamedTensor& named : model.parameters())
    if (!named.tensor.requires_grad()) names.emplace_back(named.name);
  return names;
}

json::array evaluating_modules(torch::nn::Module& module) {
  json::array names;
  for (const auto& item : module.named_modules())
    if (!item.value()->is_training()) names.emplace_back(item.key());
  return names;
}

bool holds(const json::array& names, const std::string& name) {
  for (const json::value& one : names)
    if (one.is_string() && one.get_string() == name) return true;
  return false;
}

/// The storage too: set_data() gives a tensor another.
class Held final : public loop::HeldTensors {
 public:
  explicit Held(std::span<const loop::EngineTensor> tensors) {
    for (const loop::EngineTensor& one : tensors) {
      tensors_.push_back(tensor_at(one.source));
      storages_.push_back(tensors_.back().storage());
    }
  }
  std::uint64_t version(std::size_t index) const override {
    const c10::VariableVersion& counter = tensors_[index].unsafeGetTensorImpl()->version_counter();
    return counter.enabled() ? counter.current_version() : 0;
  }

 private:
  std::vector<at::Tensor> tensors_;
  std::vector<c10::Storage> storages_;
};

TaskState state_of(Task& task, const std::string& name) {
  const std::string where = "task '" + name + "', save_state(): ";
  TaskState own;
  try {
    own = task.save_state();
  } catch (const std::exception& error) {
    throw std::runtime_error(where + error_text(error));
  }
  for (const auto& [key, tensor] : own.tensors)
    if (key.empty() || !tensor.defined())
      throw std::runtime_error(where + "tensor '" + key + "' has no " + (key.empty() ? "name" : "numbers"));
  return own;
}

}  // namespace

/// What else decides the bits of a result.
json::object TorchEngine::machine() const {
  return {{"version", TORCH_VERSION},
          {"threads", at::get_num_threads()},
          {"device", settings_.device.str()},
          {"instructions", at::get_cpu_capability()},
          {"processor", processor_name()},
          {"precision", precision_name(settings_.options.precision)},
          {"deterministic", at::globalContext().deterministicAlgorithms()}};
}

json::object TorchEngine::data_document() const {
  json::object data = training_->describe();
  data["seed"] = task_->context().seed;
  json::array validation;
  for (const BatchReader& reader : validation_) {
    const json::object described = reader.describe();
    validation.push_back(described.contains("samples") ? described.at("samples") : json::value("stream"));
  }
  data["validation"] = std::move(validation);
  return data;
}

json::object TorchEngine::aliases() {
  json::object aliases;
  for (const auto& [alias, name] : model_->aliases()) aliases[alias] = name;
  return aliases;
}

void TorchEngine::training_state(std::vector<loop::EngineTensor>& out, json::object& document) {
  state_.clear();
  document["optimizers"] = optimizers_->capture(state_);
  const std::size_t of_optimizers = host_steps() ? state_.size() : 0;
  // Who steps by hand may keep gradients from one batch to the next.
  if (facts_.manual_optimization)
    for (const NamedTensor& named : model_->parameters())
      if (named.tensor.grad().defined()) state_.push_back({gradient_prefix + named.name, named.tensor.grad()});
  for (const c10::Device& device : random_devices(settings_.device))
    state_.push_back({"rng/" + device.str(), rng_state(device)});
  TaskState own = state_of(*task_, name_);
  for (const auto& [name, tensor] : own.tensors) state_.push_back({task_prefix + name, tensor.detach()});
  if (!own.values.empty()) document["task_state"] = std::move(own.values);
  for (const NamedTensor& named : state_)
    out.push_back({named.name, view_of(named.tensor), false, true, out.size() < of_optimizers,
                   named.tensor.unsafeGetTensorImpl()});

  document["libtorch"] = machine();
  document["schedulers"] = schedules_->describe();
  document["aliases"] = aliases();
  document["frozen"] = frozen_parameters(*model_);
  document["evaluating"] = evaluating_modules(model_->module());
  if (uncounted_ && uncounted_->are_all_counted()) document["counts_steps_itself"] = true;
  document["data"] = data_document();
}

void TorchEngine::stepped_tensors(std::vector<loop::EngineTensor>& out) {
  for (std::uint64_t i = 0; i < only_in_step_.size(); ++i)
    if (only_in_step_[i]) out.push_back(tensor(TENON_TENSORS_PARAMETERS, i));
  if (!host_steps()) return;
  state_.clear();
  optimizers_->append_state(state_);
  for (const NamedTensor& named : state_)
    out.push_back({named.name, view_of(named.tensor), false, true, true, named.tensor.unsafeGetTensorImpl()});
}

std::unique_ptr<loop::HeldTensors> TorchEngine::hold(std::span<const loop::EngineTensor> tensors) {
  return std::make_unique<Held>(tensors);
}

std::unique_ptr<loop::DeviceCopy> TorchEngine::begin_copies(std::span<const loop::CopyOut> copies) {
  return device_copies_->begin(copies);
}

std::shared_ptr<std::byte> TorchEngine::memory_for_copies(std::size_t bytes) {
  return device_copies_ ? device_copies_->memory(bytes) : nullptr;
}

std::vector<std::string> TorchEngine::restore(const loop::EngineState& state, std::uint32_t parts,
                                              const std::string& from) {
  Restoration restoration;
  SavedTensors saved(state.training);
  const json::object& document = state.document;
  if (parts & loop::restore_data) restore_data(document, restoration);
  if (parts & loop::restore_model) restore_model(state, (parts & loop::restore_optimizers) == 0, restoration);
  if (parts & loop::restore_optimizers) {
    optimizers_->restore(array_at(document, "optimizers"), saved, (parts & loop::restore_schedules) != 0, restoration);
    if (facts_.manual_optimization) restore_gradients(saved, restoration);
  }
  if (parts & loop::restore_schedules) schedules_->restore(array_at(document, "schedulers"), restoration);
  if (parts & loop::restore_rng) restore_rng(saved, restoration);
  if (parts & loop::restore_task) restore_task(document, saved, restoration, from);
  if (parts == loop::restore_all) {
    const json::object& then = object_at(document, "libtorch");
    for (const auto& now : machine())
      if (const json::value* value = then.if_contains(now.key()); value == nullptr || *value != now.value())
        restoration.remark("not bit-exact: " + std::string(now.key()) + " is " + json_text(now.value()) + " and was " +
                           (value == nullptr ? "not recorded" : json_text(*value)));
  }
  if (uncounted_)
    restoration.then([this, all = flag_at(document, "counts_steps_itself"), parts] {
      if (parts & loop::restore_optimizers) {
        if (all) uncounted_->all_counted();
        for (std::uint32_t i = 0; i < optimizers_->count(); ++i)
          if (optimizers_->steps(i) > 0) uncounted_->counted(i);
      }
      uncounted_->weights_replaced();
    });
  return restoration.carry_out(from);
}

void TorchEngine::restore_model(const loop::EngineState& state, bool convert, Restoration& restoration) {
  if (const json::value* saved = state.document.if_contains("aliases")) {
    const json::object now = aliases();
    for (const auto& alias : now)
      restoration.compare(std::string(alias.key()) + ", tied to",
                          object_at(state.document, "aliases").if_contains(alias.key()), alias.value());
    if (saved->is_object())
      for (const auto& alias : saved->get_object())
        if (!now.contains(alias.key()))
          restoration.differs(std::string(alias.key()) + ", tied to", string_at(saved->get_object(), alias.key()), "");
  }
  model_->restore(state.weights, convert, restoration);
}

void TorchEngine::restore_gradients(SavedTensors& saved, Restoration& restoration) {
  for (const NamedTensor& named : model_->parameters()) {
    const tenon_tensor_view* view = saved.find(gradient_prefix + named.name);
    if (view == nullptr) {
      restoration.then([tensor = named.tensor] { tensor.mutable_grad().reset(); });
      continue;
    }
    const std::string theirs = text_of(*view), ours = text_of(view_of(named.tensor));
    if (theirs != ours) {
      restoration.differs("the gradient of " + named.name, theirs, ours);
      continue;
    }
    const at::Tensor gradient = at::empty_like(named.tensor, at::MemoryFormat::Preserve).detach();
    restoration.copy(gradient, *view);
    restoration.then([tensor = named.tensor, gradient] { tensor.mutable_grad() = gradient; });
  }
}

void TorchEngine::restore_rng(SavedTensors& saved, Restoration& restoration) const {
  for (const c10::Device& device : random_devices(settings_.device)) {
    const std::string name = "rng/" + device.str();
    const tenon_tensor_view* view = saved.find(name);
    if (view == nullptr && !device.is_cpu()) {
      restoration.remark("the random numbers of " + device.str() + " begin anew: the checkpoint has none of it");
      continue;
    }
    if (view == nullptr || text_of(*view) != text_of(view_of(rng_state(device)))) {
      restoration.differs(name, view == nullptr ? "" : text_of(*view), text_of(view_of(rng_state(device))));
      continue;
    }
    const at::Tensor state = tensor_of(*view).clone();
    if (const std::string refusal = rng_state_refusal(device, state); !refusal.empty()) {
      restoration.refuse(name + ": " + refusal);
      continue;
    }
    restoration.then([device, state] { set_rng_state(device, state); });
  }
  for (const std::string& name : saved.unused("rng/"))
    restoration.remark("the random numbers of " + name.substr(4) + " are not restored: the run is on " +
                       settings_.device.str());
}

void TorchEngine::restore_data(const json::object& document, Restoration& restoration) {
  const json::object &saved = object_at(document, "data"), now = data_document();
  restoration.compare("seed", saved.if_contains("seed"), now.at("seed"));
  training_->restore(saved, "training data", restoration);
  restoration.compare("validation data, samples", saved.if_contains("validation"), now.at("validation"));
}

void TorchEngine::restore_task(const json::object& document, SavedTensors& saved, Restoration& restoration,
                               const std::string& from) {
  TaskState own;
  own.values = object_at(document, "task_state");
  for (const std::string& name : saved.unused(task_prefix))
    own.tensors.emplace(name.substr(std::string_view(task_prefix).size()), tensor_of(*saved.find(name)).clone());
  if (!own.values.empty() || !own.tensors.empty())
    restoration.first([this, from, own = std::move(own)] {
      try {
        task_->load_state(own);
      } catch (const Failure&) {
        throw;
      } catch (const std::exception& error) {
        throw Failure(ExitCode::checkpoint,
                      from + " cannot be restored; nothing was changed but what the task itself changed: task '" +
                          name_ + "', load_state(): " + error_text(error));
      }
    });
  // What the task has frozen or thawed while it trained.
  const json::array &frozen = array_at(document, "frozen"), &evaluating = array_at(document, "evaluating");
  if (!document.contains("frozen") || !document.contains("evaluating")) return;
  if (frozen != frozen_parameters(*model_) || evaluating != evaluating_modules(model_->module()))
    restoration.remark("which parts of the model are frozen, or in evaluation mode, is as it was saved");
  restoration.then([this, frozen, evaluating] {
    for (const NamedTensor& named : model_->parameters()) {
      const bool trained = !holds(frozen, named.name);
      if (named.tensor.requires_grad() != trained) named.tensor.set_requires_grad(trained);
    }
    // A module is listed before its children, so that a child's own mode is set last.
    for (const auto& item : model_->module().named_modules()) item.value()->train(!holds(evaluating, item.key()));
  });
}

}  // namespace tenon::torch_engine
