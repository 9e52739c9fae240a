// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What only a step changes is copied while training goes on; who writes to it elsewhere is found out.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstring>
#include <string_view>
#include <thread>

#include "chain/recorder.hpp"
#include "checkpoint/checkpoint.hpp"
#include "checkpoint/format.hpp"
#include "gate.hpp"
#include "loop/snapshot.hpp"

using namespace tenon;
using namespace tenon::tests;

namespace {

/// Snapshots of this test's engines are copied lazily although they are small, each beside an eager copy of it.
struct Lazily : loop::SnapshotTest {
  Lazily() { loop::Snapshots::test = this; }
  ~Lazily() { loop::Snapshots::test = nullptr; }
};

/// What no step changes is copied at every commit point, and is too large for anything but an arena.
class LargeBuffer : public TestEngine {
 public:
  using TestEngine::TestEngine;
  std::uint64_t tensor_count(std::int32_t group) override {
    return group == TENON_TENSORS_BUFFERS ? 1 : TestEngine::tensor_count(group);
  }
  loop::EngineTensor tensor(std::int32_t group, std::uint64_t index) override {
    loop::EngineTensor t = TestEngine::tensor(group, index);
    if (group != TENON_TENSORS_BUFFERS) return t;
    t.name = "frozen";
    t.view.data = buffer.data();
    t.view.shape = &size;
    t.only_in_step = false;
    return t;
  }
  void copy_out(const tenon_tensor_view& tensor, void* to) override {
    if (tensor.data != buffer.data()) return TestEngine::copy_out(tensor, to);
    std::memcpy(to, buffer.data(), buffer.size() * sizeof(float));
  }
  std::vector<float> buffer = std::vector<float>(1 << 19, 1.0f);

 private:
  const std::int64_t size = 1 << 19;
};

std::size_t count(const std::string& all, std::string_view wanted) {
  std::size_t n = 0;
  for (std::size_t at = all.find(wanted); at != std::string::npos; at = all.find(wanted, at + 1)) ++n;
  return n;
}

/// Saves at each step, while training goes on; weights and momentum are marked as changing in steps alone.
struct SavingRun {
  explicit SavingRun(std::uint64_t steps) : engine(steps), run(engine), p(run.probe("a")) {
    engine.only_in_step = true;
    run.wait_for_saves = false;
    run.options.max_epochs = 1;
    collect(p, tickets);
    p.on[TENON_HOOK(on_setup)] = [this](const void*) { claim(); };
    p.on[TENON_HOOK(on_train_batch_end)] = [this](const void* args) { save(p, "at" + std::to_string(step_of(args))); };
  }
  void claim() const { Checkpoints(Host(p.host)).claim("checkpoints"); }
  std::filesystem::path path(const std::string& name) const { return run.folder / "checkpoints" / (name + ".ckpt"); }
  float weight(const std::string& name) const {
    const checkpoint::LoadedTensors loaded = checkpoint::Checkpoint::open(path(name)).load(checkpoint::model_file);
    float number = -1;
    std::memcpy(&number, loaded.records.at(0).bytes.data(), sizeof number);
    return number;
  }
  std::vector<std::string> failures() const {
    std::vector<std::string> reasons;
    for (const Ticket& t : tickets)
      if (t.outcome == TENON_TICKET_FAILED) reasons.push_back(t.reason);
    return reasons;
  }

  TestEngine engine;
  LoopFixture run;
  Probe& p;
  std::vector<Ticket> tickets;
};

}  // namespace

BOOST_AUTO_TEST_CASE(every_lazily_copied_snapshot_is_what_an_eager_one_is) {
  Lazily test;
  SavingRun s(9);
  s.engine.on_training_step = [&](loop::MetricSink&) { s.engine.rng += 7; };  // no step alone changes this
  s.run.run();
  BOOST_CHECK_EQUAL(test.lazy, 8u);  // the first one comes before it has been tried out
  BOOST_CHECK_EQUAL(test.whole, 8u);
  expect(test.torn, {});
  BOOST_CHECK(s.failures().empty());
  for (int step = 1; step <= 9; ++step)
    BOOST_CHECK_EQUAL(s.weight("at" + std::to_string(step)), static_cast<float>(step));
}

