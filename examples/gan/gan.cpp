// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Manual optimization: a generator that draws digits and a discriminator that tells them from real ones, each with an
// optimizer of its own, stepped by the task.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/randn.h>
#include <torch/optim/adam.h>

#include <algorithm>
#include <string_view>
#include <tenon/task.hpp>

#include "../digits/digits_data.hpp"
#include "networks.hpp"

namespace {

at::Tensor judged(const at::Tensor& scores, double real) {
  return at::binary_cross_entropy_with_logits(scores, at::full_like(scores, real));
}

/// Pictures of 8 x 8 beside one another, in characters from light to dark.
std::string drawn(const at::Tensor& pictures) {
  constexpr std::string_view ink = " .:-=+*#%@";
  std::string text;
  for (std::int64_t row = 0; row < 8; ++row) {
    for (std::int64_t picture = 0; picture < pictures.size(0); ++picture) {
      const float* pixel = pictures.const_data_ptr<float>() + picture * 64 + row * 8;
      for (std::int64_t i = 0; i < 8; ++i)
        text += ink[static_cast<std::size_t>(std::clamp(pixel[i], 0.0F, 1.0F) * static_cast<float>(ink.size() - 1))];
      text += "  ";
    }
    text += '\n';
  }
  return text;
}

class GanTask : public tenon::TaskFor<Gan> {
 public:
  explicit GanTask(tenon::TaskContext given) : TaskFor(std::move(given)) {
    split_ = split_digits(read_digits(context().library_folder / "digits.csv"), context().seed);
    // Always the same noise, so that one validation compares with another, and from a generator of its own, so that
    // LibTorch's goes on as if there had been none.
    at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(context().seed);
    validation_noise_ = at::randn({split_.validation.labels.size(0), integer("noise")}, generator);
  }

  bool manual_optimization() const override { return true; }

  tenon::Loader training_data() override {
    return {.dataset = std::make_shared<RepeatedDigits>(split_.training, static_cast<std::uint64_t>(integer("repeat"))),
            .batch_size = static_cast<std::uint64_t>(integer("batch_size")),
            .shuffle = true,
            .drop_last = true};
  }
  // One batch: how far two sets of pictures are apart is no mean over parts of them.
  std::vector<tenon::Loader> validation_data() override {
    const auto all = static_cast<std::uint64_t>(split_.validation.labels.size(0));
    return {{.dataset = std::make_shared<RepeatedDigits>(split_.validation, 1), .batch_size = all}};
  }

  std::vector<tenon::DeclaredMetric> metrics() const override {
    return {{"d_loss", tenon::Goal::none, tenon::Stage::train},
            {"g_loss", tenon::Goal::none, tenon::Stage::train},
            {"val_distance", tenon::Goal::minimize, tenon::Stage::validation}};
  }

  std::shared_ptr<torch::nn::Module> make_model() override {
    return std::make_shared<Gan>(integer("noise"), integer("hidden"));
  }

  std::vector<tenon::NamedOptimizer> configure_optimizers(torch::nn::Module& model) override {
    auto& gan = dynamic_cast<Gan&>(model);
    const auto options = torch::optim::AdamOptions(config().at("lr").to_number<double>()).betas({0.5, 0.999});
    return {{"generator", std::make_shared<torch::optim::Adam>(gan.generator->parameters(), options)},
            {"discriminator", std::make_shared<torch::optim::Adam>(gan.discriminator->parameters(), options)}};
  }

  at::Tensor training_step(Gan& gan, const tenon::Batch& batch) override {
    tenon::OptimizerHandle generator = optimizer(0), discriminator = optimizer(1);
    const at::Tensor real = batch[0];
    const at::Tensor made = gan.generator->forward(at::randn({real.size(0), integer("noise")}, real.options()));

    const at::Tensor d_loss =
        judged(gan.discriminator->forward(real), 0.9) + judged(gan.discriminator->forward(made.detach()), 0.0);
    discriminator.zero_grad();
    backward(d_loss);
    discriminator.step();

    const at::Tensor g_loss = judged(gan.discriminator->forward(made), 1.0);
    generator.zero_grad();
    backward(g_loss);
    generator.step();

    log("d_loss", d_loss, {.prog_bar = true});
    log("g_loss", g_loss, {.prog_bar = true});
    return {};
  }

  void validation_step(Gan& gan, const tenon::Batch& batch) override {
    const at::Tensor real = batch[0];
    const at::Tensor made = gan.generator->forward(validation_noise_.to(real.options()));
    log("val_distance", (made.mean(0) - real.mean(0)).norm() + (made.std(0) - real.std(0)).norm(), {.prog_bar = true});
    record_text("made", drawn(made.slice(0, 0, 8).to(at::kCPU, at::kFloat).contiguous()));
  }

 private:
  std::int64_t integer(const char* key) const { return config().at(key).to_number<std::int64_t>(); }

  Split split_;
  at::Tensor validation_noise_;
};

}  // namespace

TENON_TASK(GanTask, "gan", "1.0.0", R"({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "noise": {"type": "integer", "minimum": 1, "maximum": 65536, "default": 16, "description": "Random numbers that a picture is made of."},
    "hidden": {"type": "integer", "minimum": 1, "maximum": 65536, "default": 128, "description": "Neurons of each hidden layer."},
    "lr": {"type": "number", "exclusiveMinimum": 0, "default": 0.0005, "description": "Learning rate of both Adams."},
    "batch_size": {"type": "integer", "minimum": 1, "default": 64, "description": "Real pictures of a batch, and made ones."},
    "repeat": {"type": "integer", "minimum": 1, "default": 1, "description": "How often an epoch goes through the pictures."}
  }
})")
