// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// How much of a loader's time its workers hide: the same training with a loader that costs nothing, with one that takes
// `share` of a step's time on the loop thread, and with that one in workers. A loader that computes needs a core of its
// own; one that waits, as for a disk, shows the hand-over alone. Time in which the loop thread could have gone on, but
// other work had the machine's cores, is left out. The three alternate, round by round. Prints one flat
// JSON object, medians over the rounds.
#include <ATen/Parallel.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros.h>
#include <torch/optim/sgd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <tenon/task.hpp>
#include <thread>

#include "loop/fit.hpp"
#include "mlp.hpp"
#include "torch/engine.hpp"

namespace {

namespace loop = tenon::loop;

/// Seconds in which this thread was ready to run and had no core; 0 where the kernel does not tell.
double seconds_without_core() {
  std::ifstream file("/proc/thread-self/schedstat");
  double running = 0, waiting = 0;
  return file >> running >> waiting ? 1e-9 * waiting : 0.0;
}

/// Runs `body` and answers the seconds it took, less those without a core.
template <class Body>
double seconds_of(const Body& body) {
  const double waited = seconds_without_core();
  const auto start = std::chrono::steady_clock::now();
  body();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return seconds - (seconds_without_core() - waited);
}

/// Work without memory, of which nothing may be left out.
void compute(std::uint64_t rounds) {
  volatile std::uint64_t out = 0;
  std::uint64_t state = rounds;
  for (std::uint64_t i = 0; i < rounds; ++i) state = state * 6364136223846793005u + 1442695040888963407u;
  out = state;
  static_cast<void>(out);
}

constexpr std::int64_t batch_size = 256;

/// What a batch costs.
struct Work {
  std::uint64_t rounds = 0;
  std::chrono::nanoseconds wait{0};
  void run() const {
    compute(rounds);
    if (wait.count() > 0) std::this_thread::sleep_for(wait);
  }
};

/// A batch of the same samples always, after some work.
class WorkingDataset final : public tenon::Dataset {
 public:
  WorkingDataset(std::uint64_t batches, const Work& work)
      : batches_(batches),
        work_(work),
        images_(at::rand({batch_size, 64})),
        labels_(at::zeros({batch_size}, at::kLong)) {}
  std::uint64_t size() const override { return batches_ * batch_size; }
  tenon::Example get(std::uint64_t, tenon::Random&) override { return {images_[0], labels_[0]}; }
  tenon::Batch get_batch(const at::Tensor&, const tenon::Augmentation&) override {
    work_.run();
    return {{images_.clone(), labels_.clone()}, batch_size};
  }

 private:
  std::uint64_t batches_;
  Work work_;
  at::Tensor images_, labels_;
};

struct Setting {
  std::uint64_t batches;
  Work work;
  std::uint32_t workers;
};

class WorkingTask final : public tenon::TaskFor<Mlp> {
 public:
  explicit WorkingTask(const Setting& setting) : TaskFor({{}, {}, {}, 1}), setting_(setting) {}
  std::shared_ptr<torch::nn::Module> make_model() override { return std::make_shared<Mlp>(256); }
  std::vector<tenon::NamedOptimizer> configure_optimizers(torch::nn::Module& model) override {
    return {std::make_shared<torch::optim::SGD>(model.parameters(), torch::optim::SGDOptions(0.01))};
  }
  tenon::Loader training_data() override {
    tenon::Loader loader{std::make_shared<WorkingDataset>(setting_.batches, setting_.work), batch_size};
    loader.workers = setting_.workers;
    return loader;
  }
  at::Tensor training_step(Mlp& model, const tenon::Batch& batch) override {
    return at::cross_entropy_loss(model.forward(batch[0]), batch[1]);
  }

 private:
  Setting setting_;
};

double seconds_per_step(const Setting& setting) {
  tenon::torch_engine::TorchEngine engine(std::make_unique<WorkingTask>(setting), "prefetch_share");
  loop::RunFacts facts;
  facts.run_id = "prefetch_share";
  facts.run_folder = std::filesystem::temp_directory_path();
  facts.options.max_epochs = 1;
  loop::Fit fit(engine, facts, facts.run_folder);
  const double seconds = seconds_of([&] {
    const loop::FitResult result = fit.run();
    if (result.steps != setting.batches) throw std::runtime_error(result.detail);
  });
  return seconds / static_cast<double>(setting.batches);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main(int count, char** arguments) {  // share of a step's time, workers, compute|wait
  const double share = count > 1 ? std::strtod(arguments[1], nullptr) : 0.8;
  const auto workers = static_cast<std::uint32_t>(count > 2 ? std::strtoul(arguments[2], nullptr, 10) : 1);
  const bool waits = count > 3 && std::string_view(arguments[3]) == "wait";
  constexpr std::uint64_t batches = 300;
  at::set_num_threads(1);

  seconds_per_step({batches, {}, 0});
  constexpr std::uint64_t probe = 20'000'000;
  const double per_round = seconds_of([] { compute(probe); }) / static_cast<double>(probe);
  const double wanted = share * seconds_per_step({batches, {}, 0});
  Work work;
  if (waits)
    work.wait = std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 * wanted));
  else
    work.rounds = static_cast<std::uint64_t>(wanted / per_round);

  std::vector<double> step, loaded, hidden, shares;
  for (int round = 0; round < 9; ++round) {
    step.push_back(seconds_per_step({batches, {}, 0}));
    loaded.push_back(seconds_per_step({batches, work, 0}));
    hidden.push_back(seconds_per_step({batches, work, workers}));
    shares.push_back((loaded.back() - hidden.back()) / (loaded.back() - step.back()));
  }
  std::printf(
      "{\"step_us\": %.6g, \"loaded_step_us\": %.6g, \"prefetched_step_us\": %.6g, \"prefetch_hidden_share\": %.6g}\n",
      1e6 * median(step), 1e6 * median(loaded), 1e6 * median(hidden), median(shares));
}
