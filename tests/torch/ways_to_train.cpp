// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Clipping, precisions, closures and steps taken by hand: each against the loop that a LibTorch user writes for it.
#include <ATen/autocast_mode.h>
#include <ATen/ops/cat.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/lbfgs.h>

#include <fstream>
#include <iterator>

#include "torch/anomaly.hpp"
#include "trained.hpp"

using namespace tests;

namespace {

te::EngineSettings with(const std::function<void(tenon::TrainerOptions&)>& change) {
  te::EngineSettings settings;
  change(settings.options);
  return settings;
}

/// The whole of fit, with the loop's own stepping.
loop::FitResult fit(Trained& trained, const tenon::TrainerOptions& given) {
  loop::RunFacts facts;
  facts.run_id = "test";
  facts.run_folder = std::filesystem::temp_directory_path();
  facts.options = given;
  facts.options.max_epochs = 2;
  loop::Fit fit(*trained.engine, facts, facts.run_folder);
  return fit.run();
}

std::vector<std::byte> bytes_of(const std::vector<at::Tensor>& tensors) {
  std::vector<std::byte> all;
  for (const at::Tensor& tensor : tensors) {
    const auto* bytes = static_cast<const std::byte*>(tensor.const_data_ptr());
    all.insert(all.end(), bytes, bytes + tensor.nbytes());
  }
  return all;
}

/// Two epochs by hand: `step` does everything to a batch.
std::vector<std::byte> by_hand_with(std::uint64_t seed, at::ScalarType type,
                                    const std::function<void(Net&, const tenon::Batch&)>& step) {
  const auto data = make_data();
  at::manual_seed(seed);
  Net net;
  if (type != at::kFloat) net.to(type);
  at::Tensor order = at::arange(samples, at::kLong);
  for (std::uint64_t epoch = 0; epoch < 2; ++epoch) {
    te::shuffled_order(seed, epoch, {order.mutable_data_ptr<std::int64_t>(), samples});
    for (std::int64_t first = 0; first < samples; first += batch_size) {
      const std::int64_t end = std::min<std::int64_t>(samples, first + static_cast<std::int64_t>(batch_size));
      tenon::Batch batch = data->get_batch(order.slice(0, first, end), {seed, epoch});
      for (at::Tensor& tensor : batch.tensors) tensor = tensor.to(type);
      step(net, batch);
    }
  }
  return bytes_of(net.parameters());
}

at::Tensor loss_of(Net& net, const tenon::Batch& batch) { return at::mse_loss(net.forward(batch[0]), batch[1]); }

std::shared_ptr<optim::Optimizer> lbfgs(std::vector<at::Tensor> parameters) {
  return std::make_shared<optim::LBFGS>(std::move(parameters), optim::LBFGSOptions(0.1).max_iter(4).history_size(3));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ways_to_train)

BOOST_AUTO_TEST_CASE(gradients_are_clipped_to_the_bits_of_torch_nn_utils) {
  for (const bool by_norm : {true, false}) {
    BOOST_TEST_CONTEXT("by norm: " << by_norm) {
      const te::EngineSettings settings = with([&](tenon::TrainerOptions& o) {
        o.gradient_clip_val = 0.05;
        o.gradient_clip_algorithm = by_norm ? tenon::ClipAlgorithm::norm : tenon::ClipAlgorithm::value;
      });
      Trained trained(9, adamw, {}, settings);
      BOOST_REQUIRE_EQUAL(fit(trained, settings.options).detail, "");
      std::shared_ptr<optim::Optimizer> optimizer;
      std::uint64_t above = 0;
      const auto expected = by_hand_with(9, at::kFloat, [&](Net& net, const tenon::Batch& batch) {
        if (!optimizer) optimizer = adamw(net.parameters());
        loss_of(net, batch).backward();
        if (by_norm)
          above += torch::nn::utils::clip_grad_norm_(net.parameters(), 0.05) > 0.05;
        else
          torch::nn::utils::clip_grad_value_(net.parameters(), 0.05);
        optimizer->step();
        optimizer->zero_grad();
      });
      BOOST_TEST((trained.weights() == expected));
      if (by_norm) BOOST_TEST(above > 0u, "the bound was never reached: the test shows nothing");
    }
  }
}

BOOST_AUTO_TEST_CASE(bf16_mixed_is_autocast_around_the_steps_alone) {
  const te::EngineSettings settings =
      with([](tenon::TrainerOptions& o) { o.precision = tenon::Precision::bf16_mixed; });
  at::ScalarType inside = at::kFloat;
  Trained trained(
      9, adamw,
      [&](TestTask& task) {
        task.step = [&](Net& net, const tenon::Batch& batch) {
          const at::Tensor out = net.forward(batch[0]);
          inside = out.scalar_type();
          return at::mse_loss(out, batch[1]);
        };
      },
      settings);
  BOOST_REQUIRE_EQUAL(fit(trained, settings.options).detail, "");
  std::shared_ptr<optim::Optimizer> optimizer;
  const auto expected = by_hand_with(9, at::kFloat, [&](Net& net, const tenon::Batch& batch) {
    if (!optimizer) optimizer = adamw(net.parameters());
    at::autocast::set_autocast_enabled(at::kCPU, true);
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
    const at::Tensor loss = loss_of(net, batch);
    at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(at::kCPU, false);
    loss.backward();
    optimizer->step();
    optimizer->zero_grad();
  });
  BOOST_TEST((inside == at::kBFloat16));
  BOOST_TEST((trained.weights() == expected));
  BOOST_TEST(!at::autocast::is_autocast_enabled(at::kCPU));
}

BOOST_AUTO_TEST_CASE(true_precisions_convert_the_model_and_the_batches) {
  for (const auto& [precision, type] :
       {std::pair{tenon::Precision::float64, at::kDouble}, std::pair{tenon::Precision::bf16, at::kBFloat16}}) {
    BOOST_TEST_CONTEXT(c10::toString(type)) {
      const te::EngineSettings settings = with([p = precision](tenon::TrainerOptions& o) { o.precision = p; });
      {
        Trained trained(9, sgd, {}, settings);
        BOOST_REQUIRE_EQUAL(fit(trained, settings.options).detail, "");
        BOOST_TEST(trained.engine->tensor(TENON_TENSORS_PARAMETERS, 0).view.dtype.bits == c10::elementSize(type) * 8);
        std::shared_ptr<optim::Optimizer> optimizer;
        const auto expected = by_hand_with(9, type, [&](Net& net, const tenon::Batch& batch) {
          if (!optimizer) optimizer = sgd(net.parameters());
          loss_of(net, batch).backward();
          optimizer->step();
          optimizer->zero_grad();
        });
        // Weights are made in single precision by rand({4, 4}) by hand and in the run's type by the engine.
        BOOST_TEST(trained.weights().size() == expected.size());
      }
      BOOST_TEST((c10::get_default_dtype_as_scalartype() == at::kFloat), "the engine put the default type back");
    }
  }
}

BOOST_AUTO_TEST_CASE(an_optimizer_with_a_closure_trains_as_by_hand) {
  Trained trained(9, lbfgs);
  BOOST_TEST(trained.engine->facts().closure);
  BOOST_REQUIRE_EQUAL(fit(trained, {}).detail, "");
  std::shared_ptr<optim::Optimizer> optimizer;
  std::uint64_t evaluations = 0;
  const auto expected = by_hand_with(9, at::kFloat, [&](Net& net, const tenon::Batch& batch) {
    if (!optimizer) optimizer = lbfgs(net.parameters());
    optimizer->step([&] {
      ++evaluations;
      optimizer->zero_grad();
      const at::Tensor loss = loss_of(net, batch);
      loss.backward();
      return loss;
    });
  });
  BOOST_TEST(evaluations > 14u, "one evaluation for each batch shows nothing");
  BOOST_TEST((trained.weights() == expected));
}

BOOST_AUTO_TEST_CASE(a_closure_and_accumulation_exclude_each_other) {
  Trained trained(9, lbfgs);
  tenon::TrainerOptions options;
  options.accumulate_grad_batches = 2;
  const loop::FitResult result = fit(trained, options);
  BOOST_TEST((result.exit == tenon::ExitCode::manifest));
  BOOST_TEST(result.detail ==
             "accumulate_grad_batches is 2, but the optimizer evaluates each batch several times (its closure): leave "
             "it out, or take a larger batch_size");
}

namespace {

/// Two optimizers that take turns on two halves of the model.
struct ByHand : TestTask {
  ByHand() : TestTask(9, sgd) {
    configure = [](torch::nn::Module& model) -> std::vector<tenon::NamedOptimizer> {
      auto& net = dynamic_cast<Net&>(model);
      return {{"body", sgd({net.first->weight, net.first->bias, net.second->weight, net.second->bias})},
              {"head", adamw(net.last->parameters())}};
    };
  }
  bool manual_optimization() const override { return true; }
  at::Tensor training_step(Net& net, const tenon::Batch& batch) override { return act(*this, net, batch); }

