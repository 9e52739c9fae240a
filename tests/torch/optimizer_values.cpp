// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Every optimizer against what PyTorch's of the same name did (tests/conformance/pytorch/record.py), and what is kept
// of its state.
#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>
#include <torch/nn/module.h>
#include <torch/optim/adagrad.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/lbfgs.h>
#include <torch/optim/rmsprop.h>
#include <torch/optim/sgd.h>
#include <torch/serialize/archive.h>

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <optional>
#include <string>

#include "schedule_numbers.hpp"
#include "torch/optimizers.hpp"
#include "trained.hpp"

using namespace tenon;
using namespace tenon::tests;
using torch_engine::NamedTensor;
namespace optim = torch::optim;
namespace json = boost::json;

namespace {

/// The problem of record.py: two layers with a tanh between them, in float64.
struct TwoLayers : torch::nn::Module {
  TwoLayers() {
    const auto numbers = [](std::int64_t count, double scale, double shift) {
      return (at::arange(count, at::kDouble) * scale + shift).sin();
    };
    weights = {register_parameter("first_weight", numbers(12, 0.7, 0.1).reshape({4, 3})),
               register_parameter("first_bias", numbers(4, 1.3, 0.2) * 0.1),
               register_parameter("second_weight", numbers(8, 0.9, 0.3).reshape({2, 4})),
               register_parameter("second_bias", numbers(2, 1.1, 0.4) * 0.1)};
    inputs = numbers(18, 0.37, 0.5).reshape({6, 3});
    targets = numbers(12, 0.53, 0.6).reshape({6, 2});
  }
  at::Tensor loss() const {
    const at::Tensor hidden = (inputs.matmul(weights[0].t()) + weights[1]).tanh();
    return (hidden.matmul(weights[2].t()) + weights[3] - targets).pow(2).mean();
  }
  std::vector<at::Tensor> weights;
  at::Tensor inputs, targets;
};

void set(double& option, const json::value& value) { option = value.to_number<double>(); }
void set(bool& option, const json::value& value) { option = value.as_bool(); }
void set(std::tuple<double, double>& option, const json::value& value) {
  option = {value.at(0).to_number<double>(), value.at(1).to_number<double>()};
}
void set(std::int64_t& option, const json::value& value) { option = value.to_number<std::int64_t>(); }
void set(std::optional<std::string>& option, const json::value& value) { option = std::string(value.as_string()); }

#define TENON_SET(name) \
  if (const json::value* value = given.if_contains(#name)) set(options.name(), *value), ++used
#define TENON_USED BOOST_REQUIRE_EQUAL(used, given.size())

void fill(optim::SGDOptions& options, const json::object& given) {
  std::size_t used = 0;
  TENON_SET(lr);
  TENON_SET(momentum);
  TENON_SET(dampening);
  TENON_SET(weight_decay);
  TENON_SET(nesterov);
  TENON_USED;
}
template <class AdamLike>
void fill(AdamLike& options, const json::object& given) {
  std::size_t used = 0;
  TENON_SET(lr);
  TENON_SET(betas);
  TENON_SET(eps);
  TENON_SET(weight_decay);
  TENON_SET(amsgrad);
  TENON_USED;
}
void fill(optim::RMSpropOptions& options, const json::object& given) {
  std::size_t used = 0;
  TENON_SET(lr);
  TENON_SET(alpha);
  TENON_SET(eps);
  TENON_SET(weight_decay);
  TENON_SET(momentum);
  TENON_SET(centered);
  TENON_USED;
}
void fill(optim::AdagradOptions& options, const json::object& given) {
  std::size_t used = 0;
  TENON_SET(lr);
  TENON_SET(lr_decay);
  TENON_SET(weight_decay);
  TENON_SET(initial_accumulator_value);
  TENON_SET(eps);
  TENON_USED;
}
void fill(optim::LBFGSOptions& options, const json::object& given) {
  std::size_t used = 0;
  TENON_SET(lr);
  TENON_SET(max_iter);
  TENON_SET(history_size);
  TENON_SET(line_search_fn);
  TENON_USED;
}

template <class Optimizer, class Options>
std::shared_ptr<optim::Optimizer> two_groups(const TwoLayers& model, const json::object& recorded) {
  Options options(0.1);
  fill(options, recorded.at("options").as_object());
  Options second = options;
  fill(second, recorded.at("second_group").as_object());
  const std::vector<at::Tensor>& all = model.weights;
  return std::make_shared<Optimizer>(
      std::vector<optim::OptimizerParamGroup>{
          {std::vector<at::Tensor>(all.begin(), all.begin() + 2), std::make_unique<Options>(options)},
          {std::vector<at::Tensor>(all.begin() + 2, all.end()), std::make_unique<Options>(second)}},
      options);
}

std::shared_ptr<optim::Optimizer> make(const TwoLayers& model, const json::object& recorded) {
  const std::string kind(recorded.at("kind").as_string());
  if (kind == "SGD") return two_groups<optim::SGD, optim::SGDOptions>(model, recorded);
  if (kind == "Adam") return two_groups<optim::Adam, optim::AdamOptions>(model, recorded);
  if (kind == "AdamW") return two_groups<optim::AdamW, optim::AdamWOptions>(model, recorded);
  if (kind == "RMSprop") return two_groups<optim::RMSprop, optim::RMSpropOptions>(model, recorded);
  if (kind == "Adagrad") return two_groups<optim::Adagrad, optim::AdagradOptions>(model, recorded);
  BOOST_REQUIRE_EQUAL(kind, "LBFGS");
  optim::LBFGSOptions options;
  fill(options, recorded.at("options").as_object());
  return std::make_shared<optim::LBFGS>(model.weights, options);
}

/// A model and its optimizers, stepped as the engine does it.
struct Training {
  explicit Training(const std::function<std::shared_ptr<optim::Optimizer>(const TwoLayers&)>& configure)
      : network(std::make_shared<TwoLayers>()), model(network), optimizers({configure(*network)}, model) {}
  /// Answers the loss before the step.
  double step() {
    std::optional<double> first;
    const auto closure = [&] {
      optimizers.zero_grad(0);
      at::Tensor loss = network->loss();
      loss.backward();
      if (!first) first = loss.item<double>();
      return loss;
    };
    if (!optimizers.needs_closure(0)) closure();
    optimizers.step(0, optimizers.needs_closure(0) ? std::function<at::Tensor()>(closure) : nullptr);
    return *first;
  }
  std::vector<NamedTensor> state() const {
    std::vector<NamedTensor> out;
    optimizers.append_state(out);
    return out;
  }
  /// Keys of a parameter's state, separated by blanks.
  std::string keys(const std::string& parameter) const {
    const std::string prefix = "optimizer/main/" + parameter + "/";
    std::string all;
    for (const NamedTensor& one : state())
      if (one.name.starts_with(prefix)) all += (all.empty() ? "" : " ") + one.name.substr(prefix.size());
    return all;
  }

  std::shared_ptr<TwoLayers> network;
  torch_engine::Model model;
  torch_engine::Optimizers optimizers;
};

bool close(double got, double wanted) { return std::abs(got - wanted) <= 1e-12 * std::max(1.0, std::abs(wanted)); }

/// sign(gradient) * lr, with a count of its own.
struct SignState : optim::OptimizerCloneableParamState<SignState> {
  void serialize(torch::serialize::OutputArchive& archive) const override {
    archive.write("last", last);
    archive.write("steps", c10::IValue(steps));
  }
  at::Tensor last;
  std::int64_t steps = 0;
};
struct MuteState : optim::OptimizerCloneableParamState<MuteState> {};
struct SignOptions : optim::OptimizerCloneableOptions<SignOptions> {
  void serialize(torch::serialize::OutputArchive& archive) const override { archive.write("rate", c10::IValue(rate)); }
  double get_lr() const override { return rate; }
  void set_lr(double to) override { rate = to; }
  double rate = 0.25;
};
template <class State>
class Sign final : public optim::Optimizer {
 public:
  explicit Sign(std::vector<at::Tensor> parameters)
      : Optimizer({optim::OptimizerParamGroup(std::move(parameters))}, std::make_unique<SignOptions>()) {}
  at::Tensor step(LossClosure) override {
    const at::NoGradGuard no_gradients;
    for (optim::OptimizerParamGroup& group : param_groups_)
      for (at::Tensor& parameter : group.params()) {
        auto& state = state_[parameter.unsafeGetTensorImpl()];
        if (!state) state = std::make_unique<State>();
        if constexpr (std::is_same_v<State, SignState>) {
          static_cast<State&>(*state).last = parameter.grad().sign();
          ++static_cast<State&>(*state).steps;
        }
        parameter.sub_(parameter.grad().sign(), group.options().get_lr());
      }
    return {};
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(optimizer_values)

BOOST_AUTO_TEST_CASE(losses_and_weights_are_those_of_pytorch) {
  std::size_t compared = 0;
  for (const json::value& one : recorded_cases("optimizers.json")) {
    const json::object& recorded = one.as_object();
    const std::string name(recorded.at("name").as_string());
    Training training([&](const TwoLayers& model) { return make(model, recorded); });
    BOOST_CHECK_EQUAL(training.optimizers.kind(0).name(), recorded.at("kind").as_string());
    const auto losses = json::value_to<std::vector<double>>(recorded.at("losses"));
    for (std::size_t i = 0; i < losses.size(); ++i) {
      const double loss = training.step();
      BOOST_CHECK_MESSAGE(close(loss, losses[i]),
                          name << ", step " << i << ": " << loss << " instead of " << losses[i]);
    }
    for (std::size_t w = 0; w < training.network->weights.size(); ++w) {
      const auto wanted = json::value_to<std::vector<double>>(recorded.at("weights").at(w));
      const at::Tensor got = training.network->weights[w].detach().flatten();
      for (std::size_t i = 0; i < wanted.size(); ++i, ++compared) {
        const double value = got[static_cast<std::int64_t>(i)].item<double>();
        BOOST_CHECK_MESSAGE(close(value, wanted[i]),
                            name << ", weight " << w << '[' << i << "]: " << value << " instead of " << wanted[i]);
      }
    }
    BOOST_CHECK_EQUAL(training.optimizers.steps(0), losses.size());
  }
  BOOST_CHECK_EQUAL(compared, 13u * 26u);
}

BOOST_AUTO_TEST_CASE(the_state_of_every_optimizer_is_kept_by_parameter_and_key) {
  const auto keys = [](const char* recorded_name, int steps, const std::string& parameter) {
    for (const json::value& one : recorded_cases("optimizers.json"))
      if (one.at("name").as_string() == recorded_name) {
        Training training([&](const TwoLayers& model) { return make(model, one.as_object()); });
        for (int i = 0; i < steps; ++i) training.step();
        return training.keys(parameter);
      }
    return std::string("no such case");
  };
  BOOST_CHECK_EQUAL(keys("sgd", 1, "second_bias"), "");
  BOOST_CHECK_EQUAL(keys("sgd_momentum", 0, "second_bias"), "");
  BOOST_CHECK_EQUAL(keys("sgd_momentum", 1, "second_bias"), "momentum_buffer");
  BOOST_CHECK_EQUAL(keys("adam", 1, "first_weight"), "step exp_avg exp_avg_sq");
  BOOST_CHECK_EQUAL(keys("adam_amsgrad", 1, "first_weight"), "step exp_avg exp_avg_sq max_exp_avg_sq");
  BOOST_CHECK_EQUAL(keys("adamw", 1, "second_weight"), "step exp_avg exp_avg_sq");
  BOOST_CHECK_EQUAL(keys("rmsprop", 1, "first_bias"), "step square_avg");
  BOOST_CHECK_EQUAL(keys("rmsprop_centered", 1, "first_bias"), "step square_avg momentum_buffer grad_avg");
  BOOST_CHECK_EQUAL(keys("adagrad", 0, "first_bias"), "step sum");
  BOOST_CHECK_EQUAL(keys("lbfgs", 0, "first_weight"), "");
  BOOST_CHECK_EQUAL(keys("lbfgs", 1, "first_weight"),
                    "func_evals n_iter t prev_loss d H_diag prev_flat_grad old_dirs.0 old_dirs.1 old_dirs.2 old_stps.0 "
                    "old_stps.1 old_stps.2 ro.0 ro.1 ro.2");
  BOOST_CHECK_EQUAL(keys("lbfgs", 1, "first_bias"), "");
}

BOOST_AUTO_TEST_CASE(numbers_of_a_state_are_tensors_without_dimensions) {
  Training training([](const TwoLayers& model) {
    return std::make_shared<optim::LBFGS>(model.weights, optim::LBFGSOptions(0.5).max_iter(4));
  });
  for (int i = 0; i < 3; ++i) training.step();
  for (const NamedTensor& one : training.state()) {
    if (!one.name.ends_with("/n_iter") && !one.name.ends_with("/t")) continue;
    BOOST_CHECK_EQUAL(one.tensor.dim(), 0);
    BOOST_CHECK_EQUAL(one.tensor.item<double>(), one.name.ends_with("/t") ? 0.5 : 12.0);
    BOOST_CHECK(one.tensor.scalar_type() == (one.name.ends_with("/t") ? at::kDouble : at::kLong));
  }
}

BOOST_AUTO_TEST_CASE(each_group_is_described_with_its_own_options) {
  for (const json::value& one : recorded_cases("optimizers.json")) {
    const json::object& recorded = one.as_object();
    Training training([&](const TwoLayers& model) { return make(model, recorded); });
    const json::object described = training.optimizers.describe().at(0).as_object();
    BOOST_CHECK(described.at("type") == recorded.at("kind"));
    const json::array& groups = described.at("groups").as_array();
    json::object wanted = recorded.at("options").as_object();
    for (const json::value& group : groups) {
      for (const auto& option : wanted)
        BOOST_CHECK_MESSAGE(group.at("options").at(option.key()) == option.value(), recorded.at("name")
                                                                                        << ": " << option.key());
      if (const json::value& second = recorded.at("second_group"); second.is_object())
        for (const auto& option : second.as_object()) wanted[option.key()] = option.value();
    }
    BOOST_CHECK_EQUAL(groups.size(), recorded.at("second_group").is_object() ? 2u : 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_setting_of_one_group_can_be_changed_and_is_checked) {
  Training training([](const TwoLayers& model) {
    return std::make_shared<optim::Adam>(
        std::vector<optim::OptimizerParamGroup>{optim::OptimizerParamGroup({model.weights[0]}),
                                                optim::OptimizerParamGroup({model.weights[2]})},
        optim::AdamOptions(0.5));
  });
  torch_engine::Optimizers& optimizers = training.optimizers;
  const torch_engine::OptimizerKind& kind = optimizers.kind(0);
  std::string names;
  for (const torch_engine::Setting& setting : kind.settings()) names += std::string(setting.name) + " ";
  BOOST_CHECK_EQUAL(names, "lr beta1 beta2 eps weight_decay ");
  BOOST_CHECK(kind.momentum() == kind.setting("beta1"));
  optimizers.set(0, 1, *kind.setting("beta1"), 0.75);
  BOOST_CHECK_EQUAL(optimizers.get(0, 0, *kind.setting("beta1")), 0.9);
  BOOST_CHECK_EQUAL(optimizers.get(0, 1, *kind.setting("beta1")), 0.75);
  BOOST_CHECK_EQUAL(kind.setting("beta1")->complaint(0.75), "");
  BOOST_CHECK_EQUAL(kind.setting("beta1")->complaint(1.0), "beta1 must be at least 0 and below 1");
  BOOST_CHECK_EQUAL(kind.setting("lr")->complaint(-1.0), "lr must be a number from 0 on");
  BOOST_CHECK_EQUAL(kind.setting("lr")->complaint(std::nan("")), "lr must be a number from 0 on");
  BOOST_CHECK(kind.setting("amsgrad") == nullptr);
}

BOOST_AUTO_TEST_CASE(an_optimizer_of_ones_own_trains_and_its_state_is_kept_by_what_it_serializes) {
  Training training([](const TwoLayers& model) { return std::make_shared<Sign<SignState>>(model.weights); });
  const double before = training.network->weights[3][0].item<double>();
  training.step();
  BOOST_CHECK_EQUAL(std::abs(training.network->weights[3][0].item<double>() - before), 0.25);
  training.step();
  BOOST_CHECK_EQUAL(training.keys("second_bias"), "last steps");
  BOOST_CHECK_EQUAL(training.state().back().tensor.item<std::int64_t>(), 2);
  const json::object described = training.optimizers.describe().at(0).as_object();
  BOOST_CHECK(described.at("type").as_string().find("Sign<") != json::string::npos);
  BOOST_CHECK_EQUAL(described.at("groups").at(0).at("options").at("rate").as_double(), 0.25);
  BOOST_CHECK_EQUAL(described.at("groups").at(0).at("options").at("lr").as_double(), 0.25);
  const torch_engine::OptimizerKind& kind = training.optimizers.kind(0);
  training.optimizers.set(0, 0, *kind.setting("lr"), 0.5);
  BOOST_CHECK_EQUAL(training.optimizers.get(0, 0, *kind.setting("lr")), 0.5);
}

BOOST_AUTO_TEST_CASE(a_state_that_serializes_nothing_is_refused_when_it_is_to_be_kept) {
  Training training([](const TwoLayers& model) { return std::make_shared<Sign<MuteState>>(model.weights); });
  training.step();
  try {
    training.state();
    BOOST_ERROR("nothing was thrown");
  } catch (const std::exception& error) {
    const std::string text = error.what();
    BOOST_CHECK_MESSAGE(text.find("cannot be saved: ") != std::string::npos &&
                            text.ends_with("; let its OptimizerParamState override serialize(OutputArchive&), writing "
                                           "tensors and numbers"),
                        text);
  }
}

BOOST_AUTO_TEST_CASE(an_optimizer_with_a_closure_must_be_the_only_one) {
  BOOST_CHECK_EQUAL(::tests::refusal_of([](::tests::TestTask& task) {
                      task.configure = [](torch::nn::Module& model) -> std::vector<NamedOptimizer> {
                        const std::vector<at::Tensor> all = model.parameters();
                        return {{"a", ::tests::sgd({all[0]})},
                                {"b", std::make_shared<optim::LBFGS>(std::vector<at::Tensor>{all[1]})}};
                      };
                    }),
                    "task 'test', configure_optimizers(): optimizer 'b', of type LBFGS, evaluates each batch several "
                    "times and must be the only one; step several by hand (manual_optimization)");
}

BOOST_AUTO_TEST_SUITE_END()
