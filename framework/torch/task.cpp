// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <tenon/task.hpp>

#include "torch/gradients.hpp"
#include "torch/optimizers.hpp"
#include "torch/running_step.hpp"

namespace tenon {
namespace {

double number_of(std::string_view name, const at::Tensor& value) {
  if (!value.defined() || value.numel() != 1)
    throw std::invalid_argument("metric '" + std::string(name) + "' is logged with a tensor of " +
                                std::to_string(value.defined() ? value.numel() : 0) +
                                " numbers: reduce it to one first");
  // The dispatcher's item() costs more than all the rest of logging.
  if (value.is_cpu() && value.scalar_type() == at::kFloat) return static_cast<double>(*value.const_data_ptr<float>());
  if (value.is_cpu() && value.scalar_type() == at::kDouble) return *value.const_data_ptr<double>();
  return value.item().toDouble();
}

}  // namespace

Task::~Task() = default;

void Task::validation_step(torch::nn::Module&, const Batch&) {}
std::vector<Loader> Task::validation_data() { return {}; }
std::vector<DeclaredMetric> Task::metrics() const { return {}; }
boost::json::object Task::hparams() const { return context_.config; }

void Task::load_state(const TaskState&) {
  throw std::logic_error("the checkpoint keeps a state of the task, but the task has no load_state() to take it over");
}

void Task::test_step(torch::nn::Module& model, const Batch& batch) { validation_step(model, batch); }
std::vector<Loader> Task::test_data() { return {}; }
std::vector<Loader> Task::predict_data() { return {}; }

Predictions Task::predict_step(torch::nn::Module&, const Batch&) {
  throw std::logic_error("the task has no predict_step(); implement it to use `tenon predict`");
}

void Task::log(std::string_view name, double value, const LogOptions& options) {
  if (step_ != nullptr && step_->metrics != nullptr) step_->metrics->log(name, value, options);
}

void Task::log(std::string_view name, const at::Tensor& value, const LogOptions& options) {
  if (step_ != nullptr && step_->metrics != nullptr) step_->metrics->log(name, number_of(name, value), options);
}

void Task::record_text(std::string_view name, std::string_view text, std::string_view media_type) {
  if (step_ != nullptr && step_->listener != nullptr)
    step_->listener->record({TENON_RECORD_TEXT, name, media_type, text, nullptr});
}

torch_engine::RunningStep& Task::manual_step(const char* what) const {
  if (step_ != nullptr && step_->optimizers != nullptr) return *step_;
  throw std::logic_error(std::string(what) +
                         " is for training_step() under manual optimization alone: let manual_optimization() return "
                         "true, or leave it to the host");
}

std::vector<OptimizerHandle> Task::optimizers() {
  std::vector<OptimizerHandle> handles;
  const std::uint32_t count = manual_step("optimizers()").optimizers->count();
  for (std::uint32_t i = 0; i < count; ++i) handles.emplace_back(*this, i);
  return handles;
}

void Task::backward(const at::Tensor& loss) {
  torch_engine::RunningStep& step = manual_step("backward()");
  step.listener->before_backward();
  loss.backward();
  step.listener->after_backward();
}

void Task::count_step() {
  torch_engine::RunningStep& step = manual_step("count_step()");
  step.uncounted->all_counted();
  step.listener->count_step();
}

void OptimizerHandle::step() { step({}); }

void OptimizerHandle::step(const std::function<at::Tensor()>& closure) {
  torch_engine::RunningStep& step = task_->manual_step("optimizer(i).step()");
  step.optimizers->check_index(index_);
  step.listener->before_optimizer_step(index_);
  step.optimizers->step(index_, closure);
  step.uncounted->counted(index_);
  step.listener->after_optimizer_step(index_);
}

void OptimizerHandle::zero_grad() {
  torch_engine::RunningStep& step = task_->manual_step("optimizer(i).zero_grad()");
  step.optimizers->check_index(index_);
  step.listener->before_zero_grad(index_);
  step.optimizers->zero_grad(index_);
}

void OptimizerHandle::clip_gradients(double bound, ClipAlgorithm algorithm) {
  torch_engine::RunningStep& step = task_->manual_step("optimizer(i).clip_gradients()");
  step.optimizers->check_index(index_);
  std::vector<at::Tensor> parameters;
  for (const torch_engine::NamedTensor& named : step.optimizers->parameters(index_)) parameters.push_back(named.tensor);
  torch_engine::clip_gradients(parameters, bound, algorithm);
}

}  // namespace tenon
