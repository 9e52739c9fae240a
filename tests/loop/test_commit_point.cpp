// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "saves.hpp"

using namespace tenon;
using namespace tenon::tests;
namespace json = boost::json;

BOOST_AUTO_TEST_CASE(a_save_is_carried_out_after_the_whole_chain_and_answered_at_the_next_commit_point) {
  TestEngine engine(3);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& saver = run.probe("saver");
  Probe& later = run.probe("later");
  tenon_ticket ticket = 0;
  saver.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) ticket = save(saver, "one");
  };
  later.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    later.saved_state = "step " + std::to_string(step_of(a));
  };
  std::vector<Ticket> tickets;
  collect(saver, tickets);
  std::vector<Ticket> not_mine;
  collect(later, not_mine);
  std::uint64_t saved_events = 0;
  later.on[TENON_HOOK(on_checkpoint_saved)] = [&](const void* a) {
    ++saved_events;
    BOOST_CHECK_EQUAL(tickets.size(), 1u);  // on_ticket comes before
    BOOST_CHECK_EQUAL(view(static_cast<const tenon_checkpoint_args*>(a)->checkpoint->name), "one");
  };
  run.run();
  BOOST_REQUIRE_EQUAL(tickets.size(), 1u);
  BOOST_CHECK_EQUAL(tickets[0].ticket, ticket);
  BOOST_CHECK_EQUAL(tickets[0].outcome, TENON_TICKET_DONE);
  BOOST_CHECK_EQUAL(tickets[0].step, 2u);
  BOOST_CHECK_EQUAL(tickets[0].path, (run.folder / "checkpoints/one.ckpt").native());
  BOOST_CHECK_EQUAL(saved_events, 1u);
  BOOST_CHECK(not_mine.empty());

  const std::filesystem::path made = run.folder / "checkpoints/one.ckpt";
  expect(folders(made), {"checkpoint.json", "model.safetensors", "training.safetensors"});
  std::ifstream in(made / "training.safetensors");
  std::stringstream bytes;
  bytes << in.rdbuf();
  BOOST_CHECK(bytes.str().find("step 1") !=
              std::string::npos);  // the state of a callback further down the chain is this step's
  const json::object d = document(made);
  BOOST_CHECK_EQUAL(d.at("commit_point").at("phase").as_string(), "batch");
  BOOST_CHECK_EQUAL(d.at("progress").at("step").to_number<int>(), 1);
  BOOST_CHECK_EQUAL(d.at("position").at("samples").to_number<int>(), 4);
  BOOST_CHECK_EQUAL(d.at("holders").as_array().size(), 1u);
  BOOST_CHECK_EQUAL(d.at("callbacks").as_array().at(1).at("state_version").to_number<int>(), 3);
}

BOOST_AUTO_TEST_CASE(saves_wait_while_gradients_are_pending) {
  TestEngine engine(4);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  run.options.accumulate_grad_batches = 4;
  Probe& p = run.probe("saver");
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (static_cast<const tenon_batch_args*>(a)->progress->batch == 1) save(p, "waits");
  };
  run.run();
  BOOST_CHECK_EQUAL(document(run.folder / "checkpoints/waits.ckpt").at("position").at("batch").to_number<int>(), 4);
}

BOOST_AUTO_TEST_CASE(a_name_in_use_is_versioned_or_refused_and_never_written_over) {
  TestEngine engine(3);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  std::vector<Ticket> tickets;
  collect(p, tickets);
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    save(p, "same", TENON_CHECKPOINT_FULL, step_of(a) == 3 ? 0 : TENON_SAVE_VERSIONED);
  };
  run.run();
  expect(folders(run.folder / "checkpoints"), {"same-v1.ckpt", "same.ckpt"});
  BOOST_REQUIRE_EQUAL(tickets.size(), 3u);
  BOOST_CHECK_EQUAL(tickets[2].outcome, TENON_TICKET_FAILED);
  BOOST_CHECK_EQUAL(document(run.folder / "checkpoints/same.ckpt").at("progress").at("step").to_number<int>(), 1);
}

BOOST_AUTO_TEST_CASE(a_callback_whose_state_cannot_be_saved_fails_full_checkpoints_and_no_others) {
  TestEngine engine(2);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  run.probe("broken").save_fails = true;
  std::vector<Ticket> tickets;
  collect(p, tickets);
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) save(p, "full");
    if (step_of(a) == 1) save(p, "weights", TENON_CHECKPOINT_WEIGHTS);
  };
  BOOST_CHECK_EQUAL(run.run().reason, TENON_END_FINISHED);
  BOOST_REQUIRE_EQUAL(tickets.size(), 2u);
  BOOST_CHECK_EQUAL(tickets[0].outcome, TENON_TICKET_FAILED);
  BOOST_CHECK(tickets[0].reason.find("callback 'broken' could not save its state") != std::string::npos);
  BOOST_CHECK_EQUAL(tickets[1].outcome, TENON_TICKET_DONE);
  expect(folders(run.folder / "checkpoints"), {"weights.ckpt"});
}

