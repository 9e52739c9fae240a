// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A small task, its engine, and the loop that a LibTorch user would write by hand for it.
#ifndef TENON_TESTS_TORCH_TRAINED_HPP
#define TENON_TESTS_TORCH_TRAINED_HPP

#include <ATen/Context.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/relu.h>
#include <tenon/services/tensors.h>
#include <torch/data/datasets/base.h>
#include <torch/data/datasets/map.h>
#include <torch/data/example.h>
#include <torch/data/transforms/stack.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/adamw.h>
#include <torch/optim/sgd.h>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <functional>
#include <map>
#include <tenon/failure.hpp>
#include <tenon/torch_data.hpp>
#include "loop/fit.hpp"
#include "torch/data_order.hpp"
#include "torch/engine.hpp"
#include "torch/rng.hpp"

namespace te = tenon::torch_engine;
namespace loop = tenon::loop;
namespace optim = torch::optim;

namespace tests {

constexpr std::int64_t samples = 50;
constexpr std::uint64_t batch_size = 8;

struct Layer : torch::nn::Module {
  explicit Layer(const at::Tensor& shared = {}) {
    weight = register_parameter("weight", shared.defined() ? shared : at::rand({4, 4}) - 0.5);
    bias = register_parameter("bias", at::zeros({4}));
  }
  at::Tensor forward(const at::Tensor& x) { return at::linear(x, weight, bias); }
  at::Tensor weight, bias;
};

/// Dropout makes the training's random stream count; a tied weight and a frozen layer stand for what users do.
struct Net : torch::nn::Module {
  explicit Net(bool tied = false) {
    first = register_module("first", std::make_shared<Layer>());
    second = register_module("second", std::make_shared<Layer>(tied ? first->weight : at::Tensor()));
    last = register_module("last", torch::nn::Linear(4, 1));
    register_buffer("seen", at::zeros({1}));
  }
  at::Tensor forward(const at::Tensor& x) {
    return last(at::relu(second->forward(at::dropout(at::relu(first->forward(x)), 0.5, is_training()))));
  }
  std::shared_ptr<Layer> first, second;
  torch::nn::Linear last{nullptr};
};

using MakeOptimizer = std::function<std::shared_ptr<optim::Optimizer>(std::vector<at::Tensor>)>;

inline std::shared_ptr<optim::Optimizer> sgd(std::vector<at::Tensor> p) {
  return std::make_shared<optim::SGD>(std::move(p),
                                      optim::SGDOptions(0.05).momentum(0.9).weight_decay(0.01).nesterov(true));
}
inline std::shared_ptr<optim::Optimizer> adamw(std::vector<at::Tensor> p) {
  return std::make_shared<optim::AdamW>(std::move(p), optim::AdamWOptions(0.01).weight_decay(0.1).amsgrad(true));
}

inline std::shared_ptr<tenon::TensorDataset> make_data() {
  const at::Tensor x = at::arange(samples * 4, at::kFloat).reshape({samples, 4}).sin();
  return std::make_shared<tenon::TensorDataset>(std::vector{x, x.sum(1, true)});
}

class TestTask : public tenon::TaskFor<Net> {
 public:
  TestTask(std::uint64_t seed, MakeOptimizer make) : TaskFor({{}, {}, {}, seed}), make_(std::move(make)) {}

  std::shared_ptr<torch::nn::Module> make_model() override {
    auto net = std::make_shared<Net>(tied);
    if (freeze) net->last->eval();
    return net;
  }
  std::vector<tenon::NamedOptimizer> configure_optimizers(torch::nn::Module& model) override {
    if (configure) return configure(model);
    return {make_(model.parameters())};
  }
  tenon::Loader training_data() override { return {make_data(), batch_size, true}; }
  std::vector<tenon::Loader> validation_data() override { return {{make_data(), 20}}; }
  at::Tensor training_step(Net& net, const tenon::Batch& batch) override {
    if (step) return step(net, batch);
    const at::Tensor loss = at::mse_loss(net.forward(batch[0]), batch[1]);
    log("train_loss", loss);
    return loss;
  }
  void validation_step(Net& net, const tenon::Batch& batch) override {
    if (fail_in_validation && batch.samples == 10) throw std::runtime_error("ten pictures are missing");
    at::rand({3});  // a task that draws while it validates
    const at::Tensor loss = at::mse_loss(net.forward(batch[0]), batch[1]);
    validated_with_gradients = loss.requires_grad() || net.is_training() || net.last->is_training();
    log("val_loss", loss);
  }

  bool tied = false;
  bool freeze = false;
  bool fail_in_validation = false;
  bool validated_with_gradients = true;
  std::function<std::vector<tenon::NamedOptimizer>(torch::nn::Module&)> configure;
  std::function<at::Tensor(Net&, const tenon::Batch&)> step;

