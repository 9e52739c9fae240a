// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Plays a recorded history through the loop: no model, no tensors. Each step is a batch of its own, also those that
// logged nothing; what a line logged is logged at the same moment again.
#ifndef TENON_REPLAY_ENGINE_HPP
#define TENON_REPLAY_ENGINE_HPP

#include <atomic>
#include <cstddef>

#include "loop/engine.hpp"
#include "replay/history.hpp"

namespace tenon::replay {

class Engine final : public loop::Engine {
 public:
  /// The history outlives the engine. `task_name` is that of the run that was recorded; may be empty.
  Engine(const History& history, std::string task_name);

  const loop::EngineFacts& facts() const override { return facts_; }
  void start_run(loop::MetricSink& metrics, loop::StepListener& listener) override;
  void start_epoch(std::uint64_t, std::uint64_t) override {}
  void end_epoch() override;
  std::optional<loop::BatchInfo> fetch() override;
  void take() override;
  void training_step() override;
  void backward(double) override {}
  void optimizer_step(std::uint32_t, const std::function<void()>&) override {}
  void zero_grad(std::uint32_t) override {}
  void start_evaluation(loop::Stage, std::uint32_t) override { evaluated_ = false; }
  std::optional<loop::BatchInfo> fetch_evaluation() override;
  void take_evaluation() override { evaluated_ = true; }
  void evaluation_step() override;
  void end_evaluation(loop::Stage) override {}
  std::optional<bool> validation_due() override { return current_.validation != nullptr; }
  bool history_is_over() override;
  std::optional<double> recorded_seconds() override { return seconds_.load(std::memory_order_relaxed); }
  std::uint64_t tensor_count(std::int32_t) override { return 0; }
  loop::EngineTensor tensor(std::int32_t, std::uint64_t) override { return {}; }
  void training_state(std::vector<loop::EngineTensor>&, boost::json::object&) override {}
  void copy_out(const tenon_tensor_view&, void*) override {}
  /// There is nothing to change: what is decided around it is played all the same.
  std::vector<std::string> restore(const loop::EngineState&, std::uint32_t, const std::string&) override { return {}; }

 private:
  struct Batch {
    std::uint64_t step = 0;             // finished behind it
    bool steps = false;                 // an optimizer steps in it
    const Event* logged = nullptr;      // of a batch or an exception
    const Event* validation = nullptr;  // that follows it
    bool is_beyond = false;             // the history does not have it
  };

  const Event* next() const { return next_ < history_.events.size() ? &history_.events[next_] : nullptr; }
  void log(const Event& event, const loop::LogOptions& options);
  void set_clock(std::uint64_t step, const Event* at);

  const History& history_;
  loop::EngineFacts facts_;
  loop::MetricSink* metrics_ = nullptr;
  loop::StepListener* listener_ = nullptr;
  std::size_t next_ = 0;    // event that no batch has been given yet
  std::uint64_t step_ = 0;  // of the batch fetched last
  std::optional<Batch> fetched_;
  Batch current_;
  bool evaluated_ = false;
  std::size_t timed_ = 0;  // the first event with a time that the clock has not reached
  std::uint64_t clock_step_ = 0;
  std::atomic<double> seconds_ = 0.0;
};

}  // namespace tenon::replay

#endif
