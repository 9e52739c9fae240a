// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <map>
#include <thread>

#include "saves.hpp"

using namespace tenon;
using namespace tenon::tests;

BOOST_AUTO_TEST_CASE(a_hook_that_fails_while_something_is_told_keeps_nothing_from_anybody) {
  for (const bool in_decision : {false, true}) {
    TestEngine engine(3);
    LoopFixture run(engine);
    run.options.max_epochs = 1;
    Probe& bad = run.probe("bad");
    Probe& good = run.probe("good");
    for (Probe* p : {&bad, &good})
      p->on[TENON_HOOK(on_train_batch_end)] = [p](const void* a) {
        if (step_of(a) == 1) save(*p, p->id);
      };
    bad.on[in_decision ? TENON_HOOK(on_decision) : TENON_HOOK(on_ticket)] = [](const void*) {
      throw std::runtime_error("boom");
    };
    std::vector<Ticket> tickets;
    collect(good, tickets);
    Names saved;
    good.on[TENON_HOOK(on_checkpoint_saved)] = [&](const void* a) {
      saved.push_back(std::string(view(static_cast<const tenon_checkpoint_args*>(a)->checkpoint->name)));
    };
    const loop::FitResult result = run.run();
    BOOST_CHECK_EQUAL(result.reason, TENON_END_FAILED);
    BOOST_CHECK(result.detail.find("boom") != std::string::npos);
    BOOST_CHECK_EQUAL(tickets.size(), 1u);
    expect(saved, {"bad", "good"});
  }
}

BOOST_AUTO_TEST_CASE(the_last_commit_point_carries_everything_out_although_a_hook_fails_in_it) {
  TestEngine engine(2);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  p.on[TENON_HOOK(on_train_epoch_end)] = [&](const void*) { save(p, "first"); };
  p.on[TENON_HOOK(on_train_end)] = [&](const void*) { save(p, "end"); };
  p.on[TENON_HOOK(on_ticket)] = [](const void*) { throw std::runtime_error("boom"); };
  BOOST_CHECK_EQUAL(run.run().reason, TENON_END_FAILED);
  expect(folders(run.folder / "checkpoints"), {"end.ckpt", "first.ckpt"});
}

BOOST_AUTO_TEST_CASE(a_stop_about_which_deciding_fails_has_an_outcome) {
  TestEngine engine(2);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  run.probe("judge").on[TENON_HOOK(decide_stop)] = [](const void*) { throw std::runtime_error("no idea"); };
  std::vector<Ticket> tickets;
  collect(p, tickets);
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) Run(Host(p.host)).request_stop("enough");
  };
  BOOST_CHECK_EQUAL(run.run().reason, TENON_END_FAILED);
  BOOST_REQUIRE_EQUAL(tickets.size(), 1u);
  BOOST_CHECK_EQUAL(tickets[0].outcome, TENON_TICKET_FAILED);
}

BOOST_AUTO_TEST_CASE(a_state_that_cannot_be_copied_loses_that_checkpoint_and_not_the_run) {
  TestEngine engine(3);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  engine.on_training_state = [&] {
    if (engine.steps == 1) throw std::runtime_error("a scratch tensor is undefined");
  };
  Probe& p = run.probe("a");
  std::vector<Ticket> tickets;
  collect(p, tickets);
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) { save(p, "at" + std::to_string(step_of(a))); };
  BOOST_CHECK_EQUAL(run.run().reason, TENON_END_FINISHED);
  BOOST_REQUIRE_EQUAL(tickets.size(), 3u);
  BOOST_CHECK_EQUAL(tickets[0].outcome, TENON_TICKET_FAILED);
  BOOST_CHECK_EQUAL(tickets[0].reason, "a scratch tensor is undefined");
  expect(folders(run.folder / "checkpoints"), {"at2.ckpt", "at3.ckpt"});
}

BOOST_AUTO_TEST_CASE(stops_asked_for_on_another_thread_end_exactly_once_each) {
  TestEngine engine(300);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  run.options.min_epochs = 2;  // none is carried out: every one is replaced or withdrawn
  Probe& p = run.probe("a");
  std::map<tenon_ticket, int> ended;
  p.on[TENON_HOOK(on_ticket)] = [&](const void* a) { ++ended[static_cast<const tenon_ticket_args*>(a)->ticket]; };
  constexpr std::uint64_t each_batch = 30;
  std::vector<tenon_ticket> asked;
  std::atomic<std::uint64_t> count{0};
  std::thread other;
  p.on[TENON_HOOK(on_train_start)] = [&](const void*) {
    other = std::thread([&] {
      for (; count < 300 * each_batch; ++count) asked.push_back(Run(Host(p.host)).request_stop("enough"));
    });
  };
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {  // commit points all along the other thread's way
    while (count < step_of(a) * each_batch) std::this_thread::yield();
  };
  p.on[TENON_HOOK(on_train_end)] = [&](const void*) { other.join(); };
  run.run();
  BOOST_CHECK_EQUAL(asked.size(), 300 * each_batch);
  BOOST_CHECK_EQUAL(ended.size(), asked.size());
  for (const tenon_ticket ticket : asked) BOOST_REQUIRE_EQUAL(ended[ticket], 1);
}