BOOST_AUTO_TEST_CASE(a_step_waits_for_a_slow_copy) {
  Lazily test;
  test.before_each_part = [] { std::this_thread::sleep_for(std::chrono::milliseconds(5)); };
  SavingRun s(5);
  s.run.run();
  BOOST_CHECK_EQUAL(test.whole, 4u);
  expect(test.torn, {});
  for (int step = 1; step <= 5; ++step)
    BOOST_CHECK_EQUAL(s.weight("at" + std::to_string(step)), static_cast<float>(step));
}

BOOST_AUTO_TEST_CASE(a_step_does_not_wait_for_a_thread_that_has_not_begun) {
  Lazily test;
  TestEngine engine(1);
  engine.only_in_step = true;
  loop::Snapshots snapshots;
  engine.optimizer_step(0, {});
  snapshots.prepare(engine);
  snapshots.wait();
  std::atomic<bool> stands = false, may_go_on = false;
  test.before_each_part = [&] {
    stands = true;
    may_go_on.wait(false);
  };
  const auto first = snapshots.take(engine, false);
  while (!stands) std::this_thread::yield();
  // The copier stands in the first snapshot; the second is this thread's.
  engine.only_in_step = false;
  test.before_each_part = {};
  const auto second = snapshots.take(engine, true);
  second->wait();
  BOOST_CHECK_EQUAL(test.lazy, 1u);
  may_go_on = true;
  may_go_on.notify_all();
  snapshots.wait();
  first->confirm();
  BOOST_CHECK_EQUAL(test.whole, 1u);
}

BOOST_AUTO_TEST_CASE(who_always_writes_outside_of_steps_gets_eager_copies_before_any_snapshot_is_lost) {
  for (const bool past_the_counter : {false, true}) {
    Lazily test;
    SavingRun s(6);
    s.engine.on_training_step = [&](loop::MetricSink&) {
      s.engine.weights_[1] += 100;
      if (!past_the_counter) ++s.engine.version;
    };
    const std::string said = chain::test::stderr_of([&] { s.run.run(); });
    BOOST_CHECK_EQUAL(test.lazy, 0u);
    BOOST_CHECK(s.failures().empty());
    BOOST_CHECK_EQUAL(s.tickets.size(), 6u);
    BOOST_CHECK_EQUAL(s.weight("at6"), 6.0f);
    BOOST_CHECK_EQUAL(count(said, "'weight' is written to outside of its optimizer's step"), 1u);
  }
}

BOOST_AUTO_TEST_CASE(a_write_during_a_copy_fails_its_saves_is_told_once_and_ends_laziness) {
  for (const bool past_the_counter : {false, true}) {
    Lazily test;
    SavingRun s(8);
    s.engine.on_training_step = [&](loop::MetricSink&) {
      if (s.engine.steps != 4) return;
      if (past_the_counter)
        s.engine.weights_[3] += 100;
      else
        ++s.engine.version;
    };
    // No copy ends before the write, so that it is a torn one, and the threads do not race.
    std::atomic<std::uint64_t> begun = 0;
    s.p.on[TENON_HOOK(on_after_backward)] = [&](const void*) {
      ++begun;
      begun.notify_all();
    };
    std::uint64_t copied = 0;
    test.before_each_part = [&] {
      if (copied++ % 2 != 0) return;  // weights, then momentum
      const std::uint64_t due = copied / 2 + 3;
      for (std::uint64_t now = begun; now < due; now = begun) begun.wait(now);
    };
    const std::string said = chain::test::stderr_of([&] { s.run.run(); });
    BOOST_CHECK_EQUAL(test.lazy, 3u);  // of the steps 2, 3 and 4
    BOOST_CHECK_EQUAL(test.whole, 2u);
    expect(test.torn, {});
    BOOST_REQUIRE_EQUAL(s.failures().size(), 1u);
    BOOST_CHECK_EQUAL(s.failures()[0],
                      "'weight' was written to outside of an optimizer step, while it was being copied: the copy is of "
                      "no use, and others are made before training goes on from now on");
    BOOST_CHECK(!std::filesystem::exists(s.path("at4")));
    BOOST_CHECK_EQUAL(s.weight("at3"), 3.0f);
    BOOST_CHECK_EQUAL(s.weight("at5"), 5.0f);
    BOOST_CHECK_EQUAL(s.tickets.size(), 8u);
    BOOST_CHECK_EQUAL(count(said, "is written to outside of its optimizer's step"), 1u);
  }
}

