// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A training that is saved at every batch, and one that goes on from there in an engine made anew.
#ifndef TENON_TESTS_TORCH_RESUMED_HPP
#define TENON_TESTS_TORCH_RESUMED_HPP

#include <memory>

#include "checkpoint/json.hpp"
#include "trained.hpp"

namespace tests {

using MakeTask = std::function<std::unique_ptr<tenon::Task>()>;

/// What a checkpoint would hold, apart from the engine's memory: numbers row-major, the document through its text.
struct Saved {
  struct Owned {
    std::string name;
    std::vector<std::int64_t> shape;
    tenon_dtype dtype;
    std::vector<std::byte> bytes;
    bool operator==(const Owned& other) const {
      return name == other.name && shape == other.shape && dtype.code == other.dtype.code &&
             dtype.bits == other.dtype.bits && bytes == other.bytes;
    }
  };

  explicit Saved(te::TorchEngine& engine) {
    for (const std::int32_t group : {TENON_TENSORS_PARAMETERS, TENON_TENSORS_BUFFERS})
      for (std::uint64_t i = 0; i < engine.tensor_count(group); ++i) keep(engine, engine.tensor(group, i), weights);
    std::vector<loop::EngineTensor> state;
    boost::json::object told;
    engine.training_state(state, told);
    for (const loop::EngineTensor& one : state) keep(engine, one, training);
    document = tenon::checkpoint::parse_exactly(tenon::checkpoint::canonical_json(told)).as_object();
  }

  static void keep(te::TorchEngine& engine, const loop::EngineTensor& one, std::vector<Owned>& to) {
    Owned owned{std::string(one.name), {one.view.shape, one.view.shape + one.view.ndim}, one.view.dtype, {}};
    std::size_t bytes = one.view.dtype.bits / 8u;
    for (const std::int64_t size : owned.shape) bytes *= static_cast<std::size_t>(size);
    owned.bytes.resize(bytes);
    engine.copy_out(one.view, owned.bytes.data());
    to.push_back(std::move(owned));
  }

  static std::vector<loop::EngineTensor> views(std::vector<Owned>& from) {
    std::vector<loop::EngineTensor> all;
    for (Owned& one : from) {
      tenon_tensor_view view{};
      view.data = one.bytes.data();
      view.device = {TENON_DEVICE_CPU, 0};
      view.ndim = static_cast<std::int32_t>(one.shape.size());
      view.dtype = one.dtype;
      view.shape = one.shape.data();
      all.push_back({one.name, view});
    }
    return all;
  }

  std::vector<std::string> restore_into(te::TorchEngine& engine, std::uint32_t parts = loop::restore_all) {
    const auto model = views(weights), state = views(training);
    return engine.restore({model, state, document}, parts, "'a.ckpt'");
  }

  Owned& tensor(const std::string& name) {
    for (std::vector<Owned>* group : {&weights, &training})
      for (Owned& one : *group)
        if (one.name == name) return one;
    throw std::out_of_range(name);
  }

  /// What differs, for a person; "" for nothing.
  std::string difference(const Saved& other) const {
    const auto compare = [](const std::vector<Owned>& a, const std::vector<Owned>& b) -> std::string {
      for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
        if (!(a[i] == b[i])) return a[i].name + " (" + b[i].name + ")";
      return a.size() == b.size() ? "" : std::to_string(a.size()) + " tensors, " + std::to_string(b.size());
    };
    if (const std::string found = compare(weights, other.weights); !found.empty()) return found;
    if (const std::string found = compare(training, other.training); !found.empty()) return found;
    const auto text = [](const boost::json::object& whole) { return tenon::checkpoint::canonical_json(whole); };
    return text(document) == text(other.document) ? "" : text(document) + "\n" + text(other.document);
  }

