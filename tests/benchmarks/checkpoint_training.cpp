// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint_training.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/mse_loss.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/relu.h>
#include <malloc.h>
#include <torch/nn/modules/linear.h>
#include <torch/optim/adamw.h>
#include <torch/serialize.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <tenon/task.hpp>
#include <tenon/trainer.hpp>
#include <vector>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/memory.hpp"
#include "loop/engine.hpp"
#include "loop/resume_point.hpp"
#include "process.hpp"
#include "trainer_models.hpp"

namespace tenon::benchmarks {
namespace {

namespace fs = std::filesystem;

/// 20 layers of 1024 x 1024.
struct Wide : torch::nn::Module {
  Wide() {
    for (int i = 0; i < 20; ++i)
      layers.push_back(register_module("layer" + std::to_string(i), torch::nn::Linear(1024, 1024)));
  }
  at::Tensor forward(at::Tensor x) {
    for (torch::nn::Linear& layer : layers) x = at::relu(layer->forward(x));
    return x;
  }
  std::vector<torch::nn::Linear> layers;
};

TrainedModel wide() {
  const at::Tensor x = at::rand({4096, 1024});
  return {"wide", [] { return std::make_shared<Wide>(); },
          [](torch::nn::Module& model, const Batch& batch) {
            return at::mse_loss(static_cast<Wide&>(model).forward(batch[0]), batch[0]);
          },
          std::make_shared<TensorDataset>(std::vector{x}), 16};
}

/// What the training thread loses, and what it is told to ask for.
struct Observed {
  std::uint64_t save_every = 0;  // steps; 0: nothing is saved
  std::uint64_t save_from = 0;
  bool waits = false;  // for the disk, at each save
  std::function<void(std::uint64_t step)> after_step;

  double batch_end = 0, before_step = 0, committing = 0;
  bool has_saved = false;                  // at the last commit point
  std::vector<double> with_save, without;  // seconds of a commit point, and of the wait before the next step
  std::vector<double> heap;                // bytes in use before each save
  std::string newest;

  void step_begins() {
    (has_saved ? with_save : without).push_back(committing + seconds() - before_step);
    has_saved = false;
  }
};
Observed* observed = nullptr;

class TimedAdamW final : public torch::optim::AdamW {
 public:
  using AdamW::AdamW;
  at::Tensor step(LossClosure closure) override {
    if (observed) observed->step_begins();
    return AdamW::step(std::move(closure));
  }
};

class Training : public Task {
 public:
  Training(TaskContext context, const TrainedModel& which) : Task(std::move(context)), which_(which) {}
  std::shared_ptr<torch::nn::Module> make_model() override { return which_.make(); }
  std::vector<NamedOptimizer> configure_optimizers(torch::nn::Module& model) override {
    return {std::make_shared<TimedAdamW>(model.parameters(), torch::optim::AdamWOptions(1e-5))};
  }
  Loader training_data() override { return {which_.data, which_.batch_size, true}; }
  at::Tensor training_step(torch::nn::Module& model, const Batch& batch) override { return which_.loss(model, batch); }

 private:
  const TrainedModel& which_;
};

/// Asks for a full checkpoint, lets go of the one before, and takes the time.
class Saves {
 public:
  static constexpr const char* id = "org.tenon.benchmarks.saves";
  static constexpr const char* name = "saves";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Saves and takes the time";
  static constexpr const char* license = "Apache-2.0";

  explicit Saves(Host host) : checkpoints_(host) {}
  void on_setup(const tenon_event_args&) { checkpoints_.claim("checkpoints"); }
  void on_train_batch_start(const tenon_batch_args&) { observed->committing = seconds() - observed->batch_end; }
  void on_before_optimizer_step(const tenon_step_args&) { observed->before_step = seconds(); }
  void on_train_batch_end(const tenon_batch_args& args) {
    Observed& o = *observed;
    const std::uint64_t step = args.progress->step;
    if (o.after_step) o.after_step(step);
    if (o.save_every != 0 && step >= o.save_from && (step - o.save_from) % o.save_every == 0) {
      const struct mallinfo2 now = mallinfo2();
      o.heap.push_back(static_cast<double>(now.uordblks + now.hblkhd));
      o.newest = "step=" + std::to_string(step);
      tenon_save_request wanted = Checkpoints::save(TENON_CHECKPOINT_FULL, o.newest, "due");
      if (o.waits) wanted.flags |= TENON_SAVE_WAIT;
      const tenon_ticket ticket = checkpoints_.request(wanted);
      if (held_) checkpoints_.release(held_, ticket, "replaced");
      held_ = ticket;
      o.has_saved = true;
    }
    o.batch_end = seconds();
  }

