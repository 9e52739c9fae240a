// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What the service tenon.model/1 says of real modules.
#include "torch/module_tree.hpp"

#include <torch/nn/modules/batchnorm.h>
#include <torch/nn/modules/container/sequential.h>
#include <torch/nn/modules/linear.h>

#include "trained.hpp"

namespace tt = boost::test_tools;

namespace {

struct Normalize : torch::nn::Module {
  Normalize() { norm = register_module("norm", torch::nn::BatchNorm1d(3)); }
  at::Tensor forward(const at::Tensor& x) { return norm(x); }
  torch::nn::BatchNorm1d norm{nullptr};
};

struct Nested : torch::nn::Module {
  Nested() {
    body = register_module("body", torch::nn::Sequential(torch::nn::Linear(4, 3), Normalize()));
    scale = register_parameter("scale", at::zeros({2}), /*requires_grad=*/false);
    plain = register_module("plain", torch::nn::Linear(torch::nn::LinearOptions(3, 2).bias(false)));
  }
  torch::nn::Sequential body{nullptr};
  torch::nn::Linear plain{nullptr};
  at::Tensor scale;
};

/// "<parent> <depth> <path> <type> <shapes> <parameters>/<trainable>/<buffers>/<bytes>"
std::vector<std::string> told(const torch::nn::Module& model) {
  std::vector<std::string> lines;
  for (const loop::ModuleInfo& m : te::module_tree(model))
    lines.push_back((m.parent == TENON_NO_MODULE ? "-" : std::to_string(m.parent)) + " " + std::to_string(m.depth) +
                    " '" + m.path + "' " + m.type + " " + m.shapes_json + " " + std::to_string(m.parameters) + "/" +
                    std::to_string(m.trainable) + "/" + std::to_string(m.buffers) + "/" + std::to_string(m.bytes));
  return lines;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(module_tree)

BOOST_AUTO_TEST_CASE(nested_modules_stand_behind_their_parents_with_their_counts) {
  const std::vector<std::string> wanted = {
      R"(- 0 '' Nested {"scale":[2]} 29/27/7/148)",
      R"(0 1 'body' Sequential {} 21/21/7/116)",
      R"(1 2 'body.0' Linear {"weight":[3,4],"bias":[3]} 15/15/0/60)",
      R"(1 2 'body.1' Normalize {} 6/6/7/56)",
      R"(3 3 'body.1.norm' BatchNorm1d {"weight":[3],"bias":[3]} 6/6/7/56)",
      R"(0 1 'plain' Linear {"weight":[2,3]} 6/6/0/24)",
  };
  BOOST_TEST(told(Nested()) == wanted, tt::per_element());
}

BOOST_AUTO_TEST_CASE(a_tied_weight_counts_once_in_what_holds_both_of_its_names) {
  const std::vector<std::string> wanted = {
      R"(- 0 '' Net {} 29/29/1/120)",
      R"(0 1 'first' Layer {"weight":[4,4],"bias":[4]} 20/20/0/80)",
      R"(0 1 'second' Layer {"weight":[4,4],"bias":[4]} 20/20/0/80)",
      R"(0 1 'last' Linear {"weight":[1,4],"bias":[1]} 5/5/0/20)",
  };
  BOOST_TEST(told(tests::Net(true)) == wanted, tt::per_element());
}

BOOST_AUTO_TEST_CASE(a_frozen_part_is_not_trainable) {
  tests::Net net;
  for (at::Tensor& parameter : net.first->parameters()) parameter.requires_grad_(false);
  const std::vector<loop::ModuleInfo> tree = te::module_tree(net);
  BOOST_TEST(tree[0].parameters == 45u);
  BOOST_TEST(tree[0].trainable == 25u);
  BOOST_TEST(tree[1].trainable == 0u);
}

BOOST_AUTO_TEST_CASE(a_type_is_told_without_namespaces) {
  BOOST_TEST(te::type_name("torch::nn::LinearImpl") == "Linear");
  BOOST_TEST(te::type_name("(anonymous namespace)::Net") == "Net");
  BOOST_TEST(te::type_name("my::(anonymous namespace)::Net") == "Net");
  BOOST_TEST(te::type_name("my::Block<torch::nn::LinearImpl, 3>") == "Block<Linear, 3>");
  BOOST_TEST(te::type_name("make_model()::Net") == "Net");
  BOOST_TEST(te::type_name("Impl") == "Impl");
}

BOOST_AUTO_TEST_CASE(the_engine_answers_for_the_model_that_it_trains) {
  const tests::Trained trained(1, tests::sgd, [](tests::TestTask& task) { task.tied = true; });
  const std::vector<loop::ModuleInfo> tree = trained.engine->modules();
  BOOST_REQUIRE_EQUAL(tree.size(), 4u);
  BOOST_TEST(tree[0].parameters == 29u);
}

BOOST_AUTO_TEST_SUITE_END()
