// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A task in one file: recognise handwritten digits with one hidden layer.
#include <ATen/ops/cross_entropy_loss.h>
#include <torch/optim/adamw.h>

#include <tenon/task.hpp>

#include "digits_data.hpp"
#include "mlp.hpp"

namespace {

class DigitsTask : public tenon::TaskFor<Mlp> {
 public:
  explicit DigitsTask(tenon::TaskContext given) : TaskFor(std::move(given)) {
    const auto* file = config().if_contains("data");
    const Digits all = read_digits(file != nullptr ? context().manifest_folder / file->as_string().c_str()
                                                   : context().library_folder / "digits.csv");
    split_ = split_digits(all, context().seed);
  }

  tenon::Loader training_data() override {
    return loader(split_.training, config().at("repeat").to_number<std::uint64_t>(), true);
  }
  std::vector<tenon::Loader> validation_data() override { return {loader(split_.validation, 1, false)}; }

  std::vector<tenon::Loader> test_data() override { return validation_data(); }
  std::vector<tenon::Loader> predict_data() override { return validation_data(); }

  std::vector<tenon::DeclaredMetric> metrics() const override {
    return {{"train_loss", tenon::Goal::minimize, tenon::Stage::train},
            {"val_loss", tenon::Goal::minimize, tenon::Stage::validation},
            {"val_acc", tenon::Goal::maximize, tenon::Stage::validation}};
  }

  std::shared_ptr<torch::nn::Module> make_model() override {
    return std::make_shared<Mlp>(config().at("hidden").to_number<std::int64_t>());
  }

  std::vector<tenon::NamedOptimizer> configure_optimizers(torch::nn::Module& model) override {
    return {std::make_shared<torch::optim::AdamW>(model.parameters(),
                                                  torch::optim::AdamWOptions(config().at("lr").to_number<double>()))};
  }

  at::Tensor training_step(Mlp& model, const tenon::Batch& batch) override {
    at::Tensor loss = at::cross_entropy_loss(model.forward(batch[0]), batch[1]);
    log("train_loss", loss, {.prog_bar = true});
    return loss;
  }

  void validation_step(Mlp& model, const tenon::Batch& batch) override {
    const at::Tensor scores = model.forward(batch[0]);
    log("val_loss", at::cross_entropy_loss(scores, batch[1]), {.prog_bar = true});
    log("val_acc", scores.argmax(1).eq(batch[1]).to(at::kDouble).mean(), {.prog_bar = true});
  }

  tenon::Predictions predict_step(Mlp& model, const tenon::Batch& batch) override {
    const at::Tensor scores = model.forward(batch[0]);
    return {{"digit", scores.argmax(1)}, {"label", batch[1]}, {"probability", scores.softmax(1)}};
  }

 private:
  tenon::Loader loader(const Digits& digits, std::uint64_t times, bool shuffle) const {
    return {.dataset = std::make_shared<RepeatedDigits>(digits, times),
            .batch_size = config().at("batch_size").to_number<std::uint64_t>(),
            .shuffle = shuffle};
  }

  Split split_;
};

}  // namespace

TENON_TASK(DigitsTask, "digits", "1.0.0", R"({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "hidden": {"type": "integer", "minimum": 1, "maximum": 65536, "default": 64, "description": "Neurons of the hidden layer."},
    "lr": {"type": "number", "exclusiveMinimum": 0, "default": 0.003, "description": "Learning rate of AdamW."},
    "batch_size": {"type": "integer", "minimum": 1, "default": 64, "description": "Samples of a batch."},
    "repeat": {"type": "integer", "minimum": 1, "default": 1, "description": "How often an epoch goes through the pictures."},
    "data": {"type": "string", "description": "A file to read instead of the one that is shipped; relative to the manifest."}
  }
})")