 private:
  Checkpoints checkpoints_;
  tenon_ticket held_ = 0;
};

struct Sizes {
  std::uint64_t saves, every;          // whose stalls are measured
  std::uint64_t phase, pause, rounds;  // steps with a save every 50, or none, and between them
};

TrainerOptions options_for(std::uint64_t steps) {
  TrainerOptions options;
  options.max_steps = steps;
  options.threads = 1;
  options.seed = 7;
  return options;
}

/// Trains in `folder`, which stays.
void train(const TrainedModel& which, std::uint64_t steps, Observed& o, const fs::path& folder) {
  Trainer trainer(options_for(steps), folder);
  trainer.add_callback<Saves>();
  observed = &o;
  const RunResult result = trainer.fit(std::make_unique<Training>(trainer.task_context(), which));
  observed = nullptr;
  if (result.exit_code != ExitCode::ok) throw std::runtime_error(which.name + ": " + result.detail);
}

double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values.at(static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5));
}

/// One thread's copy between two pieces of memory that are there already.
double copy_seconds(std::size_t size) {
  const checkpoint::Memory from = checkpoint::allocate(size), to = checkpoint::allocate(size);
  std::memset(from.get(), 1, size);
  std::memset(to.get(), 2, size);
  std::vector<double> taken;
  for (int round = 0; round < 11; ++round) {
    const double start = seconds();
    std::memcpy(to.get(), from.get(), size);
    taken.push_back(seconds() - start);
  }
  return median(taken);
}

void measure_stalls(Report& report, const std::string& suffix, const TrainedModel& which, const Sizes& sizes,
                    double memcpy, const fs::path& folder) {
  Observed o;
  o.save_every = o.save_from = sizes.every;
  const std::uint64_t steps = sizes.every * (sizes.saves + 1);
  o.without.reserve(steps);  // what is measured must not grow itself
  o.with_save.reserve(sizes.saves + 1);
  train(which, steps, o, folder);
  const double usual = median(o.without);
  for (double& stall : o.with_save) stall = std::max(0.0, stall - usual);
  const double worst = percentile(o.with_save, 0.99);
  report.add("stall_ms_p50" + suffix, 1e3 * median(o.with_save), "what a save takes from the training thread");
  report.add("stall_ms_p99" + suffix, 1e3 * worst, "the same; goal at most 5 for the large state");
  report.add("memcpy_ms" + suffix, 1e3 * memcpy, "one copy of the state into memory that is there");
  report.add("stall_over_memcpy" + suffix, worst / memcpy, "of the 99th percentile; at most 1 for the large state");
}

/// In a process of its own: the allocator's caches of each thread, which fill for a while, are switched off there.
void measure_heap(Report& report, const std::string& suffix, const TrainedModel& which, const fs::path& folder) {
  const std::string growth = run_quietly({"/usr/bin/env", "GLIBC_TUNABLES=glibc.malloc.tcache_count=0",
                                          fs::read_symlink("/proc/self/exe"), "--heap-growth", which.name, folder});
  report.add("heap_growth_per_save" + suffix, std::stod(growth), "bytes, after the second; 0");
}

void measure_throughput(Report& report, const std::string& suffix, const TrainedModel& which, const Sizes& sizes,
                        const fs::path& folder) {
  Observed o;
  const std::uint64_t turn = sizes.phase + sizes.pause;
  double began = 0, plain = 0;
  std::vector<double> ratios;
  o.after_step = [&](std::uint64_t step) {
    const std::uint64_t in_turn = step % turn;
    const bool saves = step / turn % 2 == 1;
    if (in_turn == 0) {
      began = seconds();
      if (saves) o.save_from = step;
      o.save_every = saves ? 50 : 0;
    }
    if (in_turn != sizes.phase) return;
    o.save_every = 0;
    const double taken = seconds() - began;
    if (!saves)
      plain = taken;
    else if (step > 2 * turn)  // LibTorch and the memory have warmed up
      ratios.push_back(plain / taken);
  };
  train(which, turn * 2 * (sizes.rounds + 1) + 1, o, folder);
  report.add("throughput_ratio_every_50" + suffix, median(ratios),
             "steps per second with a save every 50 steps over without; goal 0.97 for the large state");
}