  void train(Net& net, const tenon::Batch& batch, std::uint32_t which) {
    for (tenon::OptimizerHandle& one : optimizers()) one.zero_grad();
    backward(loss_of(net, batch));
    if (which == 1) optimizer(1).clip_gradients(0.1);
    optimizer(which).step();
  }
  using Task::count_step;
  using Task::log;
  using Task::optimizer;

  std::function<at::Tensor(ByHand&, Net&, const tenon::Batch&)> act;
};

struct TrainedByHand {
  explicit TrainedByHand(std::function<at::Tensor(ByHand&, Net&, const tenon::Batch&)> act,
                         const std::function<void(ByHand&)>& change = {}) {
    auto task = std::make_unique<ByHand>();
    task->act = std::move(act);
    if (change) change(*task);
    engine = std::make_unique<te::TorchEngine>(std::move(task), "test");
  }
  loop::FitResult fit(tenon::TrainerOptions options = {}) {
    loop::RunFacts facts;
    facts.run_id = "test";
    facts.run_folder = std::filesystem::temp_directory_path();
    facts.options = std::move(options);
    facts.options.max_epochs = 2;
    facts.options.num_sanity_val_steps = 0;
    loop::Fit whole(*engine, facts, facts.run_folder);
    return whole.run();
  }
  std::unique_ptr<te::TorchEngine> engine;
};

}  // namespace

BOOST_AUTO_TEST_CASE(steps_taken_by_hand_through_handles_count_and_train_as_without_a_host) {
  std::uint64_t batches = 0;
  TrainedByHand run([&](ByHand& task, Net& net, const tenon::Batch& batch) {
    task.train(net, batch, batches++ % 2);
    return at::Tensor();
  });
  BOOST_TEST(run.engine->facts().manual_optimization);
  const loop::FitResult result = run.fit();
  BOOST_TEST(result.detail == "");
  BOOST_TEST(result.steps == 14u);

  std::uint64_t index = 0;
  std::shared_ptr<optim::Optimizer> body, head;
  const auto expected = by_hand_with(9, at::kFloat, [&](Net& net, const tenon::Batch& batch) {
    if (!body) {
      body = sgd({net.first->weight, net.first->bias, net.second->weight, net.second->bias});
      head = adamw(net.last->parameters());
    }
    body->zero_grad();
    head->zero_grad();
    loss_of(net, batch).backward();
    if (index++ % 2 == 0) {
      body->step();
    } else {
      torch::nn::utils::clip_grad_norm_(net.last->parameters(), 0.1);
      head->step();
    }
  });
  std::vector<std::byte> got;
  for (const te::NamedTensor& named : run.engine->model().parameters())
    for (const std::byte byte : bytes_of({named.tensor})) got.push_back(byte);
  BOOST_TEST((got == expected));
}

BOOST_AUTO_TEST_CASE(a_batch_in_which_nothing_stepped_is_no_step) {
  std::uint64_t batches = 0;
  TrainedByHand run([&](ByHand& task, Net& net, const tenon::Batch& batch) {
    task.train(net, batch, 0);
    if (++batches % 2 == 0) task.train(net, batch, 1);
    return at::Tensor();
  });
  BOOST_TEST(run.fit().steps == 14u, "two optimizers in one batch are one step");
  TrainedByHand idle([](ByHand&, Net&, const tenon::Batch&) { return at::Tensor(); });
  BOOST_TEST(idle.fit().steps == 0u);
}

BOOST_AUTO_TEST_CASE(a_step_behind_the_host_s_back_ends_the_run_with_its_cure) {
  const std::string cure =
      " has changed, but no step was counted: it was updated behind the trainer's back, so nothing would ever be saved "
      "or stopped by step. Step through the handle, optimizer(i).step(), with the optimizer that "
      "configure_optimizers() gave; for weights that are updated without an optimizer say count_step() in "
      "training_step()";
  for (const auto& [name, make] : std::map<std::string, MakeOptimizer>{{"SGD", sgd}, {"AdamW", adamw}}) {
    BOOST_TEST_CONTEXT(name) {
      std::shared_ptr<optim::Optimizer> own;
      const auto behind = [&own, make = make](ByHand&, Net& net, const tenon::Batch& batch) {
        if (!own) own = make(net.parameters());
        own->zero_grad();
        loss_of(net, batch).backward();
        own->step();
        return at::Tensor();
      };
      TrainedByHand handed_over(behind);
      loop::FitResult result = handed_over.fit();
      BOOST_TEST((result.exit == tenon::ExitCode::failed));
      BOOST_TEST(result.detail.find("parameter 'first.weight', which optimizer 'body' trains," + cure) !=
                 std::string::npos);
      BOOST_TEST(result.detail.starts_with("epoch 0, batch 1, "));
      std::ifstream file(TENON_SOURCE_DIR "/framework/TASKS.md");
      const std::string page(std::istreambuf_iterator<char>(file), {});
      BOOST_TEST((page.find("\n" + result.detail + "\n") != std::string::npos), "the tutorial: " << result.detail);

      own.reset();
      TrainedByHand kept_back(behind, [](ByHand& task) {
        task.configure = [](torch::nn::Module&) { return std::vector<tenon::NamedOptimizer>{}; };
      });
      result = kept_back.fit();
      BOOST_TEST(result.detail.find("parameter 'first.weight'" + cure) != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(count_step_is_for_weights_that_no_optimizer_updates) {
  TrainedByHand run(
      [](ByHand& task, Net& net, const tenon::Batch&) {
        const at::NoGradGuard no_gradients;
        net.first->weight.mul_(0.9);
        task.count_step();
        return at::Tensor();
      },
      [](ByHand& task) { task.configure = [](torch::nn::Module&) { return std::vector<tenon::NamedOptimizer>{}; }; });
  const loop::FitResult result = run.fit();
  BOOST_TEST(result.detail == "");
  BOOST_TEST(result.steps == 14u);
}

BOOST_AUTO_TEST_CASE(handles_are_for_training_steps_by_hand_alone) {
  Trained automatic(5, sgd, [](TestTask& task) {
    task.step = [&task](Net& net, const tenon::Batch& batch) {
      struct Open : TestTask {
        using Task::optimizer;
      };
      static_cast<Open&>(task).optimizer(0).step();
      return loss_of(net, batch);
    };
  });
  BOOST_TEST(fit(automatic, {}).detail.find("optimizer(i).step() is for training_step() under manual optimization") !=
             std::string::npos);
  TrainedByHand too_high([](ByHand& task, Net&, const tenon::Batch&) {
    task.optimizer(2).step();
    return at::Tensor();
  });
  BOOST_TEST(too_high.fit().detail.find("there is no optimizer 2: configure_optimizers() gave 2, numbered from 0") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(clipping_and_accumulation_by_hand_are_the_task_s) {
  TrainedByHand run([](ByHand&, Net&, const tenon::Batch&) { return at::Tensor(); });
  tenon::TrainerOptions options;
  options.gradient_clip_val = 1.0;
  BOOST_TEST(run.fit(options).detail ==
             "gradient_clip_val is given, but the task steps its optimizers by hand (manual_optimization): leave it "
             "out, and call clip_gradients() before step() there");
}

namespace {

/// What a run with detect_anomaly says of this step.
std::string anomaly_of(const std::function<at::Tensor(Net&, const tenon::Batch&)>& step) {
  const te::EngineSettings settings = with([](tenon::TrainerOptions& o) { o.detect_anomaly = true; });
  Trained trained(
      5, sgd, [&](TestTask& task) { task.step = step; }, settings);
  return fit(trained, settings.options).detail;
}

}  // namespace

BOOST_AUTO_TEST_CASE(detect_anomaly_names_the_operation_and_the_layer_of_the_first_bad_number) {
  const std::string prefix = "epoch 0, batch 0, ";
  BOOST_TEST(anomaly_of([](Net& net, const tenon::Batch& batch) {
               const at::Tensor bad = (net.second->forward(net.first->forward(batch[0])) - 1e6).log();
               return net.last(bad).mean();
             }) == prefix +
                       "training_step: task 'test': detect_anomaly: the loss is nan: the first number that is not "
                       "finite came from aten::log, in or after layer 'second'");
  BOOST_TEST(
      anomaly_of([](Net& net, const tenon::Batch& batch) {
        return (net.first->forward(batch[0]).abs() + 1.0).mul(1e38).mul(1e38).mean();
      })
          .ends_with("the loss is inf: the first number that is not finite came from aten::mul, in or after layer "
                     "'first'"));
  // A mask of infinities is no anomaly, and a sound loss passes.
  BOOST_TEST(
      anomaly_of([](Net& net, const tenon::Batch& batch) {
        const at::Tensor out = net.first->forward(batch[0]);
        return out.masked_fill(out.gt(0.0), -std::numeric_limits<float>::infinity()).softmax(1).nan_to_num().mean();
      }) == "");
}

BOOST_AUTO_TEST_CASE(detect_anomaly_looks_at_batches_and_gradients_too) {
  BOOST_TEST(anomaly_of([](Net& net, const tenon::Batch& batch) {
               return net.first->forward(batch[0]).mul(0.0).sqrt().mean();
             }).find("'MulBackward1' returned nan values in its 0th output") != std::string::npos);
  tenon::Batch batch{{at::ones({2}), at::ones({2})}, 2};
  te::check_batch(batch);
  batch.tensors[1][1] = std::numeric_limits<float>::quiet_NaN();
  BOOST_TEST(what_of([&] { te::check_batch(batch); }) ==
             "detect_anomaly: tensor 1 of the batch holds numbers that are not finite: the data are to be mended");
}

BOOST_AUTO_TEST_CASE(a_loss_that_is_not_finite_is_known_without_asking_the_device) {
  double factor = 1.0;
  Trained trained(5, sgd, [&](TestTask& task) {
    task.step = [&](Net& net, const tenon::Batch& batch) { return loss_of(net, batch) * factor; };
  });
  trained.engine->start_epoch(0, 0);
  trained.engine->fetch();
  trained.engine->take();
  trained.engine->training_step();
  BOOST_TEST(trained.engine->loss_is_finite());
  for (const double bad : {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    factor = bad;
    trained.engine->training_step();
    BOOST_TEST(!trained.engine->loss_is_finite());
  }
}

namespace {

std::vector<loop::EngineTensor> weights_of(te::TorchEngine& engine) {
  std::vector<loop::EngineTensor> all;
  for (const std::int32_t group : {TENON_TENSORS_PARAMETERS, TENON_TENSORS_BUFFERS})
    for (std::uint64_t i = 0; i < engine.tensor_count(group); ++i) all.push_back(engine.tensor(group, i));
  return all;
}

}  // namespace

BOOST_AUTO_TEST_CASE(weights_are_loaded_whole_or_not_at_all) {
  Trained from(1), to(2);
  const auto before = to.weights();
  std::vector<loop::EngineTensor> given = weights_of(*from.engine);
  const at::Tensor other = at::zeros({3, 4});
  given[0].view = te::view_of(other);
  given[1].name = "first.bios";
  BOOST_TEST(what_of([&] { to.engine->load_weights(given, "'w.safetensors'"); }) ==
             "'w.safetensors' does not fit the model that the task makes; nothing was loaded:\n"
             "  first.weight: f32 [3, 4] in the file, f32 [4, 4] in the model\n"
             "  first.bios: in the file alone, f32 [4]\n"
             "  first.bias: in the model alone, f32 [4]");
  BOOST_TEST((to.weights() == before));
  to.engine->load_weights(weights_of(*from.engine), "");
  BOOST_TEST((to.weights() == from.weights()));
}

BOOST_AUTO_TEST_CASE(weights_of_another_floating_type_are_converted_and_aliases_are_known) {
  Trained to(2, sgd, [](TestTask& task) { task.tied = true; });
  std::vector<loop::EngineTensor> given = weights_of(*to.engine);
  const at::Tensor half = at::full({4, 4}, 0.5, at::kHalf);
  given[0].name = "second.weight";  // the tied tensor's other name
  given[0].view = te::view_of(half);
  to.engine->load_weights(given, "");
  BOOST_TEST(to.engine->model().parameters()[0].tensor.eq(0.5).all().item().toBool());
  const at::Tensor whole = at::ones({4, 4}, at::kLong);
  given[0].view = te::view_of(whole);
  BOOST_TEST(what_of([&] { to.engine->load_weights(given, "'w'"); }).find("i64 [4, 4] in the file") !=
             std::string::npos);
}

namespace {

struct Predicting : TestTask {
  Predicting() : TestTask(3, sgd) {}
  std::vector<tenon::Loader> predict_data() override { return {{make_data(), 20}}; }
  std::vector<tenon::Loader> test_data() override { return {{make_data(), 25}}; }
  tenon::Predictions predict_step(Net& net, const tenon::Batch& batch) override {
    return {{"out", rows ? net.forward(batch[0]) : net.forward(batch[0]).mean().reshape({1})}};
  }
  bool rows = true;
};

te::EngineSettings for_stage(tenon::Stage stage) {
  te::EngineSettings settings;
  settings.stage = stage;
  return settings;
}

}  // namespace

BOOST_AUTO_TEST_CASE(predictions_of_all_batches_are_joined_in_order) {
  auto owned = std::make_unique<Predicting>();
  Predicting& task = *owned;
  te::TorchEngine engine(std::move(owned), "test", for_stage(tenon::Stage::predict));
  BOOST_TEST(engine.facts().predict_batches == std::vector<std::uint64_t>{3}, boost::test_tools::per_element());
  BOOST_TEST(engine.facts().optimizers == 0u);
  const auto pass = [&] {
    Sink sink;
    Listener listener;
    engine.start_run(sink, listener);
    engine.start_evaluation(tenon::Stage::predict, 0);
    while (engine.fetch_evaluation()) {
      engine.take_evaluation();
      engine.evaluation_step();
    }
    engine.end_evaluation(tenon::Stage::predict);
  };
  pass();
  const auto tensors = engine.predictions();
  BOOST_REQUIRE(tensors.size() == 1u);
  const at::NoGradGuard no_gradients;
  auto& net = dynamic_cast<Net&>(engine.model().module());
  net.eval();
  const at::Tensor whole = net.forward(at::arange(samples * 4, at::kFloat).reshape({samples, 4}).sin());
  const at::Tensor got = te::tensor_of(tensors[0].view);
  BOOST_TEST(got.sizes().vec() == (std::vector<std::int64_t>{50, 1}), boost::test_tools::per_element());
  BOOST_TEST(at::allclose(got, whole));
  task.rows = false;
  BOOST_TEST(what_of(pass) ==
             "task 'test', predict batch 0: predict_step() gave 'out' with 1 rows for a batch of 20 samples; the first "
             "dimension must count the samples");
}

BOOST_AUTO_TEST_CASE(a_command_without_data_or_step_is_refused_with_the_function_to_write) {
  BOOST_TEST(what_of([] {
               te::TorchEngine engine(std::make_unique<TestTask>(1, sgd), "test", for_stage(tenon::Stage::test));
             }) ==
             "task 'test' has no data for this command: its test_data() gives no loader; implement it in the task");
}

BOOST_AUTO_TEST_CASE(a_test_runs_the_validation_step_where_the_task_has_none_of_its_own) {
  te::TorchEngine engine(std::make_unique<Predicting>(), "test", for_stage(tenon::Stage::test));
  Sink sink;
  Listener listener;
  engine.start_run(sink, listener);
  engine.start_evaluation(tenon::Stage::test, 0);
  while (engine.fetch_evaluation()) {
    engine.take_evaluation();
    engine.evaluation_step();
  }
  engine.end_evaluation(tenon::Stage::test);
  BOOST_TEST(sink.values.at("val_loss").size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
