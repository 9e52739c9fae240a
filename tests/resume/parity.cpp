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
#include "loop/commit_point.hpp"
#include "loop/snapshot.hpp"
#include "parity_task.hpp"
#include "same_run.hpp"
#include "scratch_place.hpp"

namespace tenon::tests {

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
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
  std::int64_t keep = 2;         ///< of the best by val_loss
  bool is_stopped = false;       ///< by early stopping, in the third epoch, with the first one's weights put back
};

/// Copies the run's folder each time that a checkpoint of `every` or `ends` is there: what a kill behind its commit
/// point would leave. Of a run that goes on it tells from where.
class Copier {
 public:
  static constexpr const char* id = "org.tenon.tests.copier";
  static constexpr const char* name = "copier";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Copies a run's folder";
  static constexpr const char* license = "Apache-2.0";

  explicit Copier(Host host) : run_(resolve(host, TENON_PATH_RUN, ".")) {}
  void on_fit_start(const tenon_fit_start_args& args) {
    resumed_from = view(args.resumed_from);
    began_at = *args.progress;
    first_hook.clear();
  }
  void on_train_epoch_start(const tenon_event_args&) { note("on_train_epoch_start"); }
  void on_train_batch_start(const tenon_batch_args&) { note("on_train_batch_start"); }
  void on_train_epoch_end(const tenon_event_args&) { note("on_train_epoch_end"); }
  void on_train_end(const tenon_end_args&) { note("on_train_end"); }
  void on_checkpoint_saved(const tenon_checkpoint_args& args) {
    const fs::path made(std::string(view(args.checkpoint->path)));
    const std::string kind = made.parent_path().filename();
    if (copies.empty() || (kind != "every" && kind != "ends")) return;
    const fs::path to = copies / (kind + "-" + made.filename().string());
    fs::copy(run_, to, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  }

  static inline fs::path copies;  ///< where to; empty: nothing is copied
  static inline std::string resumed_from, first_hook;
  static inline tenon_progress began_at{};

 private:
  static void note(const char* hook) {
    if (first_hook.empty()) first_hook = hook;
  }
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
  if (recipe.is_stopped)
    trainer.add_callback(
        "early_stopping", "stop",
        {{"monitor", "val_loss"}, {"patience", 2}, {"min_delta", 10.0}, {"restore_best_weights", true}});
  else
    trainer.add_callback("early_stopping", "stop", {{"monitor", "val_loss"}, {"patience", 2}});
  trainer.add_callback("checkpoint", "every",
                       {{"dirpath", "every"}, {"every_n_train_steps", 1}, {"save_top_k", -1}, {"filename", "{step}"}});
  trainer.add_callback(
      "checkpoint", "ends",
      {{"dirpath", "ends"}, {"save_on_train_epoch_end", true}, {"save_top_k", -1}, {"filename", "{epoch}"}});
  trainer.add_callback(
      "checkpoint", "best",
      {{"dirpath", "best"}, {"monitor", "val_loss"}, {"save_top_k", recipe.keep}, {"save_last", true}});
  trainer.add_callback<Copier>();
  if (!resume.empty()) trainer.resume(resume);
  auto task = std::make_unique<ParityTask>();
  task->optimizers_of = recipe.optimizers;
  task->by_hand = recipe.by_hand;
  task->workers = recipe.workers;
  task->target = recipe.target;
  task->change_weights = recipe.change_weights;
  return trainer.fit(std::move(task));
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

/// Callbacks are told how their saves have ended at the same commit points in every run.
struct InStep {
  InStep() { loop::CommitPoint::waits_for_the_writer = true; }
  ~InStep() { loop::CommitPoint::waits_for_the_writer = false; }
};

/// Whether the run that has just ended went on right behind the commit point of this checkpoint.
void check_beginning(const fs::path& checkpoint) {
  BOOST_TEST(Copier::resumed_from == checkpoint.string());
  const auto opened = checkpoint::Checkpoint::open(checkpoint);
  const json::object& document = opened.document();
  const json::object& point = document.at("commit_point").as_object();
  const auto number = [](const json::object& in, const char* key) { return in.at(key).to_number<std::uint64_t>(); };
  const tenon_progress& at = Copier::began_at;
  BOOST_TEST(at.sequence == number(document, "sequence"));
  BOOST_TEST(at.epoch == number(point, "epoch"));
  BOOST_TEST(at.batch == number(point, "batch"));
  BOOST_TEST(at.step == number(document.at("progress").as_object(), "step"));
  const bool is_epoch_end = checkpoint.parent_path().filename() == "ends";
  BOOST_TEST(point.at("phase").as_string() == (is_epoch_end ? "epoch_end" : "batch"));
  const std::set<std::string> next = is_epoch_end ? std::set<std::string>{"on_train_epoch_start", "on_train_end"}
                                                  : std::set<std::string>{"on_train_batch_start", "on_train_epoch_end"};
  BOOST_TEST(next.contains(Copier::first_hook), Copier::first_hook);
}

struct Straight {
  RunResult result;
  std::map<std::string, std::string> everything;
};

/// Goes on in `folder` from `checkpoint`, which `word` names or finds, and compares with the run that never stopped.
void check_rest(const Recipe& recipe, const Straight& straight, const fs::path& folder, const fs::path& checkpoint,
                const std::string& word) {
  const RunResult rest = train(recipe, folder, word);
  BOOST_TEST((rest.exit_code == ExitCode::ok), rest.detail);
  BOOST_TEST(rest.steps == straight.result.steps);
  BOOST_TEST(rest.epochs == straight.result.epochs);
  BOOST_TEST(ending(rest.summary) == ending(straight.result.summary));
  check_beginning(checkpoint);
  check_same(straight.everything, everything(folder, Told::at_the_same_commit_points));
}

Straight train_straight(const Recipe& recipe, const Place& place) {
  Copier::copies = place.path / "copies";
  fs::create_directory(Copier::copies);
  Straight straight{train(recipe, place.path / "straight"), {}};
  Copier::copies.clear();
  BOOST_REQUIRE_MESSAGE(straight.result.exit_code == ExitCode::ok, straight.result.detail);
  straight.everything = everything(place.path / "straight", Told::at_the_same_commit_points);
  return straight;
}

/// "every/step=3.ckpt" of a copy called "every-step=3.ckpt".
fs::path newest_of(const fs::path& copy) {
  const std::string name = copy.filename();
  const std::size_t dash = name.find('-');
  return copy / name.substr(0, dash) / name.substr(dash + 1);
}

std::size_t stride_of_commit_points() {
  const char* wanted = std::getenv("TENON_RESUME_STRIDE");
  return wanted ? std::strtoul(wanted, nullptr, 10) : 1;
}

std::uint64_t count(const RunResult& result, const char* callback, const char* what) {
  return result.summary.at("callbacks").at(callback).at(what).to_number<std::uint64_t>();
}

/// Resumed at every commit point, each named by the path of its checkpoint, and every fourth found by `auto` as well;
/// TENON_RESUME_STRIDE=7 takes every seventh.
RunResult check(const Recipe& recipe) {
  WatchedSnapshots snapshots;
  const InStep in_step;
  const Place place;
  const std::size_t stride = stride_of_commit_points();
  const Straight straight = train_straight(recipe, place);
  const std::set<fs::path> copies(fs::directory_iterator(place.path / "copies"), {});
  BOOST_TEST(copies.size() == straight.result.steps + straight.result.epochs, "a commit point is missing");
  std::size_t number = 0, tried = 0, by_auto = 0;
  for (const fs::path& copy : copies) {
    if (number++ % stride != 0) continue;
    BOOST_TEST_CONTEXT("resumed from " << copy.filename()) {
      if (tried++ % 4 == 0) {
        const fs::path again = place.path / "again" / copy.filename();
        copy_folder(copy, again);
        check_rest(recipe, straight, again, newest_of(again), "auto");
        ++by_auto;
      }
      check_rest(recipe, straight, copy, newest_of(copy), newest_of(copy).string());
    }
  }
  BOOST_TEST(tried == (copies.size() + stride - 1) / stride);
  BOOST_TEST(by_auto == (tried + 3) / 4);
  snapshots.check(recipe.is_copied_lazily);
  return straight.result;
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
  const RunResult result = check({.optimizers = one<optim::AdamW>(optim::AdamWOptions(0.02).amsgrad(true))});
  BOOST_TEST(count(result, "best", "saved") == 4u);
  BOOST_TEST(count(result, "best", "removed") == 2u);
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
  // max_steps is in the documents, and the end of the epoch that the first run has cut short in what callbacks count.
  const auto of = [&](const char* folder) {
    std::map<std::string, std::string> all = everything(place.path / folder / "every", Told::when_the_disk_was_done);
    std::erase_if(all, [](const auto& each) {
      return each.first.ends_with(".json") || each.first.find("/callback_state/") != std::string::npos;
    });
    return all;
  };
  check_same(of("straight"), of("parts"));
  BOOST_TEST(std::distance(fs::directory_iterator(place.path / "parts/every"), {}) == 14);
}

BOOST_AUTO_TEST_CASE(with_early_stopping_that_puts_the_best_weights_back) {
  const RunResult result = check({.optimizers = one<optim::AdamW>(optim::AdamWOptions(0.02)), .is_stopped = true});
  BOOST_TEST(result.reason == TENON_END_STOPPED);
  BOOST_TEST(result.epochs == 3u);
  BOOST_TEST(count(result, "stop", "stopped_epoch") == 2u);
  BOOST_TEST(result.summary.at("callbacks").at("stop").at("restored_from").as_string() == "every/step=5.ckpt");
}

/// A run that has ended, gone back behind nearly all that it has saved. All of it is kept: what top-k has removed since
/// is not there to go on with.
BOOST_AUTO_TEST_CASE(from_a_checkpoint_of_a_finished_run_behind_its_own_later_ones) {
  const InStep in_step;
  const Place place;
  const Recipe recipe{.optimizers = one<optim::AdamW>(optim::AdamWOptions(0.02)), .keep = -1};
  const Straight straight = train_straight(recipe, place);
  std::size_t number = 0;
  for (const char* kind : {"every", "ends"}) {
    const std::set<fs::path> checkpoints(fs::directory_iterator(place.path / "straight" / kind), {});
    for (const fs::path& checkpoint : checkpoints) {
      if (checkpoint.extension() != ".ckpt" || number++ % stride_of_commit_points() != 0) continue;
      BOOST_TEST_CONTEXT("resumed from " << kind << "/" << checkpoint.filename()) {
        const fs::path folder = place.path / "again" / std::to_string(number);
        copy_folder(place.path / "straight", folder);
        const fs::path named = folder / kind / checkpoint.filename();
        check_rest(recipe, straight, folder, named, named.string());
      }
    }
  }
  BOOST_TEST(number == straight.result.steps + straight.result.epochs);
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
