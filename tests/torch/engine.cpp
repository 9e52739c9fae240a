// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The LibTorch engine against hand-written LibTorch: the same weights bit for bit, and no trace where none may be.
#include "trained.hpp"

#include "torch/rng.hpp"

using namespace tests;

BOOST_AUTO_TEST_SUITE(engine)

BOOST_AUTO_TEST_CASE(trains_to_the_bits_of_a_hand_written_loop) {
  for (const auto& [name, make] : std::map<std::string, MakeOptimizer>{{"SGD", sgd}, {"AdamW", adamw}}) {
    BOOST_TEST_CONTEXT(name) {
      Trained trained(11, make);
      trained.evaluate(tenon::Stage::sanity);
      trained.train(4);
      BOOST_TEST((trained.weights() == by_hand(11, make, 4)));
    }
  }
}

BOOST_AUTO_TEST_CASE(accumulates_gradients_to_the_bits_of_a_hand_written_loop) {
  Trained trained(11, adamw);
  trained.train(3, 4);
  BOOST_TEST((trained.weights() == by_hand(11, adamw, 3, false, 4)));
}

BOOST_AUTO_TEST_CASE(a_seed_decides_every_bit) {
  const auto run = [](std::uint64_t seed, std::uint64_t epochs) {
    Trained trained(seed);
    trained.train(epochs);
    return trained.weights();
  };
  BOOST_TEST((run(5, 0) == run(5, 0)));
  BOOST_TEST((run(5, 2) == run(5, 2)));
  BOOST_TEST((run(5, 0) != run(6, 0)));
  BOOST_TEST((run(5, 2) != run(6, 2)));
}

BOOST_AUTO_TEST_CASE(evaluation_leaves_no_trace) {
  for (const tenon::Stage stage : {tenon::Stage::sanity, tenon::Stage::validation}) {
    Trained trained(5, sgd, [](TestTask& task) { task.freeze = true; });
    at::rand({1});
    const at::Tensor before = te::rng_state(c10::kCPU);
    const auto weights = trained.weights();
    trained.evaluate(stage);
    BOOST_TEST(before.equal(te::rng_state(c10::kCPU)));
    BOOST_TEST((trained.weights() == weights));
    BOOST_TEST(!trained.task->validated_with_gradients);
    auto& net = dynamic_cast<Net&>(trained.engine->model().module());
    BOOST_TEST(net.is_training());
    BOOST_TEST(net.first->is_training());
    BOOST_TEST(!net.last->is_training(), "a layer that the task froze stays frozen");
    for (std::uint64_t i = 0; i < trained.engine->tensor_count(TENON_TENSORS_GRADIENTS); ++i)
      BOOST_TEST(!trained.engine->tensor(TENON_TENSORS_GRADIENTS, i).present);
  }
}

BOOST_AUTO_TEST_CASE(the_generator_s_state_is_kept_whole) {
  at::manual_seed(3);
  at::randn({1});  // normals come in pairs: the second one is part of the state
  const at::Tensor state = te::rng_state(c10::kCPU);
  const at::Tensor expected = at::randn({3});
  te::set_rng_state(c10::kCPU, state);
  BOOST_TEST(at::randn({3}).equal(expected));
}

BOOST_AUTO_TEST_CASE(what_steps_log_arrives_and_what_is_logged_elsewhere_is_dropped) {
  Trained trained(5);
  trained.train(1);
  BOOST_TEST(trained.sink.values.at("train_loss").size() == 7u);
  BOOST_TEST(trained.sink.values.at("val_loss").size() == 3u);
}

BOOST_AUTO_TEST_CASE(facts_say_what_the_task_gives) {
  Trained trained(5);
  const loop::EngineFacts& facts = trained.engine->facts();
  BOOST_TEST(facts.task_name == "test");
  BOOST_TEST(facts.train_batches == 7u);
  BOOST_TEST(facts.validation_batches == std::vector<std::uint64_t>{3}, boost::test_tools::per_element());
  BOOST_TEST(facts.optimizers == 1u);
  BOOST_TEST(!facts.declares_metrics);
}

