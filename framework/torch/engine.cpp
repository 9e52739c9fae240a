// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/engine.hpp"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full_like.h>
#include <tenon/services/tensors.h>
#include <torch/csrc/autograd/anomaly_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <cmath>
#include <stdexcept>
#include <tenon/failure.hpp>
#include <unordered_set>
#include <utility>

#include "torch/anomaly.hpp"
#include "torch/error_text.hpp"
#include "torch/gradients.hpp"
#include "torch/rng.hpp"

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

const char* stage_name(loop::Stage stage) {
  return stage == loop::Stage::test ? "test" : stage == loop::Stage::predict ? "predict" : "validation";
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

TorchEngine::TorchEngine(std::unique_ptr<Task> task, std::string task_name, EngineSettings settings)
    : task_(std::move(task)),
      name_(std::move(task_name)),
      settings_(std::move(settings)),
      default_type_(settings_.options.precision) {
  if (!settings_.device.is_cpu()) device_copies_.emplace(settings_.device);
  read_data();
  const bool trains = settings_.stage == loop::Stage::train;
  facts_.manual_optimization =
      trains && asking(name_, "manual_optimization()", [&] { return task_->manual_optimization(); });

  at::manual_seed(task_->context().seed);
  asking(name_, "make_model()",
         [&] { model_.emplace(task_->make_model(), settings_.device, scalar_type_of(settings_.options.precision)); });
  std::vector<NamedOptimizer> optimizers;
  asking(name_, "configure_optimizers()", [&] {
    if (trains) optimizers = task_->configure_optimizers(model_->module());
    if (trains && optimizers.empty() && !facts_.manual_optimization)
      throw std::invalid_argument("it gave no optimizer");
    optimizers_.emplace(std::move(optimizers), *model_);
    for (std::uint32_t i = 0; i < optimizers_->count() && optimizers_->count() > 1; ++i)
      if (!facts_.manual_optimization && optimizers_->needs_closure(i))
        throw std::invalid_argument("optimizer '" + optimizers_->name(i) + "', of type " + optimizers_->kind(i).name() +
                                    ", evaluates each batch several times and must be the only one; step several by "
                                    "hand (manual_optimization)");
    schedules_.emplace(*optimizers_);
  });
  for (std::uint32_t i = 0; i < optimizers_->count(); ++i) {
    clipped_.emplace_back();
    for (const NamedTensor& named : optimizers_->parameters(i)) clipped_.back().push_back(named.tensor);
  }
  if (facts_.manual_optimization) uncounted_.emplace(*model_, *optimizers_);

  facts_.task_name = name_;
  facts_.hparams = asking(name_, "hparams()", [&] { return task_->hparams(); });
  facts_.metrics = asking(name_, "metrics()", [&] { return task_->metrics(); });
  facts_.declares_metrics = !facts_.metrics.empty();
  facts_.optimizers = optimizers_->count();
  facts_.closure = !facts_.manual_optimization && optimizers_->count() > 0 && optimizers_->needs_closure(0);
  std::unordered_set<const void*> stepped;
  for (std::size_t i = 0; i < clipped_.size() && host_steps(); ++i)
    for (const at::Tensor& parameter : clipped_[i]) stepped.insert(parameter.unsafeGetTensorImpl());
  for (const NamedTensor& named : model_->parameters())
    only_in_step_.push_back(stepped.count(named.tensor.unsafeGetTensorImpl()) > 0);
}

void TorchEngine::read_data() {
  const std::uint64_t seed = task_->context().seed;
  const auto read = [&](const char* what, auto&& ask, std::vector<BatchReader>& readers,
                        std::vector<std::uint64_t>& batches) {
    for (Loader& loader : asking(name_, what, ask)) {
      readers.emplace_back(std::move(loader), seed, "task '" + name_ + "', " + what);
      batches.push_back(readers.back().batches());
    }
  };
  const auto need = [&](const std::vector<std::uint64_t>& batches, const char* what) {
    if (batches.empty())
      throw Failure(ExitCode::task, "task '" + name_ + "' has no data for this command: its " + what +
                                        "() gives no loader; implement it in the task");
  };
  switch (settings_.stage) {
    case loop::Stage::test:
      read(
          "test_data", [&] { return task_->test_data(); }, test_, facts_.test_batches);
      return need(facts_.test_batches, "test_data");
    case loop::Stage::predict:
      read(
          "predict_data", [&] { return task_->predict_data(); }, predict_, facts_.predict_batches);
      return need(facts_.predict_batches, "predict_data");
    case loop::Stage::validation:
      read(
          "validation_data", [&] { return task_->validation_data(); }, validation_, facts_.validation_batches);
      return need(facts_.validation_batches, "validation_data");
    default:
      break;
  }
  Loader loader = asking(name_, "training_data()", [&] { return task_->training_data(); });
  if (settings_.options.overfits()) {  // the same batches in each epoch
    loader.shuffle = false;
    loader.order = {};
  }
  training_.emplace(std::move(loader), seed, "task '" + name_ + "', training data");
  facts_.train_batches = training_->batches();
  read(
      "validation_data", [&] { return task_->validation_data(); }, validation_, facts_.validation_batches);
}

TorchEngine::~TorchEngine() = default;

template <class Body>
void TorchEngine::in_step(const Body& body) {
  try {
    body();
  } catch (const Failure&) {
    throw;
  } catch (const std::exception& error) {
    throw std::runtime_error("task '" + name_ + "': " + error_text(error));
  } catch (...) {
    throw std::runtime_error("task '" + name_ + "' threw something that is no std::exception");
  }
}

template <class Body>
void TorchEngine::in_evaluation(const Body& body) {
  const auto where = [&] {
    const bool several = loaders(evaluated_stage_).size() > 1;
    return "task '" + name_ + "', " + stage_name(evaluated_stage_) + " " +
           (several ? "loader " + std::to_string(evaluated_loader_) + ", " : "") + "batch " +
           std::to_string(evaluated_batch_);
  };
  try {
    body();
  } catch (const std::exception& error) {
    throw std::runtime_error(where() + ": " + error_text(error));
  } catch (...) {
    throw std::runtime_error(where() + " threw something that is no std::exception");
  }
}

void TorchEngine::start_run(loop::MetricSink& metrics, loop::StepListener& listener) {
  step_ = {&metrics, &listener, facts_.manual_optimization ? &*optimizers_ : nullptr,
           uncounted_ ? &*uncounted_ : nullptr};
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
  in_step([&] {
    current_ = training_->read();
    convert(current_, settings_.device, settings_.options.precision);
  });
}

void TorchEngine::training_step() {
  in_step([&] {
    const TaskStep step(*task_, step_);
    const Autocast autocast(settings_.options.precision, settings_.device.type());
    std::optional<ForwardWatch> watch;
    if (settings_.options.detect_anomaly) {
      check_batch(current_);
      watch.emplace(*model_);
    }
    loss_ = task_->training_step(model_->module(), current_);
    if (!facts_.manual_optimization) check_loss(loss_);
    if (watch && !loss_is_finite()) refuse_loss(*watch);
  });
}

void TorchEngine::refuse_loss(const ForwardWatch& watch) {
  const double loss = loss_.item().toDouble();
  const std::string cause = watch.cause_of(loss);
  throw std::runtime_error("detect_anomaly: the loss is " +
                           std::string(std::isnan(loss) ? "nan"
                                       : loss > 0       ? "inf"
                                                        : "-inf") +
                           (cause.empty() ? "" : ": the first number that is not finite came from " + cause));
}

bool TorchEngine::loss_is_finite() {
  if (!loss_.defined() || !loss_.is_cpu() || loss_.numel() != 1) return true;
  if (loss_.scalar_type() == at::kFloat) return std::isfinite(*loss_.const_data_ptr<float>());
  return std::isfinite(loss_.item().toDouble());
}

void TorchEngine::backward(double scale) {
  in_step([&] {
    // Tensor::backward() would go through the dispatcher and make a new gradient of one each time.
    if (!gradient_.defined() || scale != gradient_scale_ || gradient_.sizes() != loss_.sizes() ||
        gradient_.scalar_type() != loss_.scalar_type()) {
      gradient_ = at::full_like(loss_.detach(), scale);
      gradient_scale_ = scale;
    }
    {
      std::optional<torch::autograd::DetectAnomalyGuard> anomalies;
      if (settings_.options.detect_anomaly) anomalies.emplace();
      torch::autograd::backward({loss_}, {gradient_});
    }
    if (settings_.options.detect_anomaly) check_gradients(*model_);
    if (facts_.closure) closure_loss_ = loss_.detach();
    loss_.reset();  // the graph's memory is free for the next forward
  });
}

void TorchEngine::clip_gradients(std::uint32_t optimizer) {
  in_step([&] {
    torch_engine::clip_gradients(clipped_[optimizer], *settings_.options.gradient_clip_val,
                                 settings_.options.gradient_clip_algorithm);
  });
}

void TorchEngine::optimizer_step(std::uint32_t optimizer, const std::function<void()>& evaluate_again) {
  if (!evaluate_again) return in_step([&] { optimizers_->step(optimizer); });
  bool evaluated = true;  // the batch's own evaluation is the first
  optimizers_->step(optimizer, [&] {
    if (!std::exchange(evaluated, false)) evaluate_again();
    return closure_loss_;
  });
}

void TorchEngine::step_schedulers(loop::ScheduleMoment moment, const loop::MetricReader& metrics) {
  in_step([&] { schedules_->step(moment, metrics); });
}

void TorchEngine::check_uncounted_steps(std::uint64_t batch) {
  if (uncounted_) in_step([&] { uncounted_->check(batch); });
}

std::vector<BatchReader>& TorchEngine::loaders(loop::Stage stage) {
  return stage == loop::Stage::test ? test_ : stage == loop::Stage::predict ? predict_ : validation_;
}

void TorchEngine::start_evaluation(loop::Stage stage, std::uint32_t loader) {
  // Random numbers are the training's alone: with and without a validation the training is the same.
  if (rng_before_evaluation_.empty()) {
    for (const c10::Device& device : random_devices(settings_.device))
      rng_before_evaluation_.push_back(rng_state(device));
    model_->begin_evaluation();
  }
  evaluated_stage_ = stage;
  evaluated_loader_ = loader;
  evaluated_ = &loaders(stage).at(loader);
  evaluated_batch_ = 0;
  in_evaluation([&] { evaluated_->start(0, 0); });
}

std::optional<loop::BatchInfo> TorchEngine::fetch_evaluation() {
  const std::uint64_t samples = evaluated_->upcoming();
  return samples == 0 ? std::nullopt : std::optional(loop::BatchInfo{samples});
}

void TorchEngine::take_evaluation() {
  evaluation_ = {};
  in_evaluation([&] {
    evaluation_ = evaluated_->read();
    convert(evaluation_, settings_.device, settings_.options.precision);
  });
}

void TorchEngine::evaluation_step() {
  in_evaluation([&] {
    const at::NoGradGuard no_gradients;
    RunningStep seen = step_;
    seen.optimizers = nullptr;
    const TaskStep step(*task_, seen);
    const Autocast autocast(settings_.options.precision, settings_.device.type());
    if (evaluated_stage_ == loop::Stage::test)
      task_->test_step(model_->module(), evaluation_);
    else if (evaluated_stage_ == loop::Stage::predict)
      keep_predictions(task_->predict_step(model_->module(), evaluation_));
    else
      task_->validation_step(model_->module(), evaluation_);
  });
  ++evaluated_batch_;
}

void TorchEngine::end_evaluation(loop::Stage) {
  evaluation_ = {};
  evaluated_->stop();
  model_->end_evaluation();
  const std::vector<at::Tensor> before = std::exchange(rng_before_evaluation_, {});
  for (std::size_t i = 0; i < before.size(); ++i) set_rng_state(random_devices(settings_.device)[i], before[i]);
}

void TorchEngine::keep_predictions(Predictions predictions) {
  const std::string behind = predict_.size() > 1 ? "/dataloader_idx_" + std::to_string(evaluated_loader_) : "";
  for (auto& [name, tensor] : predictions) {
    if (!tensor.defined() || tensor.dim() == 0 || tensor.size(0) != static_cast<std::int64_t>(evaluation_.samples))
      throw std::runtime_error("predict_step() gave '" + name + "' with " +
                               (tensor.defined() && tensor.dim() > 0 ? std::to_string(tensor.size(0)) : "no") +
                               " rows for a batch of " + std::to_string(evaluation_.samples) +
                               " samples; the first dimension must count the samples");
    predicted_[name + behind].push_back(tensor.to(at::kCPU).contiguous());
  }
}

std::vector<loop::EngineTensor> TorchEngine::predictions() {
  joined_predictions_.clear();
  for (auto& [name, batches] : predicted_) joined_predictions_.push_back({name, at::cat(batches)});
  std::vector<loop::EngineTensor> all;
  for (const NamedTensor& named : joined_predictions_) all.push_back({named.name, view_of(named.tensor)});
  return all;
}

void TorchEngine::load_weights(std::span<const loop::EngineTensor> weights, const std::string& from) {
  const at::NoGradGuard no_gradients;
  model_->load(weights, from);
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
    out.only_in_step = group == TENON_TENSORS_PARAMETERS && only_in_step_[index];
    out.source = named.tensor.unsafeGetTensorImpl();
    return out;
  }
  const at::Tensor& gradient = named.tensor.grad();
  out.present = gradient.defined();
  out.view = out.present ? view_of(gradient) : absent_view_of(named.tensor);
  return out;
}

}  // namespace tenon::torch_engine
