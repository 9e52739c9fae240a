// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The promise: a run resumed at any of its commit points ends with the same bytes as one that never stopped. Real
// plugins, real files; the run is continued in a copy of its own folder, whose later checkpoints it has to go back
// behind.
#include <torch/optim/adagrad.h>
#include <torch/optim/adam.h>
#include <torch/optim/adamw.h>
#include <torch/optim/lbfgs.h>
#include <torch/optim/rmsprop.h>
#include <torch/optim/sgd.h>

#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <tenon/plugin.hpp>
#include <tenon/schedulers.hpp>
#include <tenon/trainer.hpp>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/format.hpp"
#include "loop/snapshot.hpp"
#include "parity_task.hpp"

namespace tenon::tests {

namespace {

namespace fs = std::filesystem;
namespace optim = torch::optim;

/// A training in all but its folder.
struct Recipe {
  std::function<std::vector<NamedOptimizer>(ParityNet&)> optimizers;
  std::function<void(TrainerOptions&)> options = [](TrainerOptions&) {};
  bool by_hand = false;
  std::uint32_t workers = 0;
  Target target = Target::none;
  std::function<void(ParityNet&)> change_weights = {};
  bool is_copied_lazily = true;  ///< what only a step changes
};

struct Place {
  Place() {
    // Hundreds of runs that sync every step: where it can be had, in memory.
    const fs::path memory = "/dev/shm";
    const fs::path where = access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
    std::string name = (where / "tenon-resume-XXXXXX").string();
    BOOST_REQUIRE(mkdtemp(name.data()));
    path = fs::canonical(name);
  }
  ~Place() { fs::remove_all(path); }
  fs::path path;
};

/// Copies the run's folder each time that a checkpoint of `every` or `ends` is there: what a kill would leave.
class Copier {
 public:
  static constexpr const char* id = "org.tenon.tests.copier";
  static constexpr const char* name = "copier";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Copies a run's folder";
  static constexpr const char* license = "Apache-2.0";

  explicit Copier(Host host) : run_(resolve(host, TENON_PATH_RUN, ".")) {}
  void on_checkpoint_saved(const tenon_checkpoint_args& args) {
    const fs::path made(std::string(view(args.checkpoint->path)));
    const std::string kind = made.parent_path().filename();
    if (copies.empty() || (kind != "every" && kind != "ends")) return;
    const fs::path to = copies / (kind + "-" + made.filename().string());
    for (;;) {  // the writer may be at work: what vanishes meanwhile is not there in the next try
      std::error_code wrong;
      fs::copy(run_, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks, wrong);
      if (!wrong) return;
      fs::remove_all(to);
    }
  }

  static inline fs::path copies;