  std::vector<Owned> weights, training;
  boost::json::object document;
};

/// The last validation's loss, whatever it is called.
struct Metrics final : loop::MetricReader {
  explicit Metrics(const Sink& from) : sink(from) {}
  std::optional<loop::MetricReading> find(std::string_view name) const override {
    const auto found = sink.values.find(std::string(name));
    if (found == sink.values.end()) return std::nullopt;
    return loop::MetricReading{found->second.back(), true, true, tenon::Goal::minimize};
  }
  std::vector<std::string> names() const override { return {}; }
  bool awaits_validation() const override { return true; }
  void warn(const std::string&) const override {}
  const Sink& sink;
};

/// Where a session was, as the loop keeps it.
struct Place {
  std::uint64_t epoch = 0, samples = 0;
};

/// An engine that is trained batch by batch, as the loop does it.
struct Session {
  explicit Session(const MakeTask& make, te::EngineSettings settings = {})
      : engine(std::make_unique<te::TorchEngine>(make(), "test", std::move(settings))) {}

  void start(Place from = {}) {
    place = from;
    engine->start_run(sink, listener);
    engine->start_epoch(place.epoch, place.samples);
    next = engine->fetch();
  }

  void batch() {
    if (!next) {
      ++place.epoch;
      place.samples = 0;
      engine->start_epoch(place.epoch, 0);
      next = engine->fetch();
    }
    place.samples += next->samples;
    engine->take();
    next = engine->fetch();
    const auto evaluate = [&] {
      engine->training_step();
      if (!engine->facts().manual_optimization) engine->backward(1.0);
    };
    evaluate();
    if (!engine->facts().manual_optimization)
      for (std::uint32_t i = 0; i < engine->facts().optimizers; ++i) {
        engine->optimizer_step(i, [&, i] {
          engine->zero_grad(i);
          evaluate();
        });
        engine->zero_grad(i);
      }
    engine->step_schedulers(loop::ScheduleMoment::step, Metrics(sink));
    if (next) return;
    engine->start_evaluation(tenon::Stage::validation, 0);
    while (engine->fetch_evaluation()) {
      engine->take_evaluation();
      engine->evaluation_step();
    }
    engine->end_evaluation(tenon::Stage::validation);
    engine->step_schedulers(loop::ScheduleMoment::validation, Metrics(sink));
    engine->step_schedulers(loop::ScheduleMoment::epoch, Metrics(sink));
  }

  Sink sink;
  Listener listener;
  std::unique_ptr<te::TorchEngine> engine;
  Place place;
  std::optional<loop::BatchInfo> next;
};

/// Trains `batches` in one go; then again from what was saved after each of them that `stops` names, each time in an
/// engine made anew. All must end alike, and saving must have changed nothing. Answers the remarks of the last.
inline std::vector<std::string> check_resumed(const std::string& name, const MakeTask& make,
                                              const std::vector<std::uint64_t>& stops = {0, 3, 7, 10},
                                              const te::EngineSettings& settings = {}, std::uint64_t batches = 15) {
  std::vector<std::string> remarks;
  BOOST_TEST_CONTEXT(name) {
    Session undisturbed(make, settings);
    undisturbed.start();
    for (std::uint64_t i = 0; i < batches; ++i) undisturbed.batch();
    Saved end(*undisturbed.engine);

    Session straight(make, settings);
    straight.start();
    std::vector<std::pair<Saved, Place>> saved;
    for (std::uint64_t i = 0; i < batches; ++i) {
      saved.emplace_back(*straight.engine, straight.place);
      straight.batch();
    }
    BOOST_TEST(end.difference(Saved(*straight.engine)) == "", "saving has changed the training");

    for (const std::uint64_t stop : stops) {
      Session resumed(make, settings);
      remarks = saved[stop].first.restore_into(*resumed.engine);
      // A schedule that waits for a metric has it from the loop, which restores it.
      resumed.sink.values = straight.sink.values;
      resumed.start(saved[stop].second);
      if (stop > 0)
        BOOST_TEST(saved[stop].first.difference(Saved(*resumed.engine)) == "", "right after batch " << stop);
      for (std::uint64_t i = stop; i < batches; ++i) resumed.batch();
      BOOST_TEST(end.difference(Saved(*resumed.engine)) == "", "resumed after batch " << stop);
    }
  }
  return remarks;
}

}  // namespace tests

#endif
