// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Training in a program of one's own: a network learns the sine from noisy points.
#include <ATen/ops/full.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/randn_like.h>
#include <ATen/ops/tanh.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/adamw.h>

#include <cstdio>
#include <tenon/task.hpp>
#include <tenon/trainer.hpp>

struct Curve : torch::nn::Module {
  at::Tensor forward(const at::Tensor& x) { return second(at::tanh(first(x))); }
  torch::nn::Linear first = register_module("first", torch::nn::Linear(1, 32));
  torch::nn::Linear second = register_module("second", torch::nn::Linear(32, 1));
};

class CurveTask : public tenon::TaskFor<Curve> {
 public:
  using TaskFor::TaskFor;
  std::shared_ptr<torch::nn::Module> make_model() override { return std::make_shared<Curve>(); }
  std::vector<tenon::NamedOptimizer> configure_optimizers(torch::nn::Module& model) override {
    return {std::make_shared<torch::optim::AdamW>(model.parameters(), torch::optim::AdamWOptions(0.01))};
  }
  tenon::Loader training_data() override { return {points(1000, 0.1), 50, true}; }
  std::vector<tenon::Loader> validation_data() override { return {{points(200, 0.0), 200}}; }

  at::Tensor training_step(Curve& curve, const tenon::Batch& batch) override {
    at::Tensor loss = at::mse_loss(curve.forward(batch[0]), batch[1]);
    log("train_loss", loss);
    return loss;
  }
  void validation_step(Curve& curve, const tenon::Batch& batch) override {
    log("val_loss", at::mse_loss(curve.forward(batch[0]), batch[1]));
  }

 private:
  static std::shared_ptr<tenon::TensorDataset> points(std::int64_t count, double noise) {
    const at::Tensor x = at::linspace(-3, 3, count).unsqueeze(1);
    return std::make_shared<tenon::TensorDataset>(std::vector{x, x.sin() + noise * at::randn_like(x)});
  }
};

// A callback of the program itself; in a library of its own it would be a plugin, without any change.
class Progress {
 public:
  static constexpr const char* id = "org.example.progress";
  static constexpr const char* name = "progress";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Prints the validation's loss";
  static constexpr const char* license = "Apache-2.0";

  explicit Progress(tenon::Host host) : metrics_(host), loss_(metrics_.monitor("val_loss")) {}
  void on_validation_end(const tenon_event_args& args) {
    std::printf("epoch %d: val_loss %.5f\n", static_cast<int>(args.progress->epoch), metrics_.read(loss_.metric).value);
  }

 private:
  tenon::Metrics metrics_;
  tenon::Monitor loss_;
};

int main(int argc, char** argv) try {
  tenon::TrainerOptions options;
  options.max_epochs = 15;
  options.seed = 7;

  tenon::Trainer trainer(options, argc > 1 ? argv[1] : "runs/embed");
  trainer.add_callback<Progress>();
  trainer.add_callback("checkpoint", "best", {{"monitor", "val_loss"}, {"save_top_k", 2}});
  const tenon::RunResult result = trainer.fit(std::make_unique<CurveTask>(trainer.task_context()));

  std::printf("%s", result.account.c_str());
  auto& curve = dynamic_cast<Curve&>(*result.model);
  std::printf("sin(1.5708) was learnt as %.2f\n", curve.forward(at::full({1, 1}, 1.5708)).item<double>());
  return static_cast<int>(result.exit_code);
} catch (const tenon::Failure& failure) {  // nothing was trained
  std::fprintf(stderr, "%s\n", failure.what());
  return static_cast<int>(failure.code());
}
