// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/engine.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/full_like.h>
#include <tenon/services/tensors.h>
#include <torch/csrc/autograd/autograd.h>

#include <stdexcept>
#include <tenon/failure.hpp>
#include <utility>

#include "torch/error_text.hpp"
#include "torch/libtorch_version.hpp"
#include "torch/rng.hpp"
#include "torch/task_sink.hpp"

namespace tenon::torch_engine {
namespace {

/// What a function of the task throws before training, as the command's end.
template <class Body>
auto asking(const std::string& task, const char* what, const Body& body) {
  try {
    return body();
  } catch (const Failure&) {
    throw;
  } catch (const std::exception& error) {
    throw Failure(ExitCode::task, "task '" + task + "', " + what + ": " + error_text(error));
  }
}

void check_loss(const at::Tensor& loss) {
  if (!loss.defined()) throw std::runtime_error("training_step() returned no tensor; return the loss");
  if (loss.numel() != 1)
    throw std::runtime_error("training_step() returned a tensor of " + std::to_string(loss.numel()) +
                             " numbers; the loss must be one, say its mean()");
  if (!loss.requires_grad())
    throw std::runtime_error(
        "the loss that training_step() returned needs no gradient: it does not depend on a parameter, or was detached");
}

}  // namespace

TorchEngine::TorchEngine(std::unique_ptr<Task> task, std::string task_name)
    : task_(std::move(task)), name_(std::move(task_name)) {
  const std::uint64_t seed = task_->context().seed;
  training_.emplace(asking(name_, "training_data()", [&] { return task_->training_data(); }), seed,
                    "task '" + name_ + "', training data");
  std::vector<Loader> loaders = asking(name_, "validation_data()", [&] { return task_->validation_data(); });
  for (Loader& loader : loaders)
    validation_.emplace_back(std::move(loader), seed, "task '" + name_ + "', validation data");

  at::manual_seed(seed);
  asking(name_, "make_model()", [&] { model_.emplace(task_->make_model()); });
  asking(name_, "configure_optimizers()",
         [&] { optimizers_.emplace(task_->configure_optimizers(model_->module()), *model_); });

  facts_.task_name = name_;
  facts_.hparams = asking(name_, "hparams()", [&] { return task_->hparams(); });
  facts_.metrics = asking(name_, "metrics()", [&] { return task_->metrics(); });
  facts_.declares_metrics = !facts_.metrics.empty();
  facts_.train_batches = training_->batches();
  for (const BatchReader& reader : validation_) facts_.validation_batches.push_back(reader.batches());
  facts_.optimizers = optimizers_->count();
}

TorchEngine::~TorchEngine() = default;

template <class Body>
void TorchEngine::in_step(const Body& body) {
  try {
    body();
  } catch (const std::exception& error) {
    throw std::runtime_error("task '" + name_ + "': " + error_text(error));
  }
}

template <class Body>
void TorchEngine::in_evaluation(const Body& body) {
  try {
    body();
  } catch (const std::exception& error) {
    throw std::runtime_error("task '" + name_ + "', validation batch " + std::to_string(evaluated_batch_) + ": " +
                             error_text(error));
  }
}

void TorchEngine::start_epoch(std::uint64_t epoch, std::uint64_t skip) {
  in_step([&] { training_->start(epoch, skip); });
}

std::optional<loop::BatchInfo> TorchEngine::fetch() {
  const std::uint64_t samples = training_->upcoming();
  return samples == 0 ? std::nullopt : std::optional(loop::BatchInfo{samples});
}

void TorchEngine::take() {
  // The old batch goes first: one that is read now then stands in the same memory, which the cache still holds.
  current_ = {};
  in_step([&] { current_ = training_->read(); });
}

void TorchEngine::training_step() {
  in_step([&] {
    const TaskSink sink(*task_, sink_);
    loss_ = task_->training_step(model_->module(), current_);
    check_loss(loss_);
  });
}

void TorchEngine::backward(double scale) {
  in_step([&] {
    // Tensor::backward() would go through the dispatcher and make a new gradient of one each time.
    if (!gradient_.defined() || scale != gradient_scale_ || gradient_.sizes() != loss_.sizes() ||
        gradient_.scalar_type() != loss_.scalar_type()) {
      gradient_ = at::full_like(loss_.detach(), scale);
      gradient_scale_ = scale;
    }
    torch::autograd::backward({loss_}, {gradient_});
    loss_.reset();  // the graph's memory is free for the next forward
  });
}

void TorchEngine::optimizer_step(std::uint32_t optimizer) {
  in_step([&] { optimizers_->step(optimizer); });
}

void TorchEngine::start_evaluation(loop::Stage, std::uint32_t loader) {
  // Dropout's stream is the training's alone: with and without a validation the training is the same.
  if (!rng_before_evaluation_.defined()) {
    rng_before_evaluation_ = cpu_rng_state();
    model_->begin_evaluation();
  }
  evaluated_ = &validation_.at(loader);
  evaluated_batch_ = 0;
  in_evaluation([&] { evaluated_->start(0, 0); });
}

std::optional<loop::BatchInfo> TorchEngine::fetch_evaluation() {
  const std::uint64_t samples = evaluated_->upcoming();
  return samples == 0 ? std::nullopt : std::optional(loop::BatchInfo{samples});
}

void TorchEngine::take_evaluation() {
  evaluation_ = {};
  in_evaluation([&] { evaluation_ = evaluated_->read(); });
}

void TorchEngine::evaluation_step() {
  in_evaluation([&] {
    const at::NoGradGuard no_gradients;
    const TaskSink sink(*task_, sink_);
    task_->validation_step(model_->module(), evaluation_);
  });
  ++evaluated_batch_;
}

void TorchEngine::end_evaluation(loop::Stage) {
  evaluation_ = {};
  evaluated_->stop();
  model_->end_evaluation();
  set_cpu_rng_state(rng_before_evaluation_);
  rng_before_evaluation_.reset();
}

std::uint64_t TorchEngine::tensor_count(std::int32_t group) {
  if (group == TENON_TENSORS_PARAMETERS || group == TENON_TENSORS_GRADIENTS) return model_->parameters().size();
  return group == TENON_TENSORS_BUFFERS ? model_->buffers().size() : 0;
}

loop::EngineTensor TorchEngine::tensor(std::int32_t group, std::uint64_t index) {
  const NamedTensor& named =
      group == TENON_TENSORS_BUFFERS ? model_->buffers().at(index) : model_->parameters().at(index);
  loop::EngineTensor out;
  out.name = named.name;
  out.trainable = named.tensor.requires_grad();
  if (group != TENON_TENSORS_GRADIENTS) {
    out.view = view_of(named.tensor);
    return out;
  }
  const at::Tensor& gradient = named.tensor.grad();
  out.present = gradient.defined();
  out.view = out.present ? view_of(gradient) : absent_view_of(named.tensor);
  return out;
}

void TorchEngine::training_state(std::vector<loop::EngineTensor>& out, boost::json::object& document) {
  state_.clear();
  optimizers_->append_state(state_);
  state_.push_back({"rng/cpu", cpu_rng_state()});
  for (const NamedTensor& named : state_) out.push_back({named.name, view_of(named.tensor)});

  boost::json::object aliases;
  for (const auto& [alias, name] : model_->aliases()) aliases[alias] = name;
  document["libtorch"] = {{"version", TORCH_VERSION}, {"threads", at::get_num_threads()}, {"device", "cpu"}};
  document["optimizers"] = optimizers_->describe();
  document["aliases"] = std::move(aliases);
  document["data"] = training_->describe();
}

}  // namespace tenon::torch_engine
