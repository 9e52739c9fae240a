// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A language model of characters: a small transformer that learns which character follows, and writes text of its own
// after each validation.
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/tensor.h>
#include <torch/optim/adamw.h>

#include <stdexcept>
#include <tenon/random.hpp>
#include <tenon/schedulers.hpp>
#include <tenon/task.hpp>

#include "text_data.hpp"
#include "transformer.hpp"

namespace {

class CharLm : public tenon::TaskFor<Transformer> {
 public:
  explicit CharLm(tenon::TaskContext given) : TaskFor(std::move(given)) {
    sizes_.window = integer("window");
    sizes_.layers = integer("layers");
    sizes_.heads = integer("heads");
    sizes_.width = integer("width");
    sizes_.dropout = config().at("dropout").to_number<double>();
    if (sizes_.width % sizes_.heads != 0)
      throw std::runtime_error("\"width\" " + std::to_string(sizes_.width) + " is not a multiple of \"heads\" " +
                               std::to_string(sizes_.heads) + "; give one that is");

    const auto* file = config().if_contains("data");
    text_ = read_text(file != nullptr ? context().manifest_folder / file->as_string().c_str()
                                      : context().library_folder / "tinyshakespeare.txt",
                      20 * (static_cast<std::uint64_t>(sizes_.window) + 1));
    sizes_.characters = static_cast<std::int64_t>(text_.characters.size());
    for (const char c : config().at("prompt").as_string()) prompt_.push_back(text_.number(c));
  }

  // The text's last tenth is for validation.
  tenon::Loader training_data() override {
    return {.dataset = windows(text_.numbers.slice(0, 0, border()), true), .batch_size = batch_size(), .shuffle = true};
  }
  std::vector<tenon::Loader> validation_data() override {
    return {{.dataset = windows(text_.numbers.slice(0, border()), false), .batch_size = batch_size()}};
  }
  std::vector<tenon::Loader> test_data() override { return validation_data(); }

  std::vector<tenon::DeclaredMetric> metrics() const override {
    return {{"train_loss", tenon::Goal::minimize, tenon::Stage::train},
            {"val_loss", tenon::Goal::minimize, tenon::Stage::validation}};
  }

  std::shared_ptr<torch::nn::Module> make_model() override { return std::make_shared<Transformer>(sizes_); }

  std::vector<tenon::NamedOptimizer> configure_optimizers(torch::nn::Module& model) override {
    const auto options = torch::optim::AdamWOptions(config().at("lr").to_number<double>())
                             .betas({0.9, 0.99})
                             .weight_decay(config().at("weight_decay").to_number<double>());
    const std::int64_t warm = integer("warmup_steps"), total = integer("schedule_steps");
    if (warm >= total)
      throw std::runtime_error("\"warmup_steps\" " + std::to_string(warm) + " is not less than \"schedule_steps\" " +
                               std::to_string(total) + "; the learning rate would never fall");
    auto cosine = tenon::make_scheduler<tenon::CosineAnnealingLR>(
        {.T_max = total - warm, .eta_min = 0.1 * config().at("lr").to_number<double>()});
    return {{"main", std::make_shared<torch::optim::AdamW>(model.parameters(), options),
             tenon::Schedule{.scheduler = tenon::warm_up(warm, cosine, 0.01), .interval = tenon::Every::step}}};
  }

  at::Tensor training_step(Transformer& model, const tenon::Batch& batch) override {
    at::Tensor loss = loss_of(model, batch);
    log("train_loss", loss, {.prog_bar = true});
    sample_is_due_ = true;
    return loss;
  }

  void validation_step(Transformer& model, const tenon::Batch& batch) override {
    log("val_loss", loss_of(model, batch), {.prog_bar = true});
    if (!sample_is_due_) return;
    record_text("sample", sampled(model));
    sample_is_due_ = false;
  }