BOOST_AUTO_TEST_CASE(after_an_error_inside_a_batch_only_those_who_ask_for_it_get_an_inconsistent_checkpoint) {
  TestEngine engine(3);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  engine.on_optimizer_step = [&] {
    if (engine.steps == 1) throw std::runtime_error("boom");
  };
  Probe& p = run.probe("a");
  std::vector<Ticket> tickets;
  collect(p, tickets);
  p.on[TENON_HOOK(on_exception)] = [&](const void*) {
    save(p, "careful");
    save(p, "rescue", TENON_CHECKPOINT_FULL, TENON_SAVE_INCONSISTENT);
  };
  run.run();
  expect(folders(run.folder / "checkpoints"), {"rescue.ckpt"});
  BOOST_CHECK_EQUAL(document(run.folder / "checkpoints/rescue.ckpt").at("consistent").as_bool(), false);
  BOOST_REQUIRE_EQUAL(tickets.size(), 2u);
  BOOST_CHECK_EQUAL(tickets[0].outcome, TENON_TICKET_FAILED);
}

BOOST_AUTO_TEST_CASE(names_that_leave_the_folder_and_transforms_of_full_checkpoints_are_refused_at_once) {
  TestEngine engine(1);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  std::uint64_t refused = 0;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void*) {
    for (const char* name : {"", "..", "../out", "/abs", "a/../../b", "a/"}) {
      try {
        save(p, name);
      } catch (const Error& e) {
        refused += e.status() == TENON_E_INVALID_ARGUMENT;
      }
    }
  };
  run.run();
  BOOST_CHECK_EQUAL(refused, 6u);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_asked_for_at_the_very_end_is_saved_and_answered) {
  TestEngine engine(1);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  std::vector<Ticket> tickets;
  collect(p, tickets);
  p.on[TENON_HOOK(on_train_end)] = [&](const void*) { save(p, "end"); };
  run.run();
  BOOST_REQUIRE_EQUAL(tickets.size(), 1u);
  BOOST_CHECK_EQUAL(tickets[0].outcome, TENON_TICKET_DONE);
  BOOST_CHECK_EQUAL(document(run.folder / "checkpoints/end.ckpt").at("commit_point").at("phase").as_string(), "final");
}

BOOST_AUTO_TEST_CASE(a_run_that_ends_inside_an_accumulation_group_has_no_consistent_state_to_save) {
  TestEngine engine(4);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  run.options.accumulate_grad_batches = 4;
  Probe& p = run.probe("a");
  std::vector<Ticket> tickets;
  collect(p, tickets);
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (static_cast<const tenon_batch_args*>(a)->progress->batch == 2) throw std::runtime_error("boom");
  };
  p.on[TENON_HOOK(on_exception)] = [&](const void*) {
    save(p, "careful");
    save(p, "rescue", TENON_CHECKPOINT_FULL, TENON_SAVE_INCONSISTENT);
  };
  run.run();
  expect(folders(run.folder / "checkpoints"), {"rescue.ckpt"});
  BOOST_CHECK_EQUAL(document(run.folder / "checkpoints/rescue.ckpt").at("consistent").as_bool(), false);
  BOOST_REQUIRE_EQUAL(tickets.size(), 2u);
  BOOST_CHECK_EQUAL(tickets[0].reason, "the run ends inside an accumulation group, whose gradients would be lost");
}

BOOST_AUTO_TEST_CASE(what_a_callback_still_asks_for_is_withdrawn_when_it_is_disabled) {
  TestEngine engine(4);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("bad", chain::OnError::disable);
  run.probe("good");
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) != 2) return;
    save(p, "unwanted");
    Run(Host(p.host)).request_stop("unwanted too");
    throw std::runtime_error("boom");
  };
  loop::Fit& fit = run.make();
  const loop::FitResult result = fit.run();
  BOOST_CHECK_EQUAL(result.reason, TENON_END_FINISHED);
  BOOST_CHECK_EQUAL(result.steps, 4u);
  BOOST_CHECK(!std::filesystem::exists(run.folder / "checkpoints"));
  const std::string account = fit.account_text(result);
  BOOST_CHECK_MESSAGE(account.find("skipped  withdrawn, since the callback is disabled") != std::string::npos, account);
}

BOOST_AUTO_TEST_CASE(a_folder_that_cannot_be_claimed_keeps_its_own_exit_code) {
  for (const bool at_create : {false, true}) {
    TestEngine engine(1);
    LoopFixture run(engine);
    run.options.max_epochs = 1;
    Probe& p = run.probe("a");
    const auto claim = [&p] {
      call(Host(p.host).need<tenon_checkpoints>().claim, p.host, text("/proc/checkpoints"), text(""));
    };
    if (at_create) {
      p.at_create = claim;
      BOOST_CHECK_EXCEPTION(run.make(), Failure, [](const Failure& f) { return f.code() == ExitCode::output; });
      continue;
    }
    p.on[TENON_HOOK(on_setup)] = [&](const void*) { claim(); };
    const loop::FitResult result = run.run();
    BOOST_CHECK(result.exit == ExitCode::output);
    BOOST_CHECK(result.detail.find("refused to start in on_setup") != std::string::npos);
  }
}