 private:
  MakeOptimizer make_;
};

struct Sink : loop::MetricSink {
  void log(std::string_view name, double value, const tenon::LogOptions&) override {
    values[std::string(name)].push_back(value);
  }
  std::map<std::string, std::vector<double>> values;
};

struct Listener : loop::StepListener {
  void before_backward() override { ++backwards; }
  void after_backward() override {}
  void before_optimizer_step(std::uint32_t) override {}
  void after_optimizer_step(std::uint32_t optimizer) override { steps.push_back(optimizer); }
  void before_zero_grad(std::uint32_t) override {}
  void count_step() override { ++counted; }
  void record(const loop::Record& record) override { records.emplace_back(record.data); }
  std::uint64_t backwards = 0, counted = 0;
  std::vector<std::uint32_t> steps;
  std::vector<std::string> records;
};

/// An engine and its task.
struct Trained {
  explicit Trained(std::uint64_t seed, MakeOptimizer make = sgd, const std::function<void(TestTask&)>& change = {},
                   te::EngineSettings settings = {}) {
    auto owned = std::make_unique<TestTask>(seed, std::move(make));
    task = owned.get();
    if (change) change(*task);
    engine = std::make_unique<te::TorchEngine>(std::move(owned), "test", std::move(settings));
    engine->start_run(sink, listener);
  }

  void evaluate(tenon::Stage stage) {
    engine->start_evaluation(stage, 0);
    while (engine->fetch_evaluation()) {
      engine->take_evaluation();
      engine->evaluation_step();
    }
    engine->end_evaluation(stage);
  }

  /// As the loop does it, with an optimizer step for every `accumulate` batches.
  void train(std::uint64_t epochs, std::uint64_t accumulate = 1) {
    for (std::uint64_t epoch = 0; epoch < epochs; ++epoch) {
      engine->start_epoch(epoch, 0);
      auto next = engine->fetch();
      for (std::uint64_t batch = 1; next; ++batch) {
        engine->take();
        next = engine->fetch();
        engine->training_step();
        engine->backward(1.0 / static_cast<double>(accumulate));
        if (batch % accumulate != 0 && next) continue;
        engine->optimizer_step(0, {});
        engine->zero_grad(0);
      }
      evaluate(tenon::Stage::validation);
    }
  }

  std::vector<std::byte> weights() const {
    std::vector<std::byte> all;
    for (std::uint64_t i = 0; i < engine->tensor_count(TENON_TENSORS_PARAMETERS); ++i) {
      const tenon_tensor_view view = engine->tensor(TENON_TENSORS_PARAMETERS, i).view;
      std::size_t bytes = view.dtype.bits / 8;
      for (std::int32_t d = 0; d < view.ndim; ++d) bytes *= static_cast<std::size_t>(view.shape[d]);
      all.resize(all.size() + bytes);
      engine->copy_out(view, all.data() + all.size() - bytes);
    }
    return all;
  }

  std::unique_ptr<te::TorchEngine> engine;
  TestTask* task = nullptr;
  Sink sink;
  Listener listener;
};

/// The loop a LibTorch user writes by hand, on the same batches.
inline std::vector<std::byte> by_hand(std::uint64_t seed, const MakeOptimizer& make, std::uint64_t epochs,
                                      bool tied = false, std::uint64_t accumulate = 1) {
  const auto data = make_data();
  at::manual_seed(seed);
  Net net(tied);
  std::vector<at::Tensor> parameters;
  for (const at::Tensor& parameter : net.parameters())
    if (std::none_of(parameters.begin(), parameters.end(), [&](const at::Tensor& p) { return p.is_same(parameter); }))
      parameters.push_back(parameter);
  const auto optimizer = make(parameters);
  at::Tensor order = at::arange(samples, at::kLong);
  for (std::uint64_t epoch = 0; epoch < epochs; ++epoch) {
    te::shuffled_order(seed, epoch, {order.mutable_data_ptr<std::int64_t>(), samples});
    std::uint64_t batches = 0;
    for (std::int64_t first = 0; first < samples; first += batch_size) {
      const std::int64_t end = std::min<std::int64_t>(samples, first + static_cast<std::int64_t>(batch_size));
      const tenon::Batch batch = data->get_batch(order.slice(0, first, end), {seed, epoch});
      (at::mse_loss(net.forward(batch[0]), batch[1]) / static_cast<double>(accumulate)).backward();
      if (++batches % accumulate != 0 && end < samples) continue;
      optimizer->step();
      optimizer->zero_grad();
    }
  }
  std::vector<std::byte> all;
  for (const at::Tensor& parameter : parameters) {
    const auto* bytes = static_cast<const std::byte*>(parameter.const_data_ptr());
    all.insert(all.end(), bytes, bytes + parameter.nbytes());
  }
  return all;
}

template <class Body>
std::string what_of(const Body& body) {
  try {
    body();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

inline std::string refusal_of(const std::function<void(TestTask&)>& change) {
  return what_of([&] { Trained trained(1, sgd, change); });
}

inline std::vector<std::string> state_names(te::TorchEngine& engine, boost::json::object& document) {
  std::vector<loop::EngineTensor> tensors;
  engine.training_state(tensors, document);
  std::vector<std::string> names;
  for (const loop::EngineTensor& tensor : tensors) names.emplace_back(tensor.name);
  return names;
}

}  // namespace tests

#endif
