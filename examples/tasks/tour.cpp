// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The Task API, part by part, on a model that learns which letter follows eight others; quoted by framework/TASKS.md.
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/tanh.h>
#include <torch/data/datasets/base.h>
#include <torch/data/datasets/map.h>
#include <torch/data/transforms/stack.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/adamw.h>

#include <string_view>
#include <tenon/schedulers.hpp>
#include <tenon/task.hpp>
#include <tenon/torch_data.hpp>

namespace {

constexpr std::string_view text =
    "to be or not to be that is the question whether tis nobler in the mind to suffer the slings and arrows of "
    "outrageous fortune or to take arms against a sea of troubles and by opposing end them";
constexpr std::int64_t letters = 27;  // of the alphabet, and the space
constexpr std::int64_t length = 8;    // of what the model sees

std::int64_t number_of(char letter) { return letter == ' ' ? 0 : letter - 'a' + 1; }

/// The numbers of the letters from `start` on (int64 [length]), and of the one that follows them (int64 []).
tenon::Example window(std::size_t start) {
  at::Tensor seen = at::empty({length}, at::kLong);
  auto* place = seen.mutable_data_ptr<std::int64_t>();
  for (const char letter : text.substr(start, length)) *place++ = number_of(letter);
  return {seen, at::scalar_tensor(number_of(text[start + length]), at::kLong)};
}

class NoisyWindows : public tenon::Dataset {
 public:
  explicit NoisyWindows(double noise) : noise_(noise) {}

  std::uint64_t size() const override { return text.size() - length; }

  tenon::Example get(std::uint64_t index, tenon::Random& random) override {
    tenon::Example example = window(index);
    auto* letter = example[0].mutable_data_ptr<std::int64_t>();
    for (std::int64_t i = 0; i < length; ++i)
      if (random.uniform() < noise_) letter[i] = static_cast<std::int64_t>(random.below(letters));
    return example;
  }

 private:
  double noise_;
};

class TextStream : public tenon::Stream {
 public:
  void start(std::uint64_t /*epoch*/, tenon::Random /*random*/) override { position_ = 0; }

  std::optional<tenon::Example> next(tenon::Random& /*random*/) override {
    if (position_ + length >= text.size()) return std::nullopt;
    return window(position_++);
  }

 private:
  std::size_t position_ = 0;
};

class TorchWindows : public torch::data::datasets::Dataset<TorchWindows> {
 public:
  torch::data::Example<> get(std::size_t index) override {
    const tenon::Example example = window(index);
    return {example[0], example[1]};
  }
  std::optional<std::size_t> size() const override { return text.size() - length; }
};

struct NextLetter : torch::nn::Module {
  explicit NextLetter(std::int64_t width)
      : embedding(register_module("embedding", torch::nn::Embedding(letters, width))),
        hidden(register_module("hidden", torch::nn::Linear(length * width, width))),
        // Tied: one tensor under two names.
        output_weight(register_parameter("output_weight", embedding->weight)),
        // Frozen: it needs no gradient.
        position(register_parameter("position", 0.1 * at::randn({length, width}), /*requires_grad=*/false)) {}

  at::Tensor forward(const at::Tensor& seen) {
    const at::Tensor x = embedding(seen) + position;
    return at::linear(at::tanh(hidden(x.flatten(1))), output_weight);
  }

  torch::nn::Embedding embedding;
  torch::nn::Linear hidden;
  at::Tensor output_weight;
  at::Tensor position;
};

class Tour : public tenon::TaskFor<NextLetter> {
 public:
  using TaskFor::TaskFor;

  std::shared_ptr<torch::nn::Module> make_model() override {
    return std::make_shared<NextLetter>(config().at("width").to_number<std::int64_t>());
  }

  std::vector<tenon::NamedOptimizer> configure_optimizers(torch::nn::Module& model) override {
    using torch::optim::AdamWOptions;
    std::vector<at::Tensor> matrices, biases;
    for (const at::Tensor& parameter : model.parameters())
      (parameter.dim() > 1 ? matrices : biases).push_back(parameter);

    const double lr = config().at("lr").to_number<double>();
    std::vector<torch::optim::OptimizerParamGroup> groups;
    groups.emplace_back(matrices, std::make_unique<AdamWOptions>(AdamWOptions(lr).weight_decay(0.1)));
    groups.emplace_back(biases, std::make_unique<AdamWOptions>(AdamWOptions(lr).weight_decay(0.0)));
    return {{"main", std::make_shared<torch::optim::AdamW>(std::move(groups), AdamWOptions(lr)), schedule(lr)}};
  }

