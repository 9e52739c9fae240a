// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon::Trainer with LibTorch: what it hands to a task, and the weights that go from one run to the next.
#include <tenon/trainer.hpp>

#include <ATen/ops/equal.h>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>

#include "trained.hpp"

namespace {

namespace fs = std::filesystem;
using tests::Net;
using tests::TestTask;

struct Place {
  Place() {
    std::string name = (fs::temp_directory_path() / "tenon-trainer-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(name.data()));
    path = name;
  }
  ~Place() { fs::remove_all(path); }
  fs::path path;
};

struct Tested : TestTask {
  using TestTask::TestTask;
  std::vector<tenon::Loader> test_data() override { return {{tests::make_data(), 20}}; }
  const std::string& used_device() const { return device(); }
};

std::unique_ptr<Tested> task(std::uint64_t seed = 0) { return std::make_unique<Tested>(seed, tests::sgd); }

tenon::TrainerOptions options(std::uint64_t seed) {
  tenon::TrainerOptions given;
  given.max_epochs = 2;
  given.seed = seed;
  given.threads = 1;
  given.num_sanity_val_steps = 0;
  return given;
}

bool same_weights(const torch::nn::Module& a, const torch::nn::Module& b) {
  const auto ours = a.parameters(), theirs = b.parameters();
  for (std::size_t i = 0; i < ours.size(); ++i)
    if (!at::equal(ours[i], theirs[i])) return false;
  return ours.size() == theirs.size();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(trainer)

BOOST_AUTO_TEST_CASE(a_second_run_with_the_same_seed_ends_with_the_same_weights) {
  const Place place;
  tenon::Trainer trainer(options(3), place.path / "run");
  const tenon::RunResult first = trainer.fit(task()), second = trainer.fit(task(99));
  BOOST_REQUIRE(first.model);
  BOOST_TEST(same_weights(*first.model, *second.model));
  BOOST_TEST(first.metrics == second.metrics);
  trainer.options().seed = 4;
  BOOST_TEST(!same_weights(*first.model, *trainer.fit(task()).model));
}

BOOST_AUTO_TEST_CASE(the_task_gets_the_trainers_seed_and_device) {
  const Place place;
  auto made = task(99);
  const Tested& seen = *made;
  std::uint64_t seed = 0;
  std::string device;
  made->step = [&](Net& net, const tenon::Batch& batch) {
    seed = seen.context().seed;
    device = seen.used_device();
    return at::mse_loss(net.forward(batch[0]), batch[1]);
  };
  tenon::TrainerOptions given = options(5);
  given.device = "auto";
  const tenon::RunResult result = tenon::Trainer(given, place.path / "run").fit(std::move(made));
  BOOST_TEST(seed == 5u);
  BOOST_TEST((device == "cpu" || device == "cuda:0"), device);
  BOOST_TEST(result.model->parameters().front().device().str() == device);
}

BOOST_AUTO_TEST_CASE(weights_come_from_a_model_that_is_there_or_from_a_checkpoint) {
  const Place place;
  tenon::Trainer trainer(options(3), place.path / "run");
  trainer.add_plugin_folder(TENON_BINARY_DIR "/plugins");
  trainer.add_callback("checkpoint", "all", {{"save_last", true}});
  const tenon::RunResult trained = trainer.fit(task());
  const double loss = trained.metrics.at("val_loss");

  BOOST_TEST(trainer.validate(task(), trained.model).metrics.at("val_loss") == loss);
  BOOST_TEST(trainer.test(task(), trained.folder / "checkpoints/last.ckpt").metrics.at("val_loss") == loss);
  BOOST_TEST(trainer.validate(task(), {}).metrics.at("val_loss") != loss);

  trainer.options().max_steps = 0;
  BOOST_TEST(same_weights(*trainer.fit(task(), trained.model).model, *trained.model));
}

BOOST_AUTO_TEST_CASE(weights_of_another_model_are_refused_with_the_differences) {
  const Place place;
  const auto other = std::make_shared<tests::Layer>();
  try {
    tenon::Trainer(options(3), place.path / "run").fit(task(), std::shared_ptr<torch::nn::Module>(other));
    BOOST_TEST(false, "not refused");
  } catch (const tenon::Failure& failure) {
    BOOST_TEST((failure.code() == tenon::ExitCode::checkpoint));
    BOOST_TEST(std::string(failure.what()).find("the model that the weights are taken from does not fit") == 0u,
               failure.what());
  }
}

BOOST_AUTO_TEST_CASE(a_task_that_is_not_there_or_throws_is_refused_by_its_class) {
  const Place place;
  tenon::Trainer trainer(options(3), place.path / "run");
  const auto refusal = [&](std::unique_ptr<Tested> given) -> std::string {
    try {
      trainer.fit(std::move(given));
    } catch (const tenon::Failure& failure) {
      BOOST_TEST((failure.code() == tenon::ExitCode::task));
      return failure.what();
    }
    return "not refused";
  };
  BOOST_TEST(refusal(nullptr) == "there is no task: the trainer was given a NULL pointer");
  auto broken = task();
  broken->configure = [](torch::nn::Module&) -> std::vector<tenon::NamedOptimizer> {
    throw std::runtime_error("no optimizer today");
  };
  BOOST_TEST(refusal(std::move(broken)).find("task 'Tested', configure_optimizers(): no optimizer today") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