 private:
  std::int64_t integer(const char* key) const { return config().at(key).to_number<std::int64_t>(); }
  std::uint64_t batch_size() const { return config().at("batch_size").to_number<std::uint64_t>(); }
  std::int64_t border() const { return text_.numbers.size(0) * 9 / 10; }
  std::shared_ptr<TextWindows> windows(at::Tensor numbers, bool shifted) const {
    return std::make_shared<TextWindows>(std::move(numbers), sizes_.window, shifted);
  }

  at::Tensor loss_of(Transformer& model, const tenon::Batch& batch) const {
    return at::cross_entropy_loss(model.forward(batch[0]).flatten(0, 1), batch[1].flatten());
  }

  /// Text in the model's own words, after the prompt. The numbers that decide come from a generator of its own:
  /// LibTorch's goes on as if nothing had been sampled.
  std::string sampled(Transformer& model) const {
    std::vector<std::int64_t> written = prompt_;
    tenon::Random random = tenon::Random::of({context().seed, 0x73616du /* "sam" */});
    const auto window = static_cast<std::size_t>(sizes_.window);
    for (std::int64_t i = integer("sample_length"); i > 0; --i) {
      const std::size_t first = written.size() - std::min(written.size(), window);
      const at::Tensor last = at::tensor(at::ArrayRef<std::int64_t>(written).slice(first), at::kLong);
      const at::Tensor scores = model.forward(last.unsqueeze(0).to(at::Device(device()))).select(1, -1).squeeze(0);
      written.push_back(drawn(scores.to(at::kCPU, at::kFloat).softmax(0), random.uniform()));
    }
    std::string text;
    for (const std::int64_t number : written) text.push_back(text_.characters[static_cast<std::size_t>(number)]);
    return text;
  }

  static std::int64_t drawn(const at::Tensor& probabilities, double share) {
    const float* p = probabilities.const_data_ptr<float>();
    std::int64_t number = 0;
    for (const std::int64_t last = probabilities.size(0) - 1; number < last; ++number) {
      share -= static_cast<double>(p[number]);
      if (share < 0) break;
    }
    return number;
  }

  TransformerSizes sizes_;
  Text text_;
  std::vector<std::int64_t> prompt_;
  bool sample_is_due_ = true;  // one text for each validation, whatever the number of its batches
};

}  // namespace

TENON_TASK(CharLm, "char_lm", "1.0.0", R"({
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "window": {"type": "integer", "minimum": 2, "maximum": 65536, "default": 64, "description": "Characters that the model sees at once."},
    "layers": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 2, "description": "Blocks of the transformer."},
    "heads": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 4, "description": "Heads of each attention."},
    "width": {"type": "integer", "minimum": 1, "maximum": 65536, "default": 128, "description": "Numbers for each character; a multiple of heads."},
    "dropout": {"type": "number", "minimum": 0, "exclusiveMaximum": 1, "default": 0.0, "description": "Share that dropout sets to 0."},
    "batch_size": {"type": "integer", "minimum": 1, "default": 32, "description": "Windows of a batch."},
    "lr": {"type": "number", "exclusiveMinimum": 0, "default": 0.003, "description": "Learning rate of AdamW after the warm-up."},
    "weight_decay": {"type": "number", "minimum": 0, "default": 0.1, "description": "Of AdamW."},
    "warmup_steps": {"type": "integer", "minimum": 1, "default": 50, "description": "Steps in which the learning rate rises."},
    "schedule_steps": {"type": "integer", "minimum": 2, "default": 900, "description": "Steps after which it has fallen to a tenth, as half a cosine; give trainer.max_steps."},
    "prompt": {"type": "string", "minLength": 1, "default": "\n", "description": "What the sampled text begins with."},
    "sample_length": {"type": "integer", "minimum": 0, "default": 200, "description": "Characters that are sampled after each validation."},
    "data": {"type": "string", "description": "A text to read instead of the one that is shipped; relative to the manifest."}
  }
})")
