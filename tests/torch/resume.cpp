// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A training that goes on in an engine made anew ends with the bits of one that never stopped.
#include <torch/nn/modules/batchnorm.h>
#include <torch/optim/adagrad.h>
#include <torch/optim/adam.h>
#include <torch/optim/lbfgs.h>
#include <torch/optim/rmsprop.h>
#include <torch/serialize/archive.h>

#include <tenon/schedulers.hpp>

#include "resumed.hpp"

using namespace tests;

namespace {

using Tensors = std::vector<at::Tensor>;

template <class Optimizer, class Options>
MakeOptimizer with(Options options) {
  return [options](Tensors parameters) { return std::make_shared<Optimizer>(std::move(parameters), options); };
}

MakeTask task_with(MakeOptimizer make, const std::function<void(TestTask&)>& change = {}) {
  return [=]() -> std::unique_ptr<tenon::Task> {
    auto task = std::make_unique<TestTask>(3, make);
    if (change) change(*task);
    return task;
  };
}

/// The model's layers in two groups of different options.
template <class Optimizer, class Options>
MakeTask two_groups(Options first, Options second) {
  return task_with({}, [=](TestTask& task) {
    task.configure = [=](torch::nn::Module& model) -> std::vector<tenon::NamedOptimizer> {
      auto& net = dynamic_cast<Net&>(model);
      std::vector<optim::OptimizerParamGroup> groups;
      groups.emplace_back(net.first->parameters(), std::make_unique<Options>(first));
      groups.emplace_back(net.last->parameters(), std::make_unique<Options>(second));
      return {std::make_shared<Optimizer>(std::move(groups), first)};
    };
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(resume)

BOOST_AUTO_TEST_CASE(every_optimizer_goes_on_bit_for_bit) {
  std::vector<std::uint64_t> every;
  for (std::uint64_t i = 0; i < 15; ++i) every.push_back(i);
  check_resumed("AdamW, at every batch", task_with(adamw), every);
  check_resumed("SGD without momentum", task_with(with<optim::SGD>(optim::SGDOptions(0.05))));
  check_resumed("SGD", task_with(sgd));
  check_resumed("SGD, dampening",
                two_groups<optim::SGD>(optim::SGDOptions(0.05).momentum(0.9).dampening(0.5), optim::SGDOptions(0.01)));
  check_resumed("Adam, amsgrad in one group",
                two_groups<optim::Adam>(optim::AdamOptions(0.01).amsgrad(true), optim::AdamOptions(0.003).eps(1e-6)));
  check_resumed("RMSprop", task_with(with<optim::RMSprop>(optim::RMSpropOptions(0.01))));
  check_resumed("RMSprop, centered, momentum",
                task_with(with<optim::RMSprop>(optim::RMSpropOptions(0.01).centered(true).momentum(0.8))));
  check_resumed(
      "Adagrad",
      task_with(with<optim::Adagrad>(optim::AdagradOptions(0.05).lr_decay(0.01).initial_accumulator_value(0.1))));
}

BOOST_AUTO_TEST_CASE(lbfgs_goes_on_bit_for_bit_and_is_not_disturbed_by_saving) {
  check_resumed("LBFGS", task_with(with<optim::LBFGS>(optim::LBFGSOptions(0.1).max_iter(4).history_size(3))));
  check_resumed("LBFGS, line search",
                task_with(with<optim::LBFGS>(optim::LBFGSOptions(0.5).max_iter(3).line_search_fn("strong_wolfe"))));
}

namespace {

/// Momentum with a count, a number and a flag in its state, and an option that moves.
struct OwnState : optim::OptimizerCloneableParamState<OwnState> {
  void serialize(torch::serialize::OutputArchive& archive) const override {
    if (last.defined()) archive.write("last", c10::IValue(last));
    archive.write("steps", c10::IValue(steps));
    archive.write("scale", c10::IValue(scale));
    archive.write("odd", c10::IValue(odd));
  }
  void serialize(torch::serialize::InputArchive& archive) override {
    c10::IValue value;
    if (archive.try_read("last", value)) last = value.toTensor();
    archive.read("steps", value);
    steps = value.toInt();
    archive.read("scale", value);
    scale = value.toDouble();
    archive.read("odd", value);
    odd = value.toBool();
  }
  at::Tensor last;
  std::int64_t steps = 0;
  double scale = 1.0;
  bool odd = false;
};
struct OwnOptions : optim::OptimizerCloneableOptions<OwnOptions> {
  void serialize(torch::serialize::OutputArchive& archive) const override {
    archive.write("rate", c10::IValue(rate));
    archive.write("taken", c10::IValue(taken));
  }
  void serialize(torch::serialize::InputArchive& archive) override {
    c10::IValue value;
    archive.read("rate", value);
    rate = value.toDouble();
    archive.read("taken", value);
    taken = value.toInt();
  }
  double get_lr() const override { return rate; }
  void set_lr(double to) override { rate = to; }
  double rate = 0.05;
  std::int64_t taken = 0;
};
class Own final : public optim::Optimizer {
 public:
  explicit Own(Tensors parameters)
      : Optimizer({optim::OptimizerParamGroup(std::move(parameters))}, std::make_unique<OwnOptions>()) {}
  at::Tensor step(LossClosure) override {
    const at::NoGradGuard no_gradients;
    for (optim::OptimizerParamGroup& group : param_groups_) {
      auto& options = static_cast<OwnOptions&>(group.options());
      ++options.taken;
      for (at::Tensor& parameter : group.params()) {
        auto& held = state_[parameter.unsafeGetTensorImpl()];
        if (!held) held = std::make_unique<OwnState>();
        auto& state = static_cast<OwnState&>(*held);
        state.last = state.last.defined() ? state.last * 0.9 + parameter.grad() : parameter.grad().clone();
        state.scale *= 0.99;
        state.odd = !state.odd;
        ++state.steps;
        parameter.sub_(state.last * state.scale,
                       options.rate / static_cast<double>(state.odd ? options.taken : state.steps + 1));
      }
    }
    return {};
  }
};

MakeTask own_task(bool with_states) {
  return task_with({}, [=](TestTask& task) {
    task.configure = [=](torch::nn::Module& model) -> std::vector<tenon::NamedOptimizer> {
      tenon::NamedOptimizer own("own", std::make_shared<Own>(model.parameters()));
      if (with_states) own.make_state = [] { return std::make_unique<OwnState>(); };
      return {std::move(own)};
    };
  });
}

}  // namespace

BOOST_AUTO_TEST_CASE(an_optimizer_of_ones_own_goes_on_by_what_its_states_and_options_serialize) {
  check_resumed("own", own_task(true));
  Session without(own_task(false));
  without.start();
  Saved before_the_first_step(*without.engine);
  without.batch();
  const std::string said = what_of([&] { Saved after(*without.engine); });
  BOOST_TEST(said.find("optimizer 'own'") != std::string::npos);
  BOOST_TEST(said.find("could not be restored from a checkpoint: set NamedOptimizer::make_state") != std::string::npos);
}

namespace {

tenon::Schedule each(tenon::Every interval, std::shared_ptr<tenon::Scheduler> scheduler, std::uint64_t frequency = 1) {
  tenon::Schedule schedule;
  schedule.scheduler = std::move(scheduler);
  schedule.interval = interval;
  schedule.frequency = frequency;
  return schedule;
}

MakeTask scheduled(const std::function<tenon::Schedule()>& schedule) {
  return task_with({}, [=](TestTask& task) {
    task.configure = [=](torch::nn::Module& model) -> std::vector<tenon::NamedOptimizer> {
      return {{"main", sgd(model.parameters()), schedule()}};
    };
  });
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_schedule_goes_on_with_its_children_and_counts) {
  using namespace tenon;
  const auto step = [](auto made) { return scheduled([made] { return each(Every::step, made()); }); };
  check_resumed("constant", step([] { return make_scheduler<ConstantLR>({.factor = 0.5, .total_iters = 4}); }));
  check_resumed("step", step([] { return make_scheduler<StepLR>({.step_size = 4, .gamma = 0.5}); }));
  check_resumed("step, every third",
                scheduled([] { return each(Every::step, make_scheduler<StepLR>({.step_size = 2}), 3); }));
  check_resumed("multi-step", step([] {
                  return make_scheduler<MultiStepLR>({.milestones = {2, 5, 11}, .gamma = 0.5});
                }));
  check_resumed("exponential, epochs",
                scheduled([] { return each(Every::epoch, make_scheduler<ExponentialLR>({.gamma = 0.5})); }));
  check_resumed("cosine", step([] { return make_scheduler<CosineAnnealingLR>({.T_max = 9, .eta_min = 0.001}); }));
  check_resumed("cosine, restarts",
                step([] { return make_scheduler<CosineAnnealingWarmRestarts>({.T_0 = 3, .T_mult = 2}); }));
  check_resumed("linear", step([] { return make_scheduler<LinearLR>({.start_factor = 0.2, .total_iters = 8}); }));
  check_resumed("warm-up", step([] { return warm_up(4, make_scheduler<CosineAnnealingLR>({.T_max = 8})); }),
                {0, 3, 4, 5, 7, 10});
  check_resumed("one-cycle", step([] {
                  return make_scheduler<OneCycleLR>({.max_lr = 0.1, .total_steps = 16, .three_phase = true});
                }));
  check_resumed("polynomial", step([] { return make_scheduler<PolynomialLR>({.total_iters = 12, .power = 2.0}); }));
  check_resumed("lambda", step([] {
                  return make_scheduler<LambdaLR>(
                      {.lr_lambda = {[](std::int64_t i) { return 1.0 / static_cast<double>(i + 1); }}});
                }));
  check_resumed("multiplicative", step([] {
                  return make_scheduler<MultiplicativeLR>({.lr_lambda = {[](std::int64_t) { return 0.9; }}});
                }));
  check_resumed("plateau", scheduled([] {
                  Schedule schedule =
                      each(Every::epoch,
                           make_scheduler<ReduceLROnPlateau>({.factor = 0.5, .patience = 0, .threshold = 0.5}));
                  schedule.monitor = "val_loss";
                  return schedule;
                }));
  check_resumed("chained", step([] {
                  return make_scheduler<ChainedScheduler>(
                      {.schedulers = {make_scheduler<ConstantLR>({.factor = 0.1, .total_iters = 5}),
                                      make_scheduler<ExponentialLR>({.gamma = 0.9})}});
                }));
  check_resumed(
      "sequential of a chain", step([] {
        return make_scheduler<SequentialLR>(
            {.schedulers = {make_scheduler<ChainedScheduler>(
                                {.schedulers = {make_scheduler<StepLR>({.step_size = 2}),
                                                make_scheduler<LinearLR>({.total_iters = 3})}}),
                            make_scheduler<ExponentialLR>({.gamma = 0.9}), make_scheduler<StepLR>({.step_size = 3})},
             .milestones = {4, 9}});
      }),
      {0, 3, 4, 5, 8, 9, 10, 12});
}

namespace {

/// What Net is not: batch normalisation, and parameters without a gradient for a while.
struct Normed : Net {
  Normed() { norm = register_module("norm", torch::nn::BatchNorm1d(4)); }
  torch::nn::BatchNorm1d norm{nullptr};
};
struct NormedTask : TestTask {
  NormedTask() : TestTask(3, adamw) {
    step = [this](Net& net, const tenon::Batch& batch) {
      auto& normed = dynamic_cast<Normed&>(net);
      at::Tensor x = normed.norm(batch[0]);
      // The second layer joins later: until then it has no gradient, and its optimizer state is not there.
      if (++calls > 5) x = at::relu(normed.second->forward(x));
      const at::Tensor loss = at::mse_loss(normed.last(at::dropout(x, 0.5, true)), batch[1]);
      log("train_loss", loss);
      // Frozen while it trains.
      if (calls == 9) normed.first->weight.set_requires_grad(false);
      if (calls == 9) normed.norm->eval();
      return loss;
    };
  }
  std::shared_ptr<torch::nn::Module> make_model() override { return std::make_shared<Normed>(); }
  tenon::TaskState save_state() override {
    return {{{"calls", calls}}, {{"average", average.transpose(0, 1)}, {"counted", at::full({}, calls, at::kLong)}}};
  }
  void load_state(const tenon::TaskState& state) override {
    calls = state.values.at("calls").to_number<std::int64_t>();
    average = state.tensors.at("average").transpose(0, 1);
    BOOST_TEST(state.tensors.at("counted").item<std::int64_t>() == calls);
  }
  std::int64_t calls = 0;
  at::Tensor average = at::arange(6, at::kFloat).reshape({2, 3});
};

}  // namespace

BOOST_AUTO_TEST_CASE(models_go_on_with_buffers_ties_frozen_parts_and_the_tasks_own_state) {
  check_resumed("batch norm, late gradients, freezing, task state", [] { return std::make_unique<NormedTask>(); },
                {0, 3, 5, 7, 9, 10});
  check_resumed("tied", task_with(adamw, [](TestTask& task) { task.tied = true; }));
  check_resumed("evaluating layer", task_with(sgd, [](TestTask& task) { task.freeze = true; }));
  check_resumed("frozen parameters", task_with({}, [](TestTask& task) {
                  task.configure = [](torch::nn::Module& model) -> std::vector<tenon::NamedOptimizer> {
                    dynamic_cast<Net&>(model).first->weight.set_requires_grad(false);
                    return {adamw(model.parameters())};
                  };
                }));
}

BOOST_AUTO_TEST_CASE(every_precision_goes_on_bit_for_bit) {
  for (const tenon::Precision precision :
       {tenon::Precision::bf16_mixed, tenon::Precision::bf16, tenon::Precision::float64}) {
    te::EngineSettings settings;
    settings.options.precision = precision;
    check_resumed("precision " + std::to_string(static_cast<int>(precision)), task_with(adamw), {3, 7}, settings);
  }
}

namespace {

/// Two optimizers by hand, gradients of one kept from one batch to the next.
struct ByHandTask : TestTask {
  ByHandTask() : TestTask(9, sgd) {
    configure = [](torch::nn::Module& model) -> std::vector<tenon::NamedOptimizer> {
      auto& net = dynamic_cast<Net&>(model);
      return {{"body", sgd({net.first->weight, net.first->bias, net.second->weight, net.second->bias}),
               each(tenon::Every::step, tenon::make_scheduler<tenon::StepLR>({.step_size = 3}))},
              {"head", adamw(net.last->parameters())}};
    };
  }
  bool manual_optimization() const override { return true; }
  at::Tensor training_step(Net& net, const tenon::Batch& batch) override {
    backward(at::mse_loss(net.forward(batch[0]), batch[1]));
    optimizer(0).step();
    optimizer(0).zero_grad();
    if (++calls % 4 == 0) {
      optimizer(1).step();
      optimizer(1).zero_grad();
    }
    return {};
  }
  tenon::TaskState save_state() override { return {{{"calls", calls}}, {}}; }
  void load_state(const tenon::TaskState& state) override {
    calls = state.values.at("calls").to_number<std::int64_t>();
  }
  std::int64_t calls = 0;
};

struct CountingTask : TestTask {
  CountingTask() : TestTask(9, sgd) {
    configure = [](torch::nn::Module&) { return std::vector<tenon::NamedOptimizer>{}; };
  }
  bool manual_optimization() const override { return true; }
  at::Tensor training_step(Net& net, const tenon::Batch&) override {
    const at::NoGradGuard no_gradients;
    net.last->bias.add_(at::rand({1}));
    count_step();
    return {};
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(steps_by_hand_go_on_with_the_gradients_that_are_kept) {
  const MakeTask by_hand = [] { return std::make_unique<ByHandTask>(); };
  check_resumed("two optimizers", by_hand, {0, 1, 2, 3, 4, 7, 10});
  check_resumed("no optimizer", [] { return std::make_unique<CountingTask>(); });

  // The watch for weights that nobody steps knows what was restored, and is told which optimizers were counted.
  Session first(by_hand);
  first.start();
  for (int i = 0; i < 4; ++i) first.batch();
  Saved saved(*first.engine);
  Session second(by_hand);
  saved.restore_into(*second.engine);
  second.start(first.place);
  BOOST_CHECK_NO_THROW(second.engine->check_uncounted_steps(0));
  second.batch();
  BOOST_CHECK_NO_THROW(second.engine->check_uncounted_steps(0));
  Session counting([] { return std::make_unique<CountingTask>(); });
  counting.start();
  counting.batch();
  Saved counted(*counting.engine);
  Session goes_on([] { return std::make_unique<CountingTask>(); });
  counted.restore_into(*goes_on.engine);
  goes_on.start(counting.place);
  {
    const at::NoGradGuard no_gradients;
    goes_on.engine->model().parameters()[0].tensor.add_(1.0);
  }
  BOOST_CHECK_NO_THROW(goes_on.engine->check_uncounted_steps(0));
}

namespace {

/// 30 samples of a walk that is drawn as it is read: what comes depends on all that came.
struct Walk : tenon::Stream {
  void start(std::uint64_t, tenon::Random random) override {
    read = 0;
    at = static_cast<double>(random.below(100)) / 100;
  }
  std::optional<tenon::Example> next(tenon::Random& random) override {
    if (read == 30) return std::nullopt;
    ++read;
    ++calls;
    at = 0.9 * at + static_cast<double>(random.below(100)) / 100;
    return tenon::Example{at::full({4}, at, at::kFloat).sin(), at::full({1}, at, at::kFloat)};
  }
  std::int64_t read = 0, calls = 0;
  double at = 0.0;
};
struct SavedWalk : Walk {
  std::optional<boost::json::object> save_state() override { return boost::json::object{{"read", read}, {"at", at}}; }
  void load_state(const boost::json::object& state) override {
    read = state.at("read").to_number<std::int64_t>();
    at = state.at("at").as_double();
  }
};

template <class Kind>
struct StreamTask : TestTask {
  explicit StreamTask(std::uint32_t workers, std::uint64_t prefetch = 2) : TestTask(3, adamw) {
    loader.stream = stream;
    loader.batch_size = 4;
    loader.workers = workers;
    loader.prefetch = static_cast<std::uint32_t>(prefetch);
  }
  tenon::Loader training_data() override { return loader; }
  std::shared_ptr<Kind> stream = std::make_shared<Kind>();
  tenon::Loader loader;
};

}  // namespace

BOOST_AUTO_TEST_CASE(data_go_on_at_what_was_consumed_with_workers_and_without) {
  for (const std::uint32_t workers : {0u, 3u}) {
    struct Prepared : TestTask {
      explicit Prepared(std::uint32_t count) : TestTask(3, adamw), workers(count) {}
      tenon::Loader training_data() override {
        tenon::Loader loader{make_data(), batch_size, true};
        loader.workers = workers;
        return loader;
      }
      std::uint32_t workers;
    };
    const auto remarks =
        check_resumed("workers: " + std::to_string(workers), [=] { return std::make_unique<Prepared>(workers); });
    BOOST_TEST(remarks.empty());
  }
  for (const std::uint32_t workers : {0u, 1u}) {
    const std::string which = "workers: " + std::to_string(workers);
    auto remarks =
        check_resumed("stream, " + which, [=] { return std::make_unique<StreamTask<Walk>>(workers); }, {0, 3, 8, 10});
    BOOST_REQUIRE(remarks.size() == 1u);
    BOOST_TEST(remarks[0] ==
               "training data: the stream keeps no state of its own; the first 8 samples of the epoch are passed over");
    remarks = check_resumed("stream with state, " + which,
                            [=] { return std::make_unique<StreamTask<SavedWalk>>(workers); }, {0, 3, 8, 10});
    BOOST_TEST(remarks.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_stream_with_a_state_passes_over_nothing) {
  Session first([] { return std::make_unique<StreamTask<SavedWalk>>(1); });
  first.start();
  for (int i = 0; i < 5; ++i) first.batch();
  Saved saved(*first.engine);
  SavedWalk* stream = nullptr;
  Session second([&] {
    auto task = std::make_unique<StreamTask<SavedWalk>>(0);
    stream = task->stream.get();
    return task;
  });
  saved.restore_into(*second.engine);
  second.start(first.place);
  BOOST_TEST(stream->calls == 4);
  BOOST_TEST(stream->read == 24);
}

BOOST_AUTO_TEST_CASE(in_place_at_a_commit_point_model_and_optimizer_go_back_and_the_rest_stays) {
  const MakeTask make =
      scheduled([] { return each(tenon::Every::step, tenon::make_scheduler<tenon::ExponentialLR>({.gamma = 0.5})); });
  Session session(make);
  session.start();
  for (int i = 0; i < 3; ++i) session.batch();
  Saved early(*session.engine);
  for (int i = 0; i < 2; ++i) session.batch();
  const Saved late(*session.engine);
  const void* const storage = session.engine->tensor(TENON_TENSORS_PARAMETERS, 0).view.data;
  const double lr = session.engine->optimizer_option(0, 0, 0);
  early.restore_into(*session.engine, loop::restore_model | loop::restore_optimizers);
  Saved now(*session.engine);
  BOOST_TEST((now.weights == early.weights));
  BOOST_TEST((now.tensor("optimizer/main/first.weight/momentum_buffer") ==
              early.tensor("optimizer/main/first.weight/momentum_buffer")));
  BOOST_TEST(session.engine->tensor(TENON_TENSORS_PARAMETERS, 0).view.data == storage);
  BOOST_TEST(session.engine->optimizer_option(0, 0, 0) == lr, "learning rates are the schedule's, which stays");
  BOOST_TEST(now.document.at("schedulers") == late.document.at("schedulers"));
  BOOST_TEST((now.tensor("rng/cpu").bytes == const_cast<Saved&>(late).tensor("rng/cpu").bytes));
  session.batch();
}

BOOST_AUTO_TEST_SUITE_END()
