// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// An engine without LibTorch: it counts what it is asked to do, logs what a test tells it to, and fails where it is
// told to. Its model is one parameter of four floats that every optimizer step moves by one; where a test says
// `trains`, by what depends on seed, position in the data, random numbers and momentum, so that a resumed run can be
// told from one that never stopped.
#ifndef TENON_TESTS_LOOP_TEST_ENGINE_HPP
#define TENON_TESTS_LOOP_TEST_ENGINE_HPP

#include <array>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <tenon/services/tensors.h>

#include "loop/engine.hpp"

namespace tenon::tests {

class TestEngine : public loop::Engine {
 public:
  /// `train` batches of `samples` samples each epoch; one validation loader of `validation` batches, 0: none.
  explicit TestEngine(std::uint64_t train, std::uint64_t validation = 0, std::uint64_t samples = 4)
      : samples_(samples), train_(train) {
    facts_.task_name = "test";
    facts_.train_batches = train;
    if (validation) facts_.validation_batches = {validation};
    weights_.fill(0.0f);
  }

  loop::EngineFacts facts_;
  /// Called in each training step and evaluation step with the counters below; logs into the sink, may throw.
  std::function<void(loop::MetricSink&)> on_training_step, on_evaluation_step, on_end_epoch;
  std::function<void()> on_backward, on_optimizer_step, on_fetch, on_training_state;
  std::function<void(loop::ScheduleMoment, const loop::MetricReader&)> on_step_schedulers;
  std::vector<std::string>* trace = nullptr;  ///< engine calls go here too, as "engine.backward"

  std::uint64_t stream_batches = 3;  ///< of an evaluation loader whose length the facts do not tell
  std::uint32_t evaluation_loader = 0;
  std::uint64_t epoch = 0, batch = 0, steps = 0, evaluation_batch = 0, evaluations = 0;
  std::array<float, 4> weights_;
  bool trains = false;
  bool without_model = false;            ///< no tensors
  bool renamed = false;                  ///< its parameter has another name now
  std::uint64_t seed = 0, position = 0;  ///< samples consumed of the epoch
  std::array<float, 4> momentum{};       ///< of the weights, while `trains`
  std::uint64_t rng = 1;                 ///< drawn from by each training step
  double loss = 0.0;                     ///< of the last training step, while `trains`
  std::vector<std::uint32_t> restored;   ///< the parts of each restore()
  std::vector<std::string> remarks;      ///< what restore() answers
  std::optional<double> seconds;         ///< of a clock of the test's own

  /// Learning rate and momentum of each group of the optimizer; empty: there is none to look at.
  std::vector<std::array<double, 2>> groups;

  std::vector<loop::ModuleInfo> module_tree;  ///< what modules() answers
  std::uint64_t asked_for_modules = 0;

