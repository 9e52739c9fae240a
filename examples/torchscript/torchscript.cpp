// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A task without any C++ of its user's: a model scripted in Python, numbers from a CSV file.
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/tensor.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>
#include <stdexcept>
#include <tenon/random.hpp>
#include <tenon/task.hpp>

#include "scripted_model.hpp"
#include "table.hpp"

namespace {

std::string text_of(at::IntArrayRef shape) {
  std::ostringstream out;
  out << shape;
  return out.str();
}

class TorchScriptTask : public tenon::TaskFor<ScriptedModel> {
 public:
  explicit TorchScriptTask(tenon::TaskContext given)
      : TaskFor(std::move(given)), classifies_(config().at("loss").as_string() == "cross_entropy") {
    const std::filesystem::path file = context().manifest_folder / config().at("data").as_string().c_str();
    const Table table = read_table(file, config().at("header").as_bool());
    read_columns(table, file);
    split(table.values.size(0));
  }

  tenon::Loader training_data() override { return loader(training_, true); }
  std::vector<tenon::Loader> validation_data() override { return {loader(validation_, false)}; }
  std::vector<tenon::Loader> test_data() override { return validation_data(); }
  std::vector<tenon::Loader> predict_data() override { return validation_data(); }

  std::vector<tenon::DeclaredMetric> metrics() const override {
    std::vector<tenon::DeclaredMetric> all{{"train_loss", tenon::Goal::minimize, tenon::Stage::train},
                                           {"val_loss", tenon::Goal::minimize, tenon::Stage::validation}};
    if (classifies_) all.push_back({"val_acc", tenon::Goal::maximize, tenon::Stage::validation});
    return all;
  }

  std::shared_ptr<torch::nn::Module> make_model() override {
    return load_scripted(context().manifest_folder / config().at("model").as_string().c_str());
  }

  std::vector<tenon::NamedOptimizer> configure_optimizers(torch::nn::Module& model) override {
    const auto kind = config().at("optimizer").as_string();
    const double lr = number("lr"), decay = number("weight_decay");
    if (kind == "sgd")
      return {std::make_shared<torch::optim::SGD>(
          model.parameters(), torch::optim::SGDOptions(lr).momentum(number("momentum")).weight_decay(decay))};
    if (kind == "adam")
      return {
          std::make_shared<torch::optim::Adam>(model.parameters(), torch::optim::AdamOptions(lr).weight_decay(decay))};
    return {
        std::make_shared<torch::optim::AdamW>(model.parameters(), torch::optim::AdamWOptions(lr).weight_decay(decay))};
  }

  at::Tensor training_step(ScriptedModel& model, const tenon::Batch& batch) override {
    at::Tensor loss = loss_of(model.forward(batch[0]), batch[1]);
    log("train_loss", loss, {.prog_bar = true});
    return loss;
  }

  void validation_step(ScriptedModel& model, const tenon::Batch& batch) override {
    const at::Tensor output = model.forward(batch[0]);
    log("val_loss", loss_of(output, batch[1]), {.prog_bar = true});
    if (classifies_) log("val_acc", output.argmax(1).eq(batch[1]).to(at::kFloat).mean(), {.prog_bar = true});
  }

  tenon::Predictions predict_step(ScriptedModel& model, const tenon::Batch& batch) override {
    const at::Tensor output = model.forward(batch[0]);
    if (!classifies_) return {{"output", output}, {"target", batch[1]}};
    return {{"class", output.argmax(1)}, {"target", batch[1]}, {"probability", output.softmax(1)}};
  }

 private:
  struct Part {
    at::Tensor inputs, targets;
  };

  double number(const char* key) const { return config().at(key).to_number<double>(); }

  std::vector<std::int64_t> columns(const char* key, const Table& table, const std::filesystem::path& file) const {
    std::vector<std::int64_t> found;
    for (const auto& column : config().at(key).as_array())
      found.push_back(column_of(
          table,
          column.is_string() ? std::string(column.as_string()) : std::to_string(column.to_number<std::int64_t>()),
          file));
    return found;
  }