BOOST_AUTO_TEST_CASE(gradients_are_none_until_backward_and_after_zero_grad) {
  Trained trained(5);
  const auto present = [&] {
    std::uint64_t count = 0;
    for (std::uint64_t i = 0; i < trained.engine->tensor_count(TENON_TENSORS_GRADIENTS); ++i)
      count += trained.engine->tensor(TENON_TENSORS_GRADIENTS, i).present ? 1 : 0;
    return count;
  };
  BOOST_TEST(present() == 0u);
  trained.engine->start_epoch(0, 0);
  trained.engine->fetch();
  trained.engine->take();
  trained.engine->training_step();
  trained.engine->backward(1.0);
  BOOST_TEST(present() == 6u);
  trained.engine->optimizer_step(0, {});
  trained.engine->zero_grad(0);
  BOOST_TEST(present() == 0u);
}

BOOST_AUTO_TEST_CASE(tensors_are_listed_in_state_dict_s_order) {
  Trained trained(5);
  std::vector<std::string> names;
  for (std::uint64_t i = 0; i < trained.engine->tensor_count(TENON_TENSORS_PARAMETERS); ++i)
    names.emplace_back(trained.engine->tensor(TENON_TENSORS_PARAMETERS, i).name);
  BOOST_TEST(names == (std::vector<std::string>{"first.weight", "first.bias", "second.weight", "second.bias",
                                                "last.weight", "last.bias"}),
             boost::test_tools::per_element());
  BOOST_TEST(trained.engine->tensor_count(TENON_TENSORS_BUFFERS) == 1u);
  BOOST_TEST(trained.engine->tensor(TENON_TENSORS_BUFFERS, 0).name == "seen");
  BOOST_TEST(trained.engine->tensor_count(TENON_TENSORS_BATCH) == 0u);
}

BOOST_AUTO_TEST_CASE(optimizer_state_is_known_by_parameter_and_key) {
  boost::json::object document;
  Trained with_sgd(5, sgd);
  BOOST_TEST(state_names(*with_sgd.engine, document) == std::vector<std::string>{"rng/cpu"},
             boost::test_tools::per_element());
  with_sgd.train(1);
  const auto sgd_names = state_names(*with_sgd.engine, document);
  BOOST_TEST(sgd_names.size() == 7u);
  BOOST_TEST(sgd_names.front() == "optimizer/main/first.weight/momentum_buffer");
  BOOST_TEST(sgd_names.back() == "rng/cpu");

  Trained with_adamw(5, adamw);
  with_adamw.train(1);
  const auto adamw_names = state_names(*with_adamw.engine, document);
  BOOST_TEST(adamw_names.size() == 25u);
  const std::string prefix = "optimizer/main/first.weight/";
  BOOST_TEST((std::vector<std::string>(adamw_names.begin(), adamw_names.begin() + 4)) ==
                 (std::vector<std::string>{prefix + "step", prefix + "exp_avg", prefix + "exp_avg_sq",
                                           prefix + "max_exp_avg_sq"}),
             boost::test_tools::per_element());
  std::vector<loop::EngineTensor> tensors;
  with_adamw.engine->training_state(tensors, document);
  std::int64_t step = 0;
  BOOST_TEST(tensors.front().view.ndim == 0);
  with_adamw.engine->copy_out(tensors.front().view, &step);
  BOOST_TEST(step == 7);
}

BOOST_AUTO_TEST_CASE(the_document_describes_optimizers_data_and_library) {
  Trained trained(5, adamw);
  boost::json::object document;
  state_names(*trained.engine, document);
  BOOST_TEST(
      boost::json::serialize(document.at("optimizers")) ==
      R"([{"name":"main","type":"AdamW","steps":0,"groups":[{"options":{"lr":1E-2,"betas":[9E-1,9.99E-1],"eps":1E-8,)"
      R"("weight_decay":1E-1,"amsgrad":true},"parameters":["first.weight","first.bias","second.weight","second.bias",)"
      R"("last.weight","last.bias"]}]}])");
  BOOST_TEST(document.at("schedulers").as_array().empty());
  BOOST_TEST(boost::json::serialize(document.at("data")) ==
             R"({"samples":50,"batch_size":8,"shuffle":true,"drop_last":false,"seed":5,"validation":[50]})");
  BOOST_TEST(document.at("libtorch").at("version").as_string() == TORCH_VERSION);
  BOOST_TEST(document.at("libtorch").at("threads").as_int64() > 0);
}