  const loop::EngineFacts& facts() const override { return facts_; }
  void start_run(loop::MetricSink& metrics, loop::StepListener& told) override {
    sink_ = &metrics;
    listener = &told;
  }
  void start_epoch(std::uint64_t of, std::uint64_t skip) override {
    note("engine.start_epoch");
    epoch = of;
    batch = 0;
    position = skip;
    fetched_ = skip / samples_;
  }
  void end_epoch() override {
    if (on_end_epoch) on_end_epoch(*sink_);
  }
  std::optional<loop::BatchInfo> fetch() override {
    if (on_fetch) on_fetch();
    // Where the facts do not tell the length, it is the one that was made.
    if (fetched_ >= (facts_.train_batches == TENON_UNKNOWN ? train_ : facts_.train_batches)) return std::nullopt;
    ++fetched_;
    return loop::BatchInfo{samples_};
  }
  void take() override {
    ++batch;
    position += samples_;
  }
  void training_step() override {
    note("engine.training_step");
    draw();
    if (trains) {
      loss = noise(0);
      for (const float w : weights_) loss += static_cast<double>(w) * static_cast<double>(w);
    }
    if (on_training_step) on_training_step(*sink_);
  }
  void backward(double scale) override {
    note("engine.backward");
    last_scale = scale;
    if (on_backward) on_backward();
  }
  bool loss_is_finite() override { return finite; }
  void clip_gradients(std::uint32_t) override { note("engine.clip_gradients"); }
  void optimizer_step(std::uint32_t, const std::function<void()>& evaluate_again) override {
    note("engine.optimizer_step");
    for (std::uint64_t i = 0; i < repetitions; ++i) evaluate_again();
    if (on_optimizer_step) on_optimizer_step();
    ++steps;
    ++version;
    if (!trains) {
      for (float& w : weights_) w += 1.0f;
      return;
    }
    const float lr = groups.empty() ? 0.1f : static_cast<float>(groups[0][0]);
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      momentum[i] = 0.9f * momentum[i] + 0.1f * weights_[i] - static_cast<float>(noise(i + 1));
      weights_[i] -= lr * momentum[i];
    }
  }
  void zero_grad(std::uint32_t) override { note("engine.zero_grad"); }
  void step_schedulers(loop::ScheduleMoment moment, const loop::MetricReader& metrics) override {
    constexpr const char* names[] = {"engine.step_schedulers(step)", "engine.step_schedulers(epoch)",
                                     "engine.step_schedulers(validation)"};
    note(names[static_cast<int>(moment)]);
    if (on_step_schedulers) on_step_schedulers(moment, metrics);
  }
  void start_evaluation(loop::Stage stage, std::uint32_t loader) override {
    const auto& loaders = stage == loop::Stage::test      ? facts_.test_batches
                          : stage == loop::Stage::predict ? facts_.predict_batches
                                                          : facts_.validation_batches;
    evaluation_batches_ = loaders.at(loader);
    evaluation_loader = loader;
    evaluation_fetched_ = 0;
    evaluation_batch = 0;
    ++evaluations;
  }
  std::optional<loop::BatchInfo> fetch_evaluation() override {
    const std::uint64_t known = evaluation_batches_;
    if (evaluation_fetched_ >= (known == TENON_UNKNOWN ? stream_batches : known)) return std::nullopt;
    ++evaluation_fetched_;
    return loop::BatchInfo{samples_};
  }
  void take_evaluation() override { ++evaluation_batch; }
  void evaluation_step() override {
    note("engine.evaluation_step");
    if (on_evaluation_step) on_evaluation_step(*sink_);
  }
  void end_evaluation(loop::Stage) override {}
  std::optional<double> recorded_seconds() override { return seconds; }
  std::optional<loop::OptimizerInfo> optimizer_info(std::uint32_t optimizer) override {
    if (groups.empty() || optimizer != 0) return std::nullopt;
    return loop::OptimizerInfo{"test", "Tester", "StepLR", static_cast<std::uint32_t>(groups.size()), steps};
  }
  std::string_view optimizer_option_name(std::uint32_t, std::uint32_t index) override {
    return index == 0 ? "lr" : index == 1 ? "momentum" : "";
  }
  double optimizer_option(std::uint32_t, std::uint32_t group, std::uint32_t index) override {
    return groups[group][index];
  }
  std::string optimizer_option_refusal(std::uint32_t, std::uint32_t, double value) override {
    return value < 0 ? "it must be a number from 0 on" : "";
  }
  void set_optimizer_option(std::uint32_t, std::uint32_t group, std::uint32_t index, double value) override {
    note("engine.set_optimizer_option");
    if (value > 1000) throw std::runtime_error("the optimizer cannot take it");
    groups[group][index] = value;
  }
  std::vector<std::uint64_t> optimizer_parameters(std::uint32_t, std::uint32_t group) override {
    return group == 0 ? std::vector<std::uint64_t>{0} : std::vector<std::uint64_t>{};
  }
  std::vector<loop::ModuleInfo> modules() override {
    ++asked_for_modules;
    return module_tree;
  }
  std::uint64_t tensor_count(std::int32_t group) override {
    return group <= TENON_TENSORS_GRADIENTS && !without_model ? 1 : 0;
  }
  loop::EngineTensor tensor(std::int32_t group, std::uint64_t) override {
    return {renamed ? "renamed" : "weight", view(weights_.data()), true, group == TENON_TENSORS_PARAMETERS,
            only_in_step};
  }
  void training_state(std::vector<loop::EngineTensor>& out, boost::json::object& document) override {
    if (on_training_state) on_training_state();
    if (without_model) return;
    out.push_back({"optimizer/test/weight/momentum_buffer", view(trains ? momentum.data() : weights_.data()), false,
                   true, only_in_step});
    if (trains) out.push_back({"rng/test", rng_view()});
    boost::json::object optimizer{{"name", "test"}, {"steps", steps}};
    for (const auto& [lr, momentum_of_group] : groups) {
      boost::json::value& list = optimizer["groups"];
      if (!list.is_array()) list = boost::json::array();
      list.get_array().push_back({lr, momentum_of_group});
    }
    document["optimizers"] = boost::json::array{std::move(optimizer)};
    document["data"] = {{"seed", seed}, {"samples", train_ * samples_}};
  }
  void stepped_tensors(std::vector<loop::EngineTensor>& out) override {
    if (!only_in_step) return;
    out.push_back(tensor(TENON_TENSORS_PARAMETERS, 0));
    boost::json::object ignored;
    const std::size_t model = out.size();
    training_state(out, ignored);
    out.resize(model + 1);  // without the random numbers
  }
  std::unique_ptr<loop::HeldTensors> hold(std::span<const loop::EngineTensor>) override {
    struct Held final : loop::HeldTensors {
      explicit Held(const TestEngine& of) : engine(of) {}
      std::uint64_t version(std::size_t) const override { return engine.version; }
      const TestEngine& engine;
    };
    return std::make_unique<Held>(*this);
  }
  void copy_out(const tenon_tensor_view& tensor, void* to) override {
    std::memcpy(to, tensor.data, bytes_of(tensor));
    ++copied_out;
  }

