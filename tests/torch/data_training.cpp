// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Whole trainings on data that workers prepare, on streams and on several validation loaders.
#include <ATen/ops/arange.h>
#include <ATen/ops/dropout.h>
#include <ATen/ops/full.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/rand.h>
#include <torch/nn/module.h>
#include <torch/optim/sgd.h>

#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <functional>
#include <tenon/task.hpp>

#include "loop/fit.hpp"
#include "torch/engine.hpp"

namespace te = tenon::torch_engine;
namespace loop = tenon::loop;

namespace {

struct Line : torch::nn::Module {
  Line() { weight = register_parameter("weight", at::rand({1, 2})); }
  at::Tensor forward(const at::Tensor& x) { return at::dropout(at::linear(x, weight), 0.2, is_training()); }
  at::Tensor weight;
};

/// 30 samples with noise of their own; one of them may fail.
struct Noisy : tenon::Dataset {
  explicit Noisy(std::int64_t broken = -1) : broken_(broken) {}
  std::uint64_t size() const override { return 30; }
  tenon::Example get(std::uint64_t index, tenon::Random& random) override {
    if (static_cast<std::int64_t>(index) == broken_) throw std::runtime_error("no such row");
    const double x = static_cast<double>(index) / 30 + 0.01 * random.uniform();
    return {at::full({2}, x), at::full({1}, 2 * x)};
  }
  std::int64_t broken_;
};

/// The same samples, one after the other; nothing in epochs from `dry` on.
struct NoisyStream : tenon::Stream {
  explicit NoisyStream(std::uint64_t dry = 100) : dry_(dry) {}
  void start(std::uint64_t epoch, tenon::Random) override { next_ = epoch < dry_ ? 0 : 30; }
  std::optional<tenon::Example> next(tenon::Random& random) override {
    if (next_ == 30) return std::nullopt;
    return samples_.get(next_++, random);
  }
  Noisy samples_;
  std::uint64_t dry_, next_ = 0;
};

tenon::Loader loader_of(std::shared_ptr<tenon::Dataset> dataset, std::uint32_t workers, bool shuffle = true) {
  tenon::Loader loader{std::move(dataset), 4, shuffle};
  loader.workers = workers;
  return loader;
}

tenon::Loader loader_of(std::shared_ptr<tenon::Stream> stream, std::uint32_t workers) {
  tenon::Loader loader;
  loader.stream = std::move(stream);
  loader.batch_size = 4;
  loader.workers = workers;
  return loader;
}

struct Data {
  tenon::Loader training;
  std::vector<tenon::Loader> validation;
};

class LineTask final : public tenon::TaskFor<Line> {
 public:
  explicit LineTask(Data data) : TaskFor({{}, {}, {}, 3}), data_(std::move(data)) {}
  std::shared_ptr<torch::nn::Module> make_model() override { return std::make_shared<Line>(); }
  std::vector<tenon::NamedOptimizer> configure_optimizers(torch::nn::Module& model) override {
    return {std::make_shared<torch::optim::SGD>(model.parameters(), torch::optim::SGDOptions(0.1))};
  }
  tenon::Loader training_data() override { return data_.training; }
  std::vector<tenon::Loader> validation_data() override { return data_.validation; }
  at::Tensor training_step(Line& line, const tenon::Batch& batch) override {
    return at::mse_loss(line.forward(batch[0]), batch[1]);
  }
  void validation_step(Line& line, const tenon::Batch& batch) override {
    log("val_loss", at::mse_loss(line.forward(batch[0]), batch[1]));
  }

