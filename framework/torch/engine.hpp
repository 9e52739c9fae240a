// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_ENGINE_HPP
#define TENON_TORCH_ENGINE_HPP

#include <c10/core/Device.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tenon/task.hpp>
#include <vector>

#include "loop/engine.hpp"
#include "torch/batch_reader.hpp"
#include "torch/device_copy.hpp"
#include "torch/model.hpp"
#include "torch/module_tree.hpp"
#include "torch/optimizers.hpp"
#include "torch/precision.hpp"
#include "torch/running_step.hpp"
#include "torch/schedules.hpp"
#include "torch/uncounted_steps.hpp"

namespace tenon::torch_engine {

class ForwardWatch;
class Restoration;
class SavedTensors;

/// How a TorchEngine trains or evaluates.
struct EngineSettings {
  loop::Stage stage = loop::Stage::train;  ///< train, validation, test or predict
  TrainerOptions options;
  c10::Device device{c10::kCPU};
};

/// Trains or evaluates a task's model with LibTorch. An error's message is the task's; the loop adds epoch, batch and
/// what was being done.
class TorchEngine final : public loop::Engine {
 public:
  /// Makes data, model and optimizers, the model right after LibTorch's generator was seeded, so that its weights are a
  /// function of the seed and of make_model alone. Throws Failure (ExitCode::task) with what the task threw.
  TorchEngine(std::unique_ptr<Task> task, std::string task_name, EngineSettings settings = {});
  ~TorchEngine() override;

  const loop::EngineFacts& facts() const override { return facts_; }
  void start_run(loop::MetricSink& metrics, loop::StepListener& listener) override;
  void start_epoch(std::uint64_t epoch, std::uint64_t skip) override;
  std::optional<loop::BatchInfo> fetch() override;
  void take() override;
  void training_step() override;
  bool loss_is_finite() override;
  void backward(double scale) override;
  void clip_gradients(std::uint32_t optimizer) override;
  void optimizer_step(std::uint32_t optimizer, const std::function<void()>& evaluate_again) override;
  void zero_grad(std::uint32_t optimizer) override { optimizers_->zero_grad(optimizer); }
  void step_schedulers(loop::ScheduleMoment moment, const loop::MetricReader& metrics) override;

  std::optional<loop::OptimizerInfo> optimizer_info(std::uint32_t optimizer) override;
  std::string_view optimizer_option_name(std::uint32_t optimizer, std::uint32_t index) override;
  double optimizer_option(std::uint32_t optimizer, std::uint32_t group, std::uint32_t index) override;
  std::string optimizer_option_refusal(std::uint32_t optimizer, std::uint32_t index, double value) override;
  void set_optimizer_option(std::uint32_t optimizer, std::uint32_t group, std::uint32_t index, double value) override;
  std::vector<std::uint64_t> optimizer_parameters(std::uint32_t optimizer, std::uint32_t group) override;
  void check_uncounted_steps(std::uint64_t batch) override;
  std::vector<loop::ModuleInfo> modules() override { return module_tree(model_->module()); }

  void start_evaluation(loop::Stage stage, std::uint32_t loader) override;
  std::optional<loop::BatchInfo> fetch_evaluation() override;
  void take_evaluation() override;
  void evaluation_step() override;
  void end_evaluation(loop::Stage stage) override;

  void load_weights(std::span<const loop::EngineTensor> weights, const std::string& from) override;
  std::vector<loop::EngineTensor> predictions() override;

  std::uint64_t tensor_count(std::int32_t group) override;
  loop::EngineTensor tensor(std::int32_t group, std::uint64_t index) override;
  boost::json::object aliases() override;
  void training_state(std::vector<loop::EngineTensor>& out, boost::json::object& document) override;
  std::vector<std::string> restore(const loop::EngineState& state, std::uint32_t parts,
                                   const std::string& from) override;
  void stepped_tensors(std::vector<loop::EngineTensor>& out) override;
  std::unique_ptr<loop::HeldTensors> hold(std::span<const loop::EngineTensor> tensors) override;
  std::unique_ptr<loop::DeviceCopy> begin_copies(std::span<const loop::CopyOut> copies) override;
  std::shared_ptr<std::byte> memory_for_copies(std::size_t bytes) override;
  void copy_out(const tenon_tensor_view& tensor, void* to) override { copy_row_major(tensor, to); }

  Model& model() noexcept { return *model_; }

 private:
  template <class Body>
  void in_step(const Body& body);
  template <class Body>
  void in_evaluation(const Body& body);

  void read_data();
  std::vector<BatchReader>& loaders(loop::Stage stage);
  [[noreturn]] void refuse_loss(const ForwardWatch& watch);
  boost::json::object data_document() const;
  bool host_steps() const noexcept { return !facts_.manual_optimization && !facts_.closure; }
  boost::json::object machine() const;
  void restore_model(const loop::EngineState& state, bool convert, Restoration& restoration);
  void restore_gradients(SavedTensors& saved, Restoration& restoration);
  void restore_rng(SavedTensors& saved, Restoration& restoration) const;
  void restore_data(const boost::json::object& document, Restoration& restoration);
  void restore_task(const boost::json::object& document, SavedTensors& saved, Restoration& restoration,
                    const std::string& from);
  void keep_predictions(Predictions predictions);

  std::unique_ptr<Task> task_;
  std::string name_;
  EngineSettings settings_;
  DefaultType default_type_;
  loop::EngineFacts facts_;
  std::optional<BatchReader> training_;
  std::vector<BatchReader> validation_, test_, predict_;
  std::optional<DeviceCopies> device_copies_;  // where the model is not in main memory
  std::optional<Model> model_;
  std::optional<Optimizers> optimizers_;
  std::optional<Schedules> schedules_;
  std::vector<std::vector<at::Tensor>> clipped_;  // parameters, by optimizer
  std::vector<bool> only_in_step_;  // of the model's parameters: an optimizer alone changes them, and the host steps it
  std::optional<UncountedSteps> uncounted_;  // under manual optimization
  RunningStep step_;

  Batch current_;
  at::Tensor loss_;
  at::Tensor closure_loss_;  // of the evaluation that an optimizer with a closure is asking for
  double gradient_scale_ = 1.0;
  at::Tensor gradient_;  // of the loss, gradient_scale_ as a tensor

  BatchReader* evaluated_ = nullptr;
  loop::Stage evaluated_stage_ = loop::Stage::validation;
  std::uint32_t evaluated_loader_ = 0;
  std::uint64_t evaluated_batch_ = 0;
  Batch evaluation_;
  std::vector<at::Tensor> rng_before_evaluation_;  // of each of random_devices(), while an evaluation runs

  std::map<std::string, std::vector<at::Tensor>> predicted_;  // batches, by name
  std::vector<NamedTensor> joined_predictions_;

  std::vector<NamedTensor> state_;  // owns what training_state() gave views of
};

}  // namespace tenon::torch_engine

#endif