  tenon::Loader training_data() override {
    const std::string_view data = config().at("data").as_string();
    if (data == "stream") return {.batch_size = 32, .stream = std::make_shared<TextStream>()};
    if (data == "torch_data")
      return {.dataset = tenon::from_torch_data(TorchWindows().map(torch::data::transforms::Stack<>())),
              .batch_size = 32,
              .shuffle = true};
    return {.dataset = std::make_shared<NoisyWindows>(0.05), .batch_size = 32, .shuffle = true, .workers = 2};
  }

  // Of the text that it is trained on: so little text holds nothing to generalise from.
  std::vector<tenon::Loader> validation_data() override {
    return {{.dataset = std::make_shared<NoisyWindows>(0.0), .batch_size = 64},
            {.dataset = std::make_shared<NoisyWindows>(0.2), .batch_size = 64}};
  }

  std::vector<tenon::Loader> test_data() override { return validation_data(); }

  std::vector<tenon::Loader> predict_data() override {
    return {{.dataset = std::make_shared<NoisyWindows>(0.0), .batch_size = 64}};
  }

  std::vector<tenon::DeclaredMetric> metrics() const override {
    return {{"train_loss", tenon::Goal::minimize, tenon::Stage::train},
            {"val_loss", tenon::Goal::minimize, tenon::Stage::validation},
            {"val_acc", tenon::Goal::maximize, tenon::Stage::validation}};
  }

  at::Tensor training_step(NextLetter& model, const tenon::Batch& batch) override {
    at::Tensor loss = at::cross_entropy_loss(model.forward(batch[0]), batch[1]);
    log("train_loss", loss, {.prog_bar = true});
    return loss;
  }

  void validation_step(NextLetter& model, const tenon::Batch& batch) override {
    const at::Tensor scores = model.forward(batch[0]);
    log("val_loss", at::cross_entropy_loss(scores, batch[1]), {.prog_bar = true});
    log("val_acc", scores.argmax(1).eq(batch[1]).to(at::kFloat).mean(), {.prog_bar = true});
  }

  tenon::Predictions predict_step(NextLetter& model, const tenon::Batch& batch) override {
    const at::Tensor scores = model.forward(batch[0]);
    return {{"letter", scores.argmax(1)}, {"probability", scores.softmax(1).amax(1)}};
  }

 private:
  tenon::Schedule schedule(double lr) const {
    const std::string_view name = config().at("schedule").as_string();
    // Half the learning rate after every tenth epoch.
    if (name == "epoch") return {.scheduler = tenon::make_scheduler<tenon::StepLR>({.step_size = 10, .gamma = 0.5})};
    // A little less after every optimizer step.
    if (name == "step")
      return {.scheduler = tenon::make_scheduler<tenon::ExponentialLR>({.gamma = 0.995}),
              .interval = tenon::Every::step};
    // Half of it when three validations in a row were no better.
    if (name == "plateau")
      return {.scheduler = tenon::make_scheduler<tenon::ReduceLROnPlateau>({.factor = 0.5, .patience = 2}),
              .monitor = "val_loss/dataloader_idx_0"};
    // Up in 20 optimizer steps, then down along half a cosine in 220.
    auto cosine = tenon::make_scheduler<tenon::CosineAnnealingLR>({.T_max = 220, .eta_min = 0.1 * lr});
    return {.scheduler = tenon::warm_up(20, cosine), .interval = tenon::Every::step};
  }
};

}  // namespace

TENON_TASK(Tour, "tour", "1.0.0", R"({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "width": {"type": "integer", "minimum": 1, "maximum": 4096, "default": 32, "description": "Numbers for each letter."},
    "lr": {"type": "number", "exclusiveMinimum": 0, "default": 0.01, "description": "Learning rate of AdamW."},
    "data": {"enum": ["windows", "stream", "torch_data"], "default": "windows", "description": "How the text is read."},
    "schedule": {"enum": ["epoch", "step", "plateau", "warm_up_cosine"], "default": "epoch"}
  }
})")