 private:
  Data data_;
};

struct Trained {
  loop::FitResult result;
  at::Tensor weight;
  std::vector<double> losses;  ///< of each validation loader
};

Trained train(Data data) {
  const std::size_t loaders = data.validation.size();
  te::TorchEngine engine(std::make_unique<LineTask>(std::move(data)), "line");
  loop::RunFacts facts;
  facts.run_id = "test";
  facts.run_folder = std::filesystem::temp_directory_path();
  facts.options.max_epochs = 3;
  loop::Fit fit(engine, facts, facts.run_folder);
  Trained out;
  out.result = fit.run();
  out.weight = engine.model().parameters().at(0).tensor.detach().clone();
  for (std::size_t i = 0; i < loaders; ++i) {
    const std::string name = loaders == 1 ? "val_loss" : "val_loss/dataloader_idx_" + std::to_string(i);
    out.losses.push_back(fit.metrics().at(fit.metrics().id(name)).value);
  }
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(data_training)

BOOST_AUTO_TEST_CASE(the_training_is_the_same_bit_for_bit_with_any_number_of_workers) {
  const auto with = [](std::uint32_t workers) {
    return train(
        {loader_of(std::make_shared<Noisy>(), workers), {loader_of(std::make_shared<Noisy>(), workers, false)}});
  };
  const Trained alone = with(0);
  BOOST_TEST(alone.result.detail == "");
  BOOST_TEST(alone.result.steps == 24u);
  for (const std::uint32_t workers : {1u, 3u}) {
    const Trained several = with(workers);
    BOOST_TEST(several.result.detail == "");
    BOOST_TEST(several.weight.equal(alone.weight));
    BOOST_TEST(several.losses == alone.losses, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_stream_trains_and_validates_as_a_dataset_of_the_same_samples) {
  const Trained dataset =
      train({loader_of(std::make_shared<Noisy>(), 0, false), {loader_of(std::make_shared<Noisy>(), 0, false)}});
  for (const std::uint32_t workers : {0u, 1u}) {
    const Trained stream = train(
        {loader_of(std::make_shared<NoisyStream>(), workers), {loader_of(std::make_shared<NoisyStream>(), workers)}});
    BOOST_TEST(stream.result.detail == "");
    BOOST_TEST(stream.result.steps == 24u);
    BOOST_TEST(stream.weight.equal(dataset.weight));
    BOOST_TEST(stream.losses == dataset.losses, boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(each_of_several_validation_loaders_has_its_own_metric) {
  const Trained trained =
      train({loader_of(std::make_shared<Noisy>(), 2),
             {loader_of(std::make_shared<Noisy>(), 1, false), loader_of(std::make_shared<NoisyStream>(), 1)}});
  BOOST_TEST(trained.result.detail == "");
  BOOST_TEST(trained.losses.at(0) > 0.0);
  BOOST_TEST(trained.losses.at(0) == trained.losses.at(1));
}

BOOST_AUTO_TEST_CASE(an_error_of_the_data_says_where_and_ends_the_training_there) {
  for (const std::uint32_t workers : {0u, 2u}) {
    const Trained trained = train({loader_of(std::make_shared<Noisy>(17), workers, false), {}});
    BOOST_TEST((trained.result.exit == tenon::ExitCode::failed));
    BOOST_TEST(trained.result.detail == "epoch 0, batch 4, training data: task 'line': sample 17: no such row");
    BOOST_TEST(trained.result.steps == 4u);
  }
}

BOOST_AUTO_TEST_CASE(an_error_of_one_of_several_validation_loaders_names_it) {
  for (const std::uint32_t workers : {0u, 2u}) {
    const Trained trained =
        train({loader_of(std::make_shared<Noisy>(), 0),
               {loader_of(std::make_shared<Noisy>(), 0), loader_of(std::make_shared<Noisy>(5), workers, false)}});
    BOOST_TEST(trained.result.detail ==
               "epoch 0, batch 0, sanity validation: task 'line', validation loader 1, batch 1: sample 5: no such row");
  }
}

BOOST_AUTO_TEST_CASE(a_stream_that_is_dry_in_a_later_epoch_ends_the_training_with_a_word) {
  for (const std::uint32_t workers : {0u, 1u}) {
    const Trained trained = train({loader_of(std::make_shared<NoisyStream>(2), workers), {}});
    BOOST_TEST((trained.result.exit == tenon::ExitCode::failed));
    BOOST_TEST(trained.result.detail ==
               "epoch 2, batch 0, training data: task 'line': the stream gave no sample in epoch 2: next() must begin "
               "anew after start()");
    BOOST_TEST(trained.result.steps == 16u);
  }
}

BOOST_AUTO_TEST_SUITE_END()