BOOST_AUTO_TEST_CASE(a_tied_tensor_stands_once_is_stepped_once_and_its_alias_is_recorded) {
  Trained trained(5, adamw, [](TestTask& task) { task.tied = true; });
  BOOST_TEST(trained.engine->tensor_count(TENON_TENSORS_PARAMETERS) == 5u);
  trained.train(2);
  BOOST_TEST((trained.weights() == by_hand(5, adamw, 2, true)));
  boost::json::object document;
  state_names(*trained.engine, document);
  BOOST_TEST(boost::json::serialize(document.at("aliases")) == R"({"second.weight":"first.weight"})");
}

BOOST_AUTO_TEST_CASE(optimizers_that_cannot_be_kept_are_refused_with_the_reason) {
  const std::string prefix = "task 'test', configure_optimizers(): ";
  BOOST_TEST(refusal_of([](TestTask& task) {
               task.configure = [](auto&) { return std::vector<tenon::NamedOptimizer>{}; };
             }) == prefix + "it gave no optimizer");
  BOOST_TEST(refusal_of([](TestTask& task) {
               task.configure = [](torch::nn::Module& model) -> std::vector<tenon::NamedOptimizer> {
                 return {{"main", sgd(model.parameters()), tenon::Schedule{}}};
               };
             }) == prefix + "optimizer 'main': its schedule is NULL");
  BOOST_TEST(refusal_of([](TestTask& task) {
               task.configure = [](torch::nn::Module&) -> std::vector<tenon::NamedOptimizer> {
                 return {sgd({at::zeros({1}).requires_grad_()})};
               };
             }) == prefix + "optimizer 'main' holds a tensor that is no parameter of the model it was given");
  BOOST_TEST(refusal_of([](TestTask& task) {
               task.configure = [](torch::nn::Module& model) -> std::vector<tenon::NamedOptimizer> {
                 return {{"a", sgd({model.parameters()[0]})}, {"b", sgd({model.parameters()[0]})}};
               };
             }) == prefix + "parameter 'first.weight' is in two optimizers, 'a' and 'b'");
  BOOST_TEST(refusal_of([](TestTask& task) {
               task.configure = [](torch::nn::Module& model) -> std::vector<tenon::NamedOptimizer> {
                 return {{"a", sgd({model.parameters()[0]})}, {"a", sgd({model.parameters()[1]})}};
               };
             }) == prefix + "two optimizers are named 'a': give each a name of its own");
  BOOST_TEST(
      refusal_of([](TestTask& task) {
        task.tied = true;
        task.configure = [](torch::nn::Module& model) -> std::vector<tenon::NamedOptimizer> {
          auto& net = dynamic_cast<Net&>(model);
          std::vector<optim::OptimizerParamGroup> groups;
          groups.emplace_back(std::vector{net.first->weight}, std::make_unique<optim::SGDOptions>(0.1));
          groups.emplace_back(std::vector{net.second->weight}, std::make_unique<optim::SGDOptions>(0.2));
          return {std::make_shared<optim::SGD>(groups, optim::SGDOptions(0.3))};
        };
      }) ==
      prefix +
          "parameter 'first.weight' is in two groups of optimizer 'main' with different options (a tied tensor is "
          "listed under each of its names): leave it out of one");
}