 private:
  fs::path run_;
};

RunResult train(const Recipe& recipe, const fs::path& folder, const std::string& resume = {}) {
  TrainerOptions options;
  options.max_epochs = 4;
  options.seed = 11;
  options.threads = 1;
  options.num_sanity_val_steps = 0;
  options.log_every_n_steps = 1;
  recipe.options(options);
  Trainer trainer(options, folder);
  trainer.add_plugin_folder(TENON_BINARY_DIR "/plugins");
  trainer.add_callback("jsonl_logger").add_callback("csv_logger");
  trainer.add_callback("early_stopping", "stop", {{"monitor", "val_loss"}, {"patience", 2}});
  trainer.add_callback("checkpoint", "every",
                       {{"dirpath", "every"}, {"every_n_train_steps", 1}, {"save_top_k", -1}, {"filename", "{step}"}});
  trainer.add_callback(
      "checkpoint", "ends",
      {{"dirpath", "ends"}, {"save_on_train_epoch_end", true}, {"save_top_k", -1}, {"filename", "{epoch}"}});
  trainer.add_callback("checkpoint", "best",
                       {{"dirpath", "best"}, {"monitor", "val_loss"}, {"save_top_k", 2}, {"save_last", true}});
  if (resume.empty())
    trainer.add_callback<Copier>();
  else
    trainer.resume(resume);
  auto task = std::make_unique<ParityTask>();
  task->optimizers_of = recipe.optimizers;
  task->by_hand = recipe.by_hand;
  task->workers = recipe.workers;
  task->target = recipe.target;
  task->change_weights = recipe.change_weights;
  return trainer.fit(std::move(task));
}

std::string read(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

/// A log without its clock: the member "time" of a line of JSON, or the third column of the table.
std::string without_times(const fs::path& file) {
  std::istringstream in(read(file));
  std::string out;
  for (std::string line; std::getline(in, line); out += line + "\n") {
    if (const std::size_t at = line.find("\"time\":"); at != std::string::npos) {
      line.erase(at, line.find(',', at) - at);
    } else if (file.extension() == ".csv") {
      const std::size_t second = line.find(',', line.find(',') + 1);
      line.erase(second, line.find(',', second + 1) - second);
    }
  }
  return out;
}

/// What must be the same of a checkpoint: the weights' file, and what the engine keeps beside them.
std::string essence(const fs::path& checkpoint) {
  const auto opened = checkpoint::Checkpoint::open(checkpoint);
  std::string all = read(checkpoint / "model.safetensors");
  const checkpoint::LoadedTensors loaded = opened.load(checkpoint::training_file);
  for (const checkpoint::TensorRecord& record : loaded.records)
    if (!record.name.starts_with("callback_state/"))
      all += "\n" + record.name + "\n" +
             std::string(reinterpret_cast<const char*>(record.bytes.data()), record.bytes.size());
  return all;
}

/// Every checkpoint of a run's folder, every ref and every log, by path.
std::map<std::string, std::string> everything(const fs::path& run) {
  std::map<std::string, std::string> all;
  for (fs::recursive_directory_iterator at(run), end; at != end; ++at) {
    const std::string name = at->path().lexically_relative(run).string();
    if (at->is_symlink()) {
      all[name] = "-> " + fs::read_symlink(at->path()).string();
    } else if (at->path().extension() == ".ckpt") {
      all[name] = essence(at->path());
      at.disable_recursion_pending();
    } else if (at->path().extension() == ".jsonl" || at->path().extension() == ".csv") {
      all[name] = without_times(at->path());
    } else if (at->path().filename().string().find("tenon-tmp") != std::string::npos) {
      all[name] = "rubbish";
    }
  }
  return all;
}

void compare(const std::map<std::string, std::string>& straight, const std::map<std::string, std::string>& resumed) {
  for (const auto& [name, content] : straight) {
    BOOST_TEST(resumed.contains(name), name << " is not there");
    if (resumed.contains(name)) BOOST_TEST((resumed.at(name) == content), name << " differs");
  }
  for (const auto& [name, content] : resumed) BOOST_TEST(straight.contains(name), name << " is there too");
}

/// Every snapshot of the runs is taken lazily where one of a large model would be, and compared with an eager one.
struct WatchedSnapshots : loop::SnapshotTest {
  WatchedSnapshots() { loop::Snapshots::test = this; }
  ~WatchedSnapshots() { loop::Snapshots::test = nullptr; }
  void check(bool is_copied_lazily) const {
    BOOST_TEST(torn.empty(), "a lazily copied tensor is torn: " << (torn.empty() ? "" : torn.front()));
    BOOST_TEST(whole == lazy);
    BOOST_TEST((whole > 0) == is_copied_lazily);
  }
};

/// Resumed at every commit point; TENON_RESUME_STRIDE=7 takes every seventh.
void check(const Recipe& recipe) {
  WatchedSnapshots snapshots;
  const Place place;
  const char* wanted = std::getenv("TENON_RESUME_STRIDE");
  const std::size_t stride = wanted ? std::strtoul(wanted, nullptr, 10) : 1;
  Copier::copies = place.path / "copies";
  fs::create_directory(Copier::copies);
  const RunResult whole = train(recipe, place.path / "straight");
  BOOST_REQUIRE_MESSAGE(whole.exit_code == ExitCode::ok, whole.detail);
  const auto straight = everything(place.path / "straight");
  std::set<fs::path> copies(fs::directory_iterator(Copier::copies), {});
  std::size_t number = 0, tried = 0;
  for (const fs::path& copy : copies) {
    if (number++ % stride != 0) continue;
    BOOST_TEST_CONTEXT("resumed from " << copy.filename()) {
      const RunResult rest = train(recipe, copy, "auto");
      BOOST_TEST((rest.exit_code == ExitCode::ok), rest.detail);
      BOOST_TEST(rest.steps == whole.steps);
      BOOST_TEST(rest.epochs == whole.epochs);
      compare(straight, everything(copy));
      ++tried;
    }
  }
  BOOST_TEST(tried >= 3u);
  snapshots.check(recipe.is_copied_lazily);
}

/// Keeps the weights small, inside its own step and past the tensors' version counters.
struct ClippingAdamW : optim::AdamW {
  using AdamW::AdamW;
  at::Tensor step(LossClosure closure = nullptr) override {
    const at::Tensor loss = AdamW::step(std::move(closure));
    for (optim::OptimizerParamGroup& group : param_groups())
      for (at::Tensor& parameter : group.params()) parameter.data().clamp_(-0.3, 0.3);
    return loss;
  }
};
void clip(ParityNet& net) { net.first.data().clamp_(-0.3, 0.3); }

template <class Optimizer, class Options>
auto one(Options options, std::optional<Schedule> schedule = std::nullopt) {
  return [=](ParityNet& net) -> std::vector<NamedOptimizer> {
    return {{"main", std::make_shared<Optimizer>(net.trained(), options), schedule}};
  };
}

/// Schedulers have state of their own: each training makes one.
template <class Make>
auto sgd_with(Make make, Every interval = Every::step, std::string monitor = {}) {
  return [=](ParityNet& net) -> std::vector<NamedOptimizer> {
    Schedule schedule{make(), interval};
    schedule.monitor = monitor;
    return {{"main", std::make_shared<optim::SGD>(net.trained(), optim::SGDOptions(0.02).momentum(0.9)), schedule}};
  };
}

}  // namespace

BOOST_AUTO_TEST_CASE(with_adamw_dropout_batch_norm_and_shuffling) {
  check({.optimizers = one<optim::AdamW>(optim::AdamWOptions(0.02).amsgrad(true))});
}

BOOST_AUTO_TEST_CASE(with_sgd) {
  check({.optimizers = one<optim::SGD>(optim::SGDOptions(0.05).momentum(0.9).nesterov(true).weight_decay(0.01))});
}
BOOST_AUTO_TEST_CASE(with_adam) { check({.optimizers = one<optim::Adam>(optim::AdamOptions(0.02))}); }
BOOST_AUTO_TEST_CASE(with_rmsprop) {
  check({.optimizers = one<optim::RMSprop>(optim::RMSpropOptions(0.01).momentum(0.5).centered(true))});
}
BOOST_AUTO_TEST_CASE(with_adagrad) { check({.optimizers = one<optim::Adagrad>(optim::AdagradOptions(0.05))}); }
BOOST_AUTO_TEST_CASE(with_lbfgs) {
  check({.optimizers = one<optim::LBFGS>(optim::LBFGSOptions(0.1).max_iter(4).history_size(3)),
         .is_copied_lazily = false});
}

BOOST_AUTO_TEST_CASE(with_accumulation_and_clipping) {
  check({.optimizers = one<optim::AdamW>(optim::AdamWOptions(0.02)), .options = [](TrainerOptions& o) {
           o.accumulate_grad_batches = 2;
           o.gradient_clip_val = 0.5;
         }});
}
BOOST_AUTO_TEST_CASE(with_bf16_autocast) {
  check({.optimizers = one<optim::AdamW>(optim::AdamWOptions(0.02)),
         .options = [](TrainerOptions& o) { o.precision = Precision::bf16_mixed; }});
}
BOOST_AUTO_TEST_CASE(with_workers_that_read_ahead) {
  check({.optimizers = one<optim::AdamW>(optim::AdamWOptions(0.02)), .workers = 2});
}
BOOST_AUTO_TEST_CASE(with_validations_inside_the_epoch) {
  check({.optimizers = one<optim::AdamW>(optim::AdamWOptions(0.02)),
         .options = [](TrainerOptions& o) { o.val_check_interval = BatchLimit::batches(2); }});
}
BOOST_AUTO_TEST_CASE(with_max_steps_inside_an_epoch) {
  check({.optimizers = one<optim::AdamW>(optim::AdamWOptions(0.02)),
         .options = [](TrainerOptions& o) { o.max_steps = 12; }});
}

BOOST_AUTO_TEST_CASE(with_manual_optimization_that_accumulates_by_hand) {
  check({.optimizers = [](ParityNet& net) -> std::vector<NamedOptimizer> {
           return {
               {"often", std::make_shared<optim::AdamW>(std::vector{net.first, net.second}, optim::AdamWOptions(0.02))},
               {"rarely", std::make_shared<optim::SGD>(std::vector{net.norm->weight, net.norm->bias},
                                                       optim::SGDOptions(0.05).momentum(0.9))}};
         },
         .by_hand = true,
         .is_copied_lazily = false});
}

BOOST_AUTO_TEST_CASE(with_a_target_network_in_the_module_or_in_the_task_s_own_state) {
  for (const Target target : {Target::submodule, Target::task})
    check({.optimizers = one<optim::AdamW>(optim::AdamWOptions(0.02)), .target = target});
}
BOOST_AUTO_TEST_CASE(with_weights_clipped_inside_the_step) {
  check({.optimizers = one<ClippingAdamW>(optim::AdamWOptions(0.02))});
}
BOOST_AUTO_TEST_CASE(with_weights_clipped_by_the_task_behind_the_step) {
  check(
      {.optimizers = one<optim::AdamW>(optim::AdamWOptions(0.02)), .change_weights = clip, .is_copied_lazily = false});
}
BOOST_AUTO_TEST_CASE(with_weights_clipped_by_the_task_under_manual_optimization) {
  check({.optimizers = [](ParityNet& net) -> std::vector<NamedOptimizer> {
           const auto sgd = [](std::vector<at::Tensor> of) {
             return std::make_shared<optim::SGD>(std::move(of), optim::SGDOptions(0.05).momentum(0.9));
           };
           return {{"often", sgd({net.first, net.second})}, {"rarely", sgd({net.norm->weight, net.norm->bias})}};
         },
         .by_hand = true,
         .change_weights = clip,
         .is_copied_lazily = false});
}

BOOST_AUTO_TEST_CASE(seven_steps_and_then_up_to_fourteen_are_fourteen_in_one_go) {
  const Place place;
  Copier::copies.clear();
  const auto run = [&](const char* folder, std::uint64_t steps, const std::string& resume = {}) {
    const RunResult result = train({.optimizers = one<optim::AdamW>(optim::AdamWOptions(0.02)),
                                    .options = [&](TrainerOptions& o) { o.max_steps = steps; }},
                                   place.path / folder, resume);
    BOOST_TEST((result.exit_code == ExitCode::ok), result.detail);
    BOOST_TEST(result.steps == steps);
  };
  run("straight", 14);
  run("parts", 7);  // inside the second epoch
  run("parts", 14, "auto");
  compare(everything(place.path / "straight/every"), everything(place.path / "parts/every"));
  BOOST_TEST(everything(place.path / "parts/every").size() == 14u);
}

BOOST_AUTO_TEST_CASE(with_each_schedule) {
  const auto step = [] { return std::make_shared<StepLR>(StepLR::Options{.step_size = 3, .gamma = 0.5}); };
  check({.optimizers = sgd_with(step)});
  check({.optimizers = sgd_with([] { return std::make_shared<ExponentialLR>(ExponentialLR::Options{.gamma = 0.9}); },
                                Every::epoch)});
  check({.optimizers = sgd_with([] { return make_scheduler<ConstantLR>({.factor = 0.5, .total_iters = 7}); })});
  check({.optimizers = sgd_with([] { return make_scheduler<LinearLR>({.start_factor = 0.2, .total_iters = 9}); })});
  check({.optimizers = sgd_with([] { return make_scheduler<MultiStepLR>({.milestones = {4, 11}, .gamma = 0.5}); })});
  check({.optimizers = sgd_with([] { return make_scheduler<PolynomialLR>({.total_iters = 15, .power = 2}); })});
  check({.optimizers = sgd_with([] { return make_scheduler<CosineAnnealingWarmRestarts>({.T_0 = 3, .T_mult = 2}); })});
  check({.optimizers = sgd_with([] {
           return make_scheduler<LambdaLR>({.lr_lambda = {[](std::int64_t n) { return 1.0 / double(n + 1); }}});
         })});
  check({.optimizers = sgd_with(
             [] { return make_scheduler<MultiplicativeLR>({.lr_lambda = {[](std::int64_t) { return 0.9; }}}); })});
  check({.optimizers = sgd_with([] {
           return make_scheduler<ChainedScheduler>(
               {.schedulers = {make_scheduler<LinearLR>({.start_factor = 0.2, .total_iters = 9}),
                               make_scheduler<ExponentialLR>({.gamma = 0.9})}});
         })});
  check({.optimizers = sgd_with([] { return warm_up(4, make_scheduler<CosineAnnealingLR>({.T_max = 16})); })});
  check({.optimizers =
             sgd_with([] { return std::make_shared<CosineAnnealingLR>(CosineAnnealingLR::Options{.T_max = 20}); })});
  check({.optimizers = sgd_with(
             [] { return std::make_shared<OneCycleLR>(OneCycleLR::Options{.max_lr = 0.05, .total_steps = 40}); })});
  check({.optimizers =
             sgd_with([] { return std::make_shared<ReduceLROnPlateau>(ReduceLROnPlateau::Options{.patience = 0}); },
                      Every::epoch, "val_loss")});
}

}  // namespace tenon::tests