void measure_restore(Report& report, const std::string& suffix, const TrainedModel& which, double memcpy,
                     const fs::path& path) {
  TaskContext context;
  context.seed = 7;
  const TrainerOptions options = options_for(1);
  const std::unique_ptr<loop::Engine> engine(
      make_engine(std::make_unique<Training>(std::move(context), which), nullptr, options, Stage::train).engine);
  std::vector<double> taken;
  for (int round = 0; round < 8; ++round) {
    const double start = seconds();
    const loop::ResumePoint point(checkpoint::Checkpoint::open(path));
    engine->restore(point.engine_state(), loop::restore_all, path.string());
    if (round > 0) taken.push_back(seconds() - start);  // the first one makes the optimizer's state
  }
  report.add("restore_in_place_over_memcpy" + suffix, memcpy / median(taken),
             "opened, verified, compared and copied into the model, warm; goal 0.45 for the large state");
}

/// What a user of LibTorch does in the loop.
void measure_torch_save(Report& report, const std::string& suffix, const TrainedModel& which, const fs::path& place) {
  const std::shared_ptr<torch::nn::Module> model = which.make();
  torch::optim::AdamW optimizer(model->parameters(), torch::optim::AdamWOptions(1e-5));
  const at::Tensor indices = at::arange(static_cast<std::int64_t>(which.batch_size));
  which.loss(*model, which.data->get_batch(indices, {7, 0})).backward();
  optimizer.step();
  std::vector<double> taken;
  for (int round = 0; round < 5; ++round) {
    const double start = seconds();
    torch::serialize::OutputArchive archive;
    model->save(archive);
    archive.save_to((place / "model.pt").string());
    torch::save(optimizer, (place / "optimizer.pt").string());
    taken.push_back(seconds() - start);
  }
  report.add("torch_save_stall_ms" + suffix, 1e3 * median(taken), "torch::save of model and optimizer, no fsync");
}

void measure_one(Report& report, const std::string& suffix, const TrainedModel& which, const Sizes& sizes,
                 const fs::path& place) {
  std::size_t state = 0;
  for (const at::Tensor& parameter : which.make()->parameters()) state += 3 * parameter.nbytes();
  const double memcpy = copy_seconds(state);
  const fs::path folder = place / ("stalls" + suffix);
  measure_stalls(report, suffix, which, sizes, memcpy, folder);
  measure_heap(report, suffix, which, place / ("heap" + suffix));
  measure_throughput(report, suffix, which, sizes, place / ("throughput" + suffix));
  fs::path newest;
  for (const auto& entry : fs::directory_iterator(folder / "checkpoints"))
    if (entry.path().extension() == ".ckpt") newest = entry.path();
  measure_restore(report, suffix, which, memcpy, newest);
  measure_torch_save(report, suffix, which, place);
  fs::remove_all(folder);
}

std::vector<TrainedModel> all_models() {
  std::vector<TrainedModel> models = {wide()};
  models.push_back(trained_models(TENON_BINARY_DIR "/tasks/digits.csv").front());
  return models;
}

}  // namespace

/// Each save is over before the next. The least of many, since the lengths of texts vary.
double heap_growth_per_save(const std::string& model, const fs::path& place) {
  at::set_num_threads(1);
  constexpr std::size_t half = 20;
  for (const TrainedModel& which : all_models()) {
    if (which.name != model) continue;
    Observed o;
    o.save_every = o.save_from = 3;
    o.waits = true;
    const std::uint64_t steps = o.save_every * (2 + 2 * half);
    o.without.reserve(steps);  // what is measured must not grow itself
    o.with_save.reserve(steps);
    o.heap.reserve(steps);
    train(which, steps, o, place);
    fs::remove_all(place);
    const auto least = [&](std::size_t from) { return *std::min_element(&o.heap[from], &o.heap[from] + half); };
    return (least(2 + half) - least(2)) / static_cast<double>(half);
  }
  throw std::runtime_error("there is no model " + model);
}

void measure_training(Report& report, const fs::path& place) {
  at::set_num_threads(1);
  at::manual_seed(7);
  const std::vector<TrainedModel> models = all_models();
  measure_one(report, "", models[0], {100, 20, 100, 10, 3}, place);
  measure_one(report, "_digits", models[1], {200, 50, 2000, 500, 5}, place);
}

}  // namespace tenon::benchmarks