BOOST_AUTO_TEST_CASE(the_second_snapshot_of_a_step_takes_nothing_over_that_was_written_to) {
  Lazily test;
  SavingRun s(4);
  s.p.on[TENON_HOOK(on_train_epoch_end)] = [&](const void*) {
    s.run.fit().drain();  // the batch's own snapshot is whole and written
    s.engine.weights_[0] = 50;
    save(s.p, "end");
  };
  s.run.run();
  BOOST_CHECK(s.failures().empty());
  BOOST_CHECK_EQUAL(s.weight("at4"), 4.0f);
  BOOST_CHECK_EQUAL(s.weight("end"), 50.0f);
}

BOOST_AUTO_TEST_CASE(many_snapshots_without_a_step_between_them_do_not_wait_for_one) {
  gate.close();
  Lazily test;
  test.before_each_part = [] { std::this_thread::sleep_for(std::chrono::milliseconds(30)); };
  SavingRun s(3);
  offer_gate(s.p);
  s.run.options.max_epochs = 2;
  std::thread disk([] {
    while (gate.applied == 0) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    open_gate();
  });
  s.p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* args) {
    if (step_of(args) >= 3) save_through_gate(s.p, "at" + std::to_string(step_of(args)));
  };
  s.p.on[TENON_HOOK(on_train_epoch_end)] = [&](const void*) { save(s.p, "end"); };
  s.p.on[TENON_HOOK(on_train_end)] = [&](const void*) { save(s.p, "final"); };
  s.run.run();
  disk.join();
  BOOST_CHECK(s.failures().empty());
  expect(test.torn, {});
  expect(folders(s.run.folder / "checkpoints"),
         {"at3.ckpt", "at4.ckpt", "at5.ckpt", "at6.ckpt", "end-v1.ckpt", "end.ckpt", "final.ckpt"});
}

BOOST_AUTO_TEST_CASE(many_large_snapshots_without_a_step_between_them_wait_for_the_writer_alone) {
  Lazily test;
  LargeBuffer engine(1);
  engine.only_in_step = true;
  loop::Snapshots snapshots;
  snapshots.prepare(engine);
  snapshots.wait();  // a step
  auto weights = snapshots.take(engine, false);
  auto full = snapshots.take(engine, true);
  std::thread writer([&] {
    weights->confirm();
    weights.reset();
    full->confirm();
    full.reset();
  });
  const auto last = snapshots.take(engine, true);
  writer.join();
  last->wait();
  BOOST_CHECK_EQUAL(last->model().back().bytes.size(), engine.buffer.size() * sizeof(float));
  BOOST_CHECK(last->model().back().bytes.back() == std::byte{0x3f});
  snapshots.settle();
  expect(test.torn, {});
}

BOOST_AUTO_TEST_CASE(what_is_to_be_on_disk_before_its_commit_point_is_over_is_not_waited_for_for_ever) {
  Lazily test;
  SavingRun s(4);
  s.run.wait_for_saves = true;
  s.run.run();
  BOOST_CHECK_EQUAL(test.whole, 3u);
  for (int step = 1; step <= 4; ++step)
    BOOST_CHECK_EQUAL(s.weight("at" + std::to_string(step)), static_cast<float>(step));
}

BOOST_AUTO_TEST_CASE(what_is_little_is_copied_at_once) {
  SavingRun s(5);
  s.run.run();
  BOOST_CHECK_EQUAL(s.engine.copied_out, 10u);
  BOOST_CHECK(s.failures().empty());
}

BOOST_AUTO_TEST_CASE(memory_does_not_grow_from_snapshot_to_snapshot) {
  Lazily test;
  TestEngine engine(1);
  engine.only_in_step = true;
  loop::Snapshots snapshots;
  std::vector<const std::byte*> seen;
  for (int step = 0; step < 6; ++step) {
    snapshots.wait();
    engine.optimizer_step(0, {});
    snapshots.prepare(engine);
    seen.push_back(snapshots.take(engine, true)->model()[0].bytes.data());
  }
  std::sort(seen.begin(), seen.end());
  BOOST_CHECK_LE(std::unique(seen.begin(), seen.end()) - seen.begin(), 2);
}
