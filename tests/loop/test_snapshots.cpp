// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// One copy for everyone at a commit point, and none where nothing has changed since the last.
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <thread>

#include "loop/snapshot.hpp"
#include "saves.hpp"

using namespace tenon;
using namespace tenon::tests;

namespace {

float first_number(const checkpoint::TensorRecord& record) {
  float number = 0;
  std::memcpy(&number, record.bytes.data(), sizeof number);
  return number;
}

}  // namespace

BOOST_AUTO_TEST_CASE(all_savers_of_a_commit_point_share_one_copy_and_the_second_one_of_a_step_takes_it_over) {
  for (const bool only_in_step : {false, true}) {
    TestEngine engine(2);
    engine.only_in_step = only_in_step;
    LoopFixture run(engine);
    run.options.max_epochs = 1;
    Probe& a = run.probe("a");
    Probe& b = run.probe("b");
    std::uint64_t after_batch = 0;
    a.on[TENON_HOOK(on_train_batch_end)] = [&](const void* args) {
      if (step_of(args) == 2) save(a, "batch");
    };
    b.on[TENON_HOOK(on_train_batch_end)] = [&](const void* args) {
      if (step_of(args) == 2) save(b, "batch too");
    };
    a.on[TENON_HOOK(on_train_epoch_end)] = [&](const void*) {
      after_batch = engine.copied_out;
      save(a, "epoch");
    };
    run.run();
    BOOST_CHECK_EQUAL(after_batch, 2u);  // weight and momentum
    BOOST_CHECK_EQUAL(engine.copied_out, only_in_step ? 2u : 4u);
    expect(folders(run.folder / "checkpoints"), {"batch too.ckpt", "batch.ckpt", "epoch.ckpt"});
    const boost::json::object end = document(run.folder / "checkpoints/epoch.ckpt");
    BOOST_CHECK_EQUAL(end.at("commit_point").at("phase").as_string(), "epoch_end");
    BOOST_CHECK_EQUAL(end.at("progress").at("epochs").to_number<int>(), 1);
  }
}

BOOST_AUTO_TEST_CASE(a_step_ends_what_a_snapshot_lends_to_the_next) {
  TestEngine engine(1);
  engine.only_in_step = true;
  loop::Snapshots snapshots;
  const auto before = snapshots.take(engine, true);
  snapshots.wait();
  engine.optimizer_step(0, {});
  const auto after = snapshots.take(engine, true);
  BOOST_CHECK_EQUAL(first_number(before->model()[0]), 0.0f);
  BOOST_CHECK_EQUAL(first_number(after->model()[0]), 1.0f);
  BOOST_CHECK_EQUAL(first_number(after->training()[0]), 1.0f);
}

BOOST_AUTO_TEST_CASE(weights_taken_over_come_with_a_training_state_of_their_own_where_the_first_had_none) {
  TestEngine engine(1);
  engine.only_in_step = true;
  loop::Snapshots snapshots;
  const auto weights = snapshots.take(engine, false);
  const auto full = snapshots.take(engine, true);
  BOOST_CHECK(weights->training().empty());
  BOOST_REQUIRE_EQUAL(full->training().size(), 1u);
  BOOST_CHECK_EQUAL(full->model()[0].bytes.data(), weights->model()[0].bytes.data());
  BOOST_CHECK_EQUAL(engine.copied_out, 2u);
}

BOOST_AUTO_TEST_CASE(two_arenas_serve_all_and_the_third_snapshot_waits_for_one_of_them) {
  TestEngine engine(1);
  loop::Snapshots snapshots;
  auto first = snapshots.take(engine, true);
  const auto second = snapshots.take(engine, true);
  const std::byte* const arena = first->model()[0].bytes.data();
  BOOST_CHECK_NE(arena, second->model()[0].bytes.data());
  std::atomic<bool> given_back = false;
  std::thread writer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    given_back = true;
    first.reset();
  });
  const auto third = snapshots.take(engine, true);
  BOOST_CHECK(given_back);
  BOOST_CHECK_EQUAL(third->model()[0].bytes.data(), arena);
  writer.join();
}
