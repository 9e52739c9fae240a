// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "trainer_turns.hpp"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <torch/nn/module.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adamw.h>

#include <filesystem>
#include <stdexcept>
#include <tenon/task.hpp>
#include <tenon/trainer.hpp>

#include "process.hpp"
#include "report.hpp"
#include "torch/data_order.hpp"

namespace tenon::benchmarks {
namespace {

std::shared_ptr<torch::optim::AdamW> optimizer_of(torch::nn::Module& model) {
  return std::make_shared<torch::optim::AdamW>(model.parameters(), torch::optim::AdamWOptions(0.001));
}

/// What a LibTorch user writes by hand.
class RawTraining {
 public:
  RawTraining(const TrainedModel& which, const TrainerOptions& options)
      : which_(which),
        options_(options),
        model_((at::manual_seed(7), which.make())),
        optimizer_(optimizer_of(*model_)) {
    order_ = at::arange(static_cast<std::int64_t>(which.data->size()));
    torch_engine::shuffled_order(7, 0, {order_.mutable_data_ptr<std::int64_t>(), which.data->size()});
  }

  void run(std::uint64_t steps) {
    const bool mixed = options_.precision == Precision::bf16_mixed;
    const std::uint64_t group = options_.accumulate_grad_batches;
    for (; steps > 0; --steps) {
      for (std::uint64_t i = 0; i < group; ++i) {
        const auto size = static_cast<std::int64_t>(which_.batch_size);
        if (first_ + size > static_cast<std::int64_t>(which_.data->size())) first_ = 0;
        const Batch batch = which_.data->get_batch(order_.slice(0, first_, first_ + size), {7, 0});
        first_ += size;
        if (mixed) at::autocast::set_autocast_enabled(at::kCPU, true);
        at::Tensor loss = which_.loss(*model_, batch);
        if (mixed) {
          at::autocast::clear_cache();
          at::autocast::set_autocast_enabled(at::kCPU, false);
        }
        if (group > 1) loss = loss / static_cast<double>(group);
        loss.backward();
      }
      if (options_.gradient_clip_val)
        torch::nn::utils::clip_grad_norm_(model_->parameters(), *options_.gradient_clip_val);
      optimizer_->step();
      optimizer_->zero_grad();
    }
  }

 private:
  const TrainedModel& which_;
  const TrainerOptions& options_;
  std::shared_ptr<torch::nn::Module> model_;
  std::shared_ptr<torch::optim::AdamW> optimizer_;
  at::Tensor order_;
  std::int64_t first_ = 0;
};

class BenchmarkTask : public Task {
 public:
  BenchmarkTask(TaskContext context, const TrainedModel& which) : Task(std::move(context)), which_(which) {}
  std::shared_ptr<torch::nn::Module> make_model() override { return which_.make(); }
  std::vector<NamedOptimizer> configure_optimizers(torch::nn::Module& model) override { return {optimizer_of(model)}; }
  Loader training_data() override { return {which_.data, which_.batch_size, true}; }
  std::vector<Loader> validation_data() override { return {{which_.data, which_.batch_size}}; }
  at::Tensor training_step(torch::nn::Module& model, const Batch& batch) override {
    at::Tensor loss = which_.loss(model, batch);
    log("train_loss", loss);
    return loss;
  }
  void validation_step(torch::nn::Module& model, const Batch& batch) override {
    log("val_loss", which_.loss(model, batch));
  }

 private:
  const TrainedModel& which_;
};

struct Stopwatch {
  std::function<void(std::uint64_t step)> after_step;
  double validation_start = 0, validation_seconds = 0;
};
Stopwatch* stopwatch = nullptr;

/// Hands each step's end to the stopwatch, last in the chain.
class Turn {
 public:
  static constexpr const char* id = "org.tenon.benchmarks.turn";
  static constexpr const char* name = "turn";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Takes turns with a hand-written loop";
  static constexpr const char* license = "Apache-2.0";

