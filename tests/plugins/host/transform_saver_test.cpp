// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <limits>

#include "plugin_run.hpp"

using namespace tenon;
using namespace tenon::tests;

namespace {

std::string deploy(const std::string& options) {
  return R"([{"plugin": "transform_saver", "id": "deploy", "config": {)" + options + "}}]";
}
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

/// Behind the header of a safetensors file with one tensor.
template <class Number>
std::vector<Number> numbers_of(const PluginRun& run, const std::string& checkpoint) {
  const std::string bytes = run.read(checkpoint + "/model.safetensors");
  std::uint64_t header = 0;
  std::memcpy(&header, bytes.data(), sizeof header);
  std::vector<Number> out((bytes.size() - 8 - header) / sizeof(Number));
  std::memcpy(out.data(), bytes.data() + 8 + header, out.size() * sizeof(Number));
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(transform_saver_plugin)

BOOST_AUTO_TEST_CASE(weights_are_scaled_in_the_file_alone) {
  PluginRun run(deploy(R"("dirpath": "deploy", "transforms": [{"scale": 0.5}], "filename": "half-{epoch}")"));
  run.run();
  BOOST_TEST(numbers_of<float>(run, "deploy/half-epoch=0.ckpt") == std::vector<float>(4, 1.0f),
             boost::test_tools::per_element());
  BOOST_TEST(run.engine.weights_[0] == 2.0f);
  BOOST_TEST(!std::filesystem::exists(run.folder().path() / "deploy/half-epoch=0.ckpt/training.safetensors"));
}

BOOST_AUTO_TEST_CASE(transforms_are_applied_in_order) {
  PluginRun run(deploy(R"("transforms": [{"scale": {"factor": 0.25}}, {"cast": "f16"}])"));
  run.run();
  const auto half = numbers_of<std::uint16_t>(run, "checkpoints/deploy-epoch=0-step=2.ckpt");
  BOOST_TEST(half == std::vector<std::uint16_t>(4, 0x3800), boost::test_tools::per_element());  // 0.5
  BOOST_TEST(contains(run.read("checkpoints/deploy-epoch=0-step=2.ckpt/model.safetensors"), "\"F16\""));
}

BOOST_AUTO_TEST_CASE(bf16_keeps_the_range) {
  PluginRun run(deploy(R"("transforms": [{"scale": 1e30}, {"cast": {"dtype": "bf16"}}])"));
  run.run();
  BOOST_TEST(contains(run.read("checkpoints/deploy-epoch=0-step=2.ckpt/model.safetensors"), "\"BF16\""));
  BOOST_TEST(contains(run.read("checkpoints/deploy-epoch=0-step=2.ckpt/checkpoint.json"), "\"overflowed\":0"));
}

BOOST_AUTO_TEST_CASE(what_was_done_stands_in_the_document) {
  PluginRun run(deploy(R"("transforms": [{"scale": 1e6}, {"cast": "f16"}])"));
  run.run();
  const std::string document = run.read("checkpoints/deploy-epoch=0-step=2.ckpt/checkpoint.json");
  BOOST_TEST(contains(document, R"({"changed":1,"dtype":"f16","kept":0,"overflowed":4})"));
  BOOST_TEST(contains(document, R"("name":"cast","options":{"dtype":"f16"})"));
}

BOOST_AUTO_TEST_CASE(a_saver_of_its_own_beside_the_raw_one) {
  PluginRun run(R"([{"plugin": "checkpoint", "id": "raw", "config": {"monitor": "val_loss", "filename": "{epoch}"}},
    {"plugin": "transform_saver", "id": "deploy", "config": {"transforms": [{"cast": "f16"}], "save_top_k": -1, "every_n_train_steps": 1, "filename": "deploy-{step}"}}])",
                R"("max_epochs": 2)");
  run.log_validation("val_loss", {1, 2});
  run.run();
  BOOST_TEST(run.names() == (std::vector<std::string>{"deploy-step=1.ckpt", "deploy-step=2.ckpt", "deploy-step=3.ckpt",
                                                      "deploy-step=4.ckpt", "epoch=0.ckpt"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(another_savers_transform_is_used_by_its_full_name) {
  PluginRun run(R"([{"plugin": "transform_saver", "id": "a", "config": {"transforms": [{"scale": 2}]}},
    {"plugin": "transform_saver", "id": "b", "config": {"transforms": [{"a/scale": {"factor": 3}}], "filename": "b"}}])");
  run.run();
  BOOST_TEST(numbers_of<float>(run, "checkpoints/b.ckpt") == std::vector<float>(4, 6.0f),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_best_transformed_weights_are_kept_by_a_monitor) {
  PluginRun run(
      deploy(R"("transforms": [{"cast": "f16"}], "monitor": "val_loss", "filename": "{epoch}", "save_last": true)"),
      R"("max_epochs": 3)");
  run.log_validation("val_loss", {3, 1, 2});
  run.run();
  BOOST_TEST(run.names() == (std::vector<std::string>{"epoch=1.ckpt", "last-epoch=2.ckpt", "last.ckpt"}),
             boost::test_tools::per_element());
  BOOST_TEST(run.account("deploy").at("best_model_path").as_string() == "checkpoints/epoch=1.ckpt");
}

BOOST_AUTO_TEST_CASE(an_error_saves_transformed_weights_where_that_is_asked_for) {
  PluginRun run(
      deploy(R"("transforms": [{"scale": 0.5}], "filename": "half", "every_n_epochs": 0, "save_on_exception": true)"));
  run.engine.on_backward = [&] {
    if (run.engine.steps == 1) throw std::runtime_error("out of memory");
  };
  run.run();
  BOOST_TEST(run.names() == (std::vector<std::string>{"half.ckpt"}), boost::test_tools::per_element());
  BOOST_TEST(numbers_of<float>(run, "checkpoints/half.ckpt") == std::vector<float>(4, 0.5f),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(wrong_pipelines_are_refused) {
  BOOST_TEST(contains(refusal(deploy("")), "transforms"));
  BOOST_TEST(contains(refusal(deploy(R"("transforms": [])")), "transforms"));
  BOOST_TEST(contains(refusal(deploy(R"("transforms": [{"cats": "f16"}])")),
                      "/transforms/0/cats: there is no transform \"cats\""));
  BOOST_TEST(contains(refusal(deploy(R"("transforms": [{"cast": "f8"}])")), "/transforms/0/cast"));
  BOOST_TEST(contains(refusal(deploy(R"("transforms": [{"scale": {"factr": 2}}])")), "/transforms/0/scale"));
  BOOST_TEST(contains(refusal(deploy(R"("transforms": [{"ema/average": {}}])")),
                      "/transforms/0/ema~1average: nobody offers a transform 'ema/average'"));
  BOOST_TEST(contains(refusal(deploy(R"("transforms": [{"task/quantize": {}}])")), "tasks offer none in this version"));
}

BOOST_AUTO_TEST_CASE(options_that_another_callbacks_transform_refuses_stop_the_start) {
  const std::string refused =
      refusal(R"([{"plugin": "transform_saver", "id": "a", "config": {"transforms": [{"b/scale": {"factr": 2}}]}},
                  {"plugin": "transform_saver", "id": "b", "config": {"transforms": [{"scale": 3}]}}])");
  BOOST_TEST(contains(refused, "/transforms/0/b~1scale: "));
  BOOST_TEST(contains(refused, "did you mean 'factor'?"));
}

BOOST_AUTO_TEST_SUITE_END()
