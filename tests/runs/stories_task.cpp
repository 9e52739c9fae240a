// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A training whose accuracy rises from epoch to epoch, and whose optimizer is stepped by the host, by the task through
// its handle, or behind everybody's back.
#include <ATen/ops/rand.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/sgd.h>

#include <tenon/task.hpp>

namespace {

struct Net : torch::nn::Module {
  torch::nn::Linear linear = register_module("linear", torch::nn::Linear(2, 1));
};

class StoriesTask : public tenon::TaskFor<Net> {
 public:
  using TaskFor::TaskFor;

  bool manual_optimization() const override { return stepped_by() != "host"; }
  std::shared_ptr<torch::nn::Module> make_model() override { return std::make_shared<Net>(); }

  std::vector<tenon::NamedOptimizer> configure_optimizers(torch::nn::Module& model) override {
    own_ = std::make_shared<torch::optim::SGD>(model.parameters(), torch::optim::SGDOptions(0.01));
    return {own_};
  }

  tenon::Loader training_data() override { return {data(), 2, false}; }
  std::vector<tenon::Loader> validation_data() override { return {{data(), 4, false}}; }

  std::vector<tenon::DeclaredMetric> metrics() const override {
    if (!config().at("declares").as_bool()) return {};
    return {{"val_acc", tenon::Goal::maximize, tenon::Stage::validation}};
  }

  at::Tensor training_step(Net& net, const tenon::Batch& batch) override {
    const at::Tensor loss = net.linear->forward(batch[0]).square().mean();
    if (stepped_by() == "host") return loss;
    backward(loss);
    if (stepped_by() == "handle") {
      optimizer(0).step();
      optimizer(0).zero_grad();
    } else {
      own_->step();
      own_->zero_grad();
    }
    return {};
  }

  void validation_step(Net&, const tenon::Batch&) override {
    log(std::string(config().at("metric").as_string()), 0.04 * ++validations_);
  }

 private:
  static std::shared_ptr<tenon::TensorDataset> data() {
    return std::make_shared<tenon::TensorDataset>(std::vector{at::rand({4, 2})});
  }
  std::string stepped_by() const { return std::string(config().at("stepped_by").as_string()); }

  std::shared_ptr<torch::optim::SGD> own_;
  int validations_ = 0;
};

}  // namespace

TENON_TASK(StoriesTask, "stories_task", "1.0.0", R"({
  "type": "object", "additionalProperties": false,
  "properties": {
    "stepped_by": {"enum": ["host", "handle", "nobody's business"], "default": "host", "description": "Who steps the optimizer"},
    "metric": {"type": "string", "default": "val_acc", "description": "What the accuracy is called"},
    "declares": {"type": "boolean", "default": false, "description": "Whether the task says what it logs"}
  }
})")