BOOST_AUTO_TEST_CASE(an_error_of_a_step_is_one_line) {
  const auto error_of = [](std::function<at::Tensor(Net&, const tenon::Batch&)> step) {
    Trained trained(5, sgd, [&](TestTask& task) { task.step = std::move(step); });
    trained.engine->start_epoch(3, 16);
    trained.engine->fetch();
    trained.engine->take();
    return what_of([&] { trained.engine->training_step(); });
  };
  const std::string prefix = "task 'test': ";
  const std::string of_libtorch = error_of([](Net& net, const tenon::Batch& batch) { return net.forward(batch[1]); });
  BOOST_TEST(of_libtorch.starts_with(prefix));
  BOOST_TEST(of_libtorch.ends_with("mat1 and mat2 shapes cannot be multiplied (8x1 and 4x4)"));
  BOOST_TEST(of_libtorch.find('\n') == std::string::npos);
  BOOST_TEST(error_of([](Net& net, const tenon::Batch& batch) { return net.forward(batch[0]); }) ==
             prefix + "training_step() returned a tensor of 8 numbers; the loss must be one, say its mean()");
  BOOST_TEST(error_of([](Net& net, const tenon::Batch& batch) { return net.forward(batch[0]).mean().detach(); }) ==
             prefix +
                 "the loss that training_step() returned needs no gradient: it does not depend on a parameter, or was "
                 "detached");
  BOOST_TEST(error_of([](Net&, const tenon::Batch&) { return at::Tensor(); }) ==
             prefix + "training_step() returned no tensor; return the loss");
}

BOOST_AUTO_TEST_CASE(the_loop_says_where_a_task_failed) {
  std::uint64_t calls = 0;
  Trained trained(5, sgd, [&](TestTask& task) {
    task.step = [&](Net& net, const tenon::Batch& batch) {
      if (++calls == 10) throw std::runtime_error("the sky fell");
      return net.forward(batch[0]).mean();
    };
  });
  loop::RunFacts facts;
  facts.run_id = "test";
  facts.run_folder = std::filesystem::temp_directory_path();
  facts.options.max_epochs = 2;
  loop::Fit fit(*trained.engine, facts, facts.run_folder);
  const loop::FitResult result = fit.run();
  BOOST_TEST((result.exit == tenon::ExitCode::failed));
  BOOST_TEST(result.detail == "epoch 1, batch 2, training_step: task 'test': the sky fell");
}

BOOST_AUTO_TEST_CASE(an_error_of_a_validation_names_its_batch) {
  Trained trained(5, sgd, [](TestTask& task) { task.fail_in_validation = true; });
  BOOST_TEST(what_of([&] { trained.evaluate(tenon::Stage::validation); }) ==
             "task 'test', validation batch 2: ten pictures are missing");
}

BOOST_AUTO_TEST_CASE(numbers_are_copied_out_row_by_row_whatever_their_strides) {
  const at::Tensor tensor = at::arange(6, at::kFloat).reshape({2, 3}).t();
  std::array<float, 6> out{};
  te::copy_row_major(te::view_of(tensor), out.data());
  BOOST_TEST(out == (std::array<float, 6>{0, 3, 1, 4, 2, 5}), boost::test_tools::per_element());
  const at::Tensor column = at::arange(6, at::kLong).reshape({2, 3}).select(1, 1);
  std::array<std::int64_t, 2> numbers{};
  te::copy_row_major(te::view_of(column), numbers.data());
  BOOST_TEST(numbers == (std::array<std::int64_t, 2>{1, 4}), boost::test_tools::per_element());
}

namespace {
struct Squares : torch::data::datasets::Dataset<Squares> {
  torch::data::Example<> get(std::size_t index) override {
    const auto number = static_cast<double>(index);
    return {at::full({2}, number), at::full({}, number * number)};
  }
  std::optional<std::size_t> size() const override { return 5; }
};
}  // namespace

BOOST_AUTO_TEST_CASE(datasets_of_torch_data_serve_as_they_are_and_stacked) {
  const at::Tensor indices = at::arange(1, 4, at::kLong);
  for (const auto& data :
       {tenon::from_torch_data(Squares()), tenon::from_torch_data(Squares().map(torch::data::transforms::Stack<>()))}) {
    BOOST_TEST(data->size() == 5u);
    const tenon::Batch batch = data->get_batch(indices, {0, 0});
    BOOST_TEST(batch.samples == 3u);
    BOOST_TEST(batch[0].sizes().vec() == (std::vector<std::int64_t>{3, 2}), boost::test_tools::per_element());
    BOOST_TEST(batch[1].to(at::kLong).equal(indices * indices));
    tenon::Random random(0);
    BOOST_TEST(data->get(2, random).at(1).item().toDouble() == 4.0);
  }
}

BOOST_AUTO_TEST_SUITE_END()