  explicit Turn(Host) {}
  void on_train_batch_end(const tenon_batch_args& args) {
    if ((args.flags & TENON_BATCH_STEPPED) && stopwatch->after_step) stopwatch->after_step(args.progress->step);
  }
  void on_validation_start(const tenon_event_args&) { stopwatch->validation_start = seconds(); }
  void on_validation_end(const tenon_event_args&) {
    stopwatch->validation_seconds = seconds() - stopwatch->validation_start;
  }
};

void train(const TrainedModel& which, const TrainerOptions& options) {
  const std::filesystem::path folder = std::filesystem::path(TENON_BINARY_DIR) / "benchmarks/trainer_run";
  std::filesystem::remove_all(folder);
  Trainer trainer(options, folder);
  trainer.add_plugin_folder(std::filesystem::path(TENON_BINARY_DIR) / "plugins");
  trainer.add_callback("csv_logger").add_callback("checkpoint", "last", {{"save_last", true}, {"save_top_k", 0}});
  trainer.add_callback<Turn>();
  const RunResult result = trainer.fit(std::make_unique<BenchmarkTask>(trainer.task_context(), which));
  if (result.exit_code != ExitCode::ok) throw std::runtime_error(which.name + ": " + result.detail);
  std::filesystem::remove_all(folder);
}

}  // namespace

Turns take_turns(const TrainedModel& which, TrainerOptions options, std::uint64_t steps, std::uint64_t turns) {
  at::set_num_threads(1);
  at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
  RawTraining raw(which, options);
  options.max_steps = steps * (turns + 1);
  options.limit_val_batches = BatchLimit::batches(0);
  options.threads = 1;
  options.seed = 7;
  std::vector<double> raw_rates, rates, ratios;
  double started = 0;
  Stopwatch watch;
  watch.after_step = [&](std::uint64_t step) {
    if (step % steps != 0) return;
    const double own = seconds() - started;
    const double raw_start = seconds();
    raw.run(steps);
    const double by_hand = seconds() - raw_start;
    if (step > steps) {
      rates.push_back(static_cast<double>(steps) / own);
      raw_rates.push_back(static_cast<double>(steps) / by_hand);
      ratios.push_back(by_hand / own);
    }
    started = seconds();
  };
  stopwatch = &watch;
  train(which, options);
  return {median(raw_rates), median(rates), median(ratios)};
}

double us_per_validation_batch(const TrainedModel& which) {
  at::set_num_threads(1);
  constexpr std::uint64_t batches = 4000;
  TrainerOptions options;
  options.max_epochs = 1;
  options.threads = 1;
  options.num_sanity_val_steps = 0;
  options.limit_train_batches = BatchLimit::batches(1);
  options.limit_val_batches = BatchLimit::batches(batches);
  std::vector<double> beyond;
  for (int round = 0; round < 5; ++round) {
    Stopwatch watch;
    stopwatch = &watch;
    train(which, options);
    const std::shared_ptr<torch::nn::Module> model = which.make();
    model->eval();
    const at::NoGradGuard no_gradients;
    const at::Tensor order = at::arange(static_cast<std::int64_t>(which.data->size()));
    double sum = 0;
    const double start = seconds();
    for (std::uint64_t i = 0; i < batches; ++i) {
      const auto first = static_cast<std::int64_t>(i * which.batch_size);
      const Batch batch =
          which.data->get_batch(order.slice(0, first, first + static_cast<std::int64_t>(which.batch_size)), {7, 0});
      sum += which.loss(*model, batch).item<double>();
    }
    const double raw = seconds() - start;
    if (!(sum > 0)) throw std::runtime_error("the hand-written validation gave no loss");
    beyond.push_back(1e6 * (watch.validation_seconds - raw) / static_cast<double>(batches));
  }
  return median(beyond);
}

}  // namespace tenon::benchmarks