  void load_weights(std::span<const loop::EngineTensor> weights, const std::string&) override {
    std::memcpy(weights_.data(), weights.front().view.data, sizeof weights_);
  }
  std::vector<std::string> restore(const loop::EngineState& state, std::uint32_t parts,
                                   const std::string& from) override {
    std::string table;
    std::vector<std::pair<void*, const void*>> given;
    const auto give = [&](std::span<const loop::EngineTensor> saved, std::string_view name,
                          const loop::EngineTensor& to) {
      for (const loop::EngineTensor& one : saved)
        if (one.name == name && bytes_of(one.view) == bytes_of(to.view)) {
          given.emplace_back(to.view.data, one.view.data);
          return;
        }
      table += "\n  " + std::string(name) + ": not there as the engine has it";
    };
    std::vector<loop::EngineTensor> wanted;
    boost::json::object now;
    training_state(wanted, now);
    if (parts & loop::restore_model)
      give(state.weights, tensor(TENON_TENSORS_PARAMETERS, 0).name, tensor(TENON_TENSORS_PARAMETERS, 0));
    if (parts & loop::restore_optimizers && trains) give(state.training, wanted[0].name, wanted[0]);
    if (parts & loop::restore_rng && trains) give(state.training, "rng/test", wanted[1]);
    const boost::json::value* data = state.document.if_contains("data");
    if (parts & loop::restore_data && (data == nullptr || *data != now["data"])) table += "\n  data: others";
    if (!table.empty()) throw Failure(ExitCode::checkpoint, from + " does not fit; nothing was restored:" + table);

    for (const auto& [to, saved] : given) std::memcpy(to, saved, to == &rng ? sizeof rng : sizeof weights_);
    if (parts & loop::restore_optimizers) {
      const boost::json::object& optimizer = state.document.at("optimizers").as_array().at(0).as_object();
      steps = optimizer.at("steps").to_number<std::uint64_t>();
      for (std::size_t i = 0; i < groups.size(); ++i)
        for (std::size_t j = 0; j < 2; ++j)
          groups[i][j] = optimizer.at("groups").as_array().at(i).as_array().at(j).to_number<double>();
    }
    restored.push_back(parts);
    return remarks;
  }

  void check_uncounted_steps(std::uint64_t after) override {
    if (on_check_uncounted_steps) on_check_uncounted_steps(after);
  }

  loop::StepListener* listener = nullptr;
  std::uint64_t copied_out = 0;   ///< tensors
  bool only_in_step = false;      ///< its tensors change in optimizer_step alone
  std::uint64_t version = 0;      ///< of its tensors; a step moves it, too
  std::uint64_t repetitions = 0;  ///< how often a step evaluates the batch again
  bool finite = true;
  std::function<void(std::uint64_t)> on_check_uncounted_steps;
  double last_scale = 0.0;

 private:
  static constexpr std::int64_t shape_[] = {4}, strides_[] = {1}, one_[] = {1};
  static tenon_tensor_view view(float* numbers) {
    tenon_tensor_view v{};
    v.data = numbers;
    v.device = {TENON_DEVICE_CPU, 0};
    v.ndim = 1;
    v.dtype = {TENON_DTYPE_FLOAT, 32, 1};
    v.shape = shape_;
    v.strides = strides_;
    return v;
  }
  tenon_tensor_view rng_view() {
    tenon_tensor_view v = view(nullptr);
    v.data = &rng;
    v.dtype = {TENON_DTYPE_UINT, 64, 1};
    v.shape = one_;
    return v;
  }
  static std::size_t bytes_of(const tenon_tensor_view& v) {
    std::size_t bytes = v.dtype.bits / 8u;
    for (std::int32_t d = 0; d < v.ndim; ++d) bytes *= static_cast<std::size_t>(v.shape[d]);
    return bytes;
  }
  /// SplitMix64's step.
  void draw() { rng += 0x9e3779b97f4a7c15u; }
  /// From 0 to 1, of this step's draw, its place in the data and the seed.
  double noise(std::size_t of) const {
    std::uint64_t z = rng + seed * 31 + epoch * 1009 + position * 7919 + of;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }
  void note(const char* what) {
    if (trace) trace->push_back(what);
  }

  loop::MetricSink* sink_ = nullptr;
  std::uint64_t samples_, train_, fetched_ = 0, evaluation_fetched_ = 0, evaluation_batches_ = 0;
};

}  // namespace tenon::tests

#endif