BOOST_AUTO_TEST_CASE(a_stop_put_back_gives_way_to_the_newer_one_of_its_callback) {
  TestEngine engine(1);
  LoopFixture run(engine);
  run.probe("a");
  loop::Fit& fit = run.make();
  chain::Callback& by = *fit.chain().find("a");
  loop::Requests requests;
  const tenon_ticket older = requests.stop(by, "older");
  std::vector<loop::StopRequest> taken = requests.take_stops();
  const tenon_ticket newer = requests.stop(by, "newer");
  requests.put_back(std::move(taken));
  const std::vector<loop::StopRequest> pending = requests.pending_stops();
  BOOST_REQUIRE_EQUAL(pending.size(), 1u);
  BOOST_CHECK_EQUAL(pending[0].ticket, newer);
  const std::vector<loop::EndedTicket> ended = requests.take_ended();
  BOOST_REQUIRE_EQUAL(ended.size(), 1u);
  BOOST_CHECK_EQUAL(ended[0].ticket, older);
  BOOST_CHECK_EQUAL(ended[0].outcome, TENON_TICKET_REPLACED);
}

BOOST_AUTO_TEST_CASE(a_note_on_a_decision_is_told_once_and_feeds_nothing) {
  TestEngine engine(6);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& a = run.probe("a");
  Probe& b = run.probe("b");
  a.on[TENON_HOOK(on_train_batch_end)] = [&](const void* args) {
    if (step_of(args) == 1) Run(Host(a.host)).warn("first");
  };
  // Each comments on whatever it is told.
  std::map<std::string, Names> told;
  for (Probe* p : {&a, &b})
    p->on[TENON_HOOK(on_decision)] = [p, &told](const void* args) {
      const auto& decision = *static_cast<const tenon_decision_args*>(args);
      told[p->id].push_back(std::string(view(decision.reason)));
      Run(Host(p->host)).warn(p->id + " on " + std::string(view(decision.reason)));
    };
  Names heard;
  run.make().decisions().set_listener([&](const loop::Decision& d) { heard.push_back(d.reason); });
  BOOST_CHECK_EQUAL(run.fit().run().reason, TENON_END_FINISHED);
  expect(told["a"], {"first", "b on first"});
  expect(told["b"], {"first", "a on first"});
  expect(heard, {"first", "a on first", "b on first", "b on a on first", "a on b on first"});
}

BOOST_AUTO_TEST_CASE(a_note_at_on_fit_end_is_told_and_later_ones_are_refused) {
  for (const bool trains : {true, false}) {
    TestEngine engine(1, 1);
    LoopFixture run(engine);
    run.options.max_epochs = 1;
    if (!trains) run.stage = loop::Stage::validation;
    Probe& p = run.probe("a");
    Names told;
    p.on[trains ? TENON_HOOK(on_fit_end) : TENON_HOOK(on_validation_end)] = [&](const void*) {
      Run(Host(p.host)).warn("the disk is nearly full");
    };
    p.on[TENON_HOOK(on_decision)] = [&](const void* args) {
      told.push_back(std::string(view(static_cast<const tenon_decision_args*>(args)->reason)));
    };
    std::pair<tenon_status, std::string> late;
    p.on[TENON_HOOK(on_teardown)] = [&](const void*) {
      try {
        Run(Host(p.host)).warn("too late");
      } catch (const Error& error) {
        late = {error.status(), error.what()};
      }
    };
    const loop::FitResult result = run.run();
    BOOST_CHECK_EQUAL(result.reason, TENON_END_FINISHED);
    expect(told, {"the disk is nearly full"});
    BOOST_CHECK_EQUAL(late.first, TENON_E_WRONG_STATE);
    BOOST_CHECK_EQUAL(late.second, "nothing can be noted after on_fit_end: nobody would be told");
    BOOST_CHECK(run.fit().account_text(result).find("too late") == std::string::npos);
  }
}