  void read_columns(const Table& table, const std::filesystem::path& file) {
    const std::vector<std::int64_t> target = columns("target", table, file);
    std::vector<std::int64_t> input = columns("inputs", table, file);
    if (input.empty())
      for (std::int64_t i = 0; i < table.values.size(1); ++i)
        if (std::find(target.begin(), target.end(), i) == target.end()) input.push_back(i);
    inputs_ = table.values.index_select(1, at::tensor(input, at::kLong)).to(at::kFloat);
    targets_ = table.values.index_select(1, at::tensor(target, at::kLong));
    if (!classifies_) {
      targets_ = targets_.to(at::kFloat);
      return;
    }
    if (target.size() != 1)
      throw std::runtime_error("\"loss\" is cross_entropy: \"target\" names one column, the number of the class");
    targets_ = targets_.squeeze(1).to(at::kLong);
    if (targets_.lt(0).any().item<bool>() || targets_.ne(table.values.select(1, target[0])).any().item<bool>())
      throw std::runtime_error("the data file " + file.string() + " has targets that are no whole numbers from 0 on; " +
                               "with \"loss\": \"cross_entropy\" they are the numbers of classes");
  }

  /// The validation's share is drawn by the run's seed.
  void split(std::int64_t rows) {
    at::Tensor order = at::empty({rows}, at::kLong);
    auto* place = order.mutable_data_ptr<std::int64_t>();
    std::iota(place, place + rows, std::int64_t{0});
    tenon::Random random = tenon::Random::of({context().seed});
    for (std::int64_t i = rows; i > 1; --i) std::swap(place[i - 1], place[random.below(static_cast<std::uint64_t>(i))]);
    const auto wanted = static_cast<std::int64_t>(std::llround(number("validation_share") * static_cast<double>(rows)));
    const std::int64_t held_back = std::clamp<std::int64_t>(wanted, 1, rows - 1);
    validation_ = part(order.slice(0, 0, held_back));
    training_ = part(order.slice(0, held_back));
  }
  Part part(const at::Tensor& rows) const { return {inputs_.index_select(0, rows), targets_.index_select(0, rows)}; }

  tenon::Loader loader(const Part& data, bool shuffle) const {
    return {.dataset = std::make_shared<tenon::TensorDataset>(std::vector<at::Tensor>{data.inputs, data.targets}),
            .batch_size = config().at("batch_size").to_number<std::uint64_t>(),
            .shuffle = shuffle};
  }

  at::Tensor loss_of(const at::Tensor& output, const at::Tensor& target) const {
    if (classifies_) return at::cross_entropy_loss(output, target);
    // Broadcasting would make a loss of shapes that do not fit, say [32] and [32, 1].
    if (output.sizes() != target.sizes())
      throw std::runtime_error("the scripted model gives " + text_of(output.sizes()) + ", the targets are " +
                               text_of(target.sizes()) + "; for \"loss\": \"mse\" both are batch x target columns");
    return at::mse_loss(output, target);
  }

  bool classifies_;
  at::Tensor inputs_, targets_;
  Part training_, validation_;
};

}  // namespace

TENON_TASK(TorchScriptTask, "torchscript", "1.0.0", R"({
  "type": "object",
  "additionalProperties": false,
  "required": ["model", "data", "target"],
  "properties": {
    "model": {"type": "string", "minLength": 1, "description": "The TorchScript file, relative to the manifest. It is a program: never one from a stranger."},
    "data": {"type": "string", "minLength": 1, "description": "A CSV file of numbers, relative to the manifest."},
    "header": {"type": "boolean", "default": false, "description": "Whether the first line of the data holds the columns' names."},
    "inputs": {"type": "array", "items": {"type": ["integer", "string"]}, "default": [], "description": "Columns that the model gets, by number from 1 or by name; none: all but the target."},
    "target": {"type": "array", "items": {"type": ["integer", "string"]}, "minItems": 1, "description": "Columns to learn."},
    "loss": {"enum": ["cross_entropy", "mse"], "default": "cross_entropy", "description": "cross_entropy: the target is the number of a class; mse: the mean squared difference."},
    "optimizer": {"enum": ["adamw", "adam", "sgd"], "default": "adamw", "description": "What steps."},
    "lr": {"type": "number", "exclusiveMinimum": 0, "default": 0.001, "description": "Learning rate."},
    "weight_decay": {"type": "number", "minimum": 0, "default": 0, "description": "Of the optimizer."},
    "momentum": {"type": "number", "minimum": 0, "default": 0, "description": "Of sgd; the others have none."},
    "batch_size": {"type": "integer", "minimum": 1, "default": 32, "description": "Rows of a batch."},
    "validation_share": {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "default": 0.2, "description": "Share of the rows that is held back for validation, drawn by the seed."}
  }
})")
