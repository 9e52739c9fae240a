// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Checkpoints are written while training goes on, and everyone is told as if they were not.
#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <map>
#include <random>
#include <set>

#include "gate.hpp"
#include "loop/recovery.hpp"
#include "loop/request_document.hpp"

using namespace tenon;
using namespace tenon::tests;
namespace json = boost::json;

namespace {

void release(const Probe& p, tenon_ticket held, tenon_ticket after) {
  Checkpoints(Host(p.host)).release(held, after, "replaced");
}

}  // namespace

BOOST_AUTO_TEST_CASE(training_goes_on_while_a_checkpoint_is_written_and_its_ticket_is_told_when_it_is_durable) {
  gate.close();
  TestEngine engine(5);
  LoopFixture run(engine);
  run.wait_for_saves = false;
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  offer_gate(p);
  std::vector<Ticket> tickets;
  collect(p, tickets);
  std::uint64_t shown_while_written = 99, shown_after = 0;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    const Checkpoints checkpoints{Host(p.host)};
    if (step_of(a) == 1) checkpoints.set_ref("last", save_through_gate(p, "one"));
    if (step_of(a) == 3) {
      shown_while_written = checkpoints.list().size();
      BOOST_CHECK(!std::filesystem::exists(run.folder / "checkpoints/last.ckpt"));
      open_gate();
      run.fit().drain();
      BOOST_CHECK(
          std::filesystem::exists(run.folder / "checkpoints/last.ckpt/checkpoint.json"));  // no commit point yet
      BOOST_CHECK(tickets.empty());
    }
    if (step_of(a) == 4) shown_after = checkpoints.list().size();
  };
  run.run();
  BOOST_CHECK_EQUAL(shown_while_written, 0u);
  BOOST_CHECK_EQUAL(shown_after, 1u);
  BOOST_REQUIRE_EQUAL(tickets.size(), 1u);
  BOOST_CHECK_EQUAL(tickets[0].outcome, TENON_TICKET_DONE);
  BOOST_CHECK_EQUAL(tickets[0].step, 3u);
}

BOOST_AUTO_TEST_CASE(transforms_are_prepared_on_the_loop_thread_and_run_and_end_on_the_writers) {
  gate.close();
  open_gate();
  TestEngine engine(2);
  LoopFixture run(engine);
  run.wait_for_saves = false;
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  offer_gate(p);
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) save_through_gate(p, "one");
  };
  run.run();
  BOOST_CHECK_EQUAL(gate.destroyed, 1);
  BOOST_CHECK(gate.prepared_on == std::this_thread::get_id());
  BOOST_CHECK(gate.applied_on != std::this_thread::get_id());
  BOOST_CHECK(gate.destroyed_on == gate.applied_on);
}

BOOST_AUTO_TEST_CASE(training_waits_for_a_slow_disk_and_never_piles_up_snapshots) {
  gate.close();
  TestEngine engine(6);
  LoopFixture run(engine);
  run.wait_for_saves = false;
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  offer_gate(p);
  std::atomic<std::uint64_t> ended = 0;
  p.on[TENON_HOOK(on_train_batch_start)] = [&](const void* a) {
    if (step_of(a) == 3) BOOST_CHECK(gate.open);  // one is being written, one waits, the third made the loop wait
  };
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    save_through_gate(p, "at" + std::to_string(step_of(a)));
    ended = step_of(a);
  };
  std::thread disk([&] {
    while (ended < 3) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    BOOST_CHECK_EQUAL(ended, 3u);
    open_gate();
  });
  run.run();
  disk.join();
  expect(folders(run.folder / "checkpoints"), {"at1.ckpt", "at2.ckpt", "at3.ckpt", "at4.ckpt", "at5.ckpt", "at6.ckpt"});
}

BOOST_AUTO_TEST_CASE(with_skip_training_never_waits_and_what_was_skipped_is_told) {
  gate.close();
  TestEngine engine(7);
  LoopFixture run(engine);
  run.wait_for_saves = false;
  run.options.max_epochs = 1;
  run.options.checkpoint_queue = CheckpointQueue::skip;
  Probe& p = run.probe("a");
  offer_gate(p);
  std::vector<Ticket> tickets;
  collect(p, tickets);
  Names failed;
  p.on[TENON_HOOK(on_checkpoint_failed)] = [&](const void* a) {
    failed.push_back(std::string(view(static_cast<const tenon_checkpoint_args*>(a)->checkpoint->name)));
  };
  tenon_ticket first = 0;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    const std::uint64_t step = step_of(a);
    const Checkpoints checkpoints{Host(p.host)};
    const tenon_ticket ticket = save_through_gate(p, "at" + std::to_string(step));
    if (step == 1) checkpoints.set_ref("last", first = ticket);
    if (step == 4) {  // skipped, and so is what was to follow from it
      checkpoints.set_ref("last", ticket);
      checkpoints.set_best(ticket);
      release(p, first, ticket);
    }
  };
  p.on[TENON_HOOK(on_train_batch_start)] = [&](const void* a) {
    if (step_of(a) != 5) return;
    open_gate();  // until here nothing was on the disk
    run.fit().drain();
  };
  loop::Fit& fit = run.make();
  const std::string account = fit.account_text(fit.run());
  const std::string reason =
      "the disk is still busy with what two commit points before have saved, and checkpoint_queue is \"skip\"";
  BOOST_REQUIRE_EQUAL(tickets.size(), 7u);
  for (const Ticket& t : tickets) {
    const bool is_skipped = t.ticket >= 3 && t.ticket <= 5;
    BOOST_TEST(t.outcome == (is_skipped ? TENON_TICKET_FAILED : TENON_TICKET_DONE), "ticket " << t.ticket);
    if (is_skipped) BOOST_TEST(t.reason == "skipped: " + reason);
    if (is_skipped) BOOST_TEST(t.step == t.ticket + 1);  // told at the next commit point
  }
  expect(failed, {"at3", "at4", "at5"});
  expect(folders(run.folder / "checkpoints"), {"at1.ckpt", "at2.ckpt", "at6.ckpt", "at7.ckpt", "last.ckpt"});
  BOOST_TEST(std::filesystem::read_symlink(run.folder / "checkpoints/last.ckpt").native() == "at1.ckpt");
  BOOST_TEST(account.find("saved 4\n") != std::string::npos, account);
  BOOST_TEST(account.find("    skipped  " + reason + " (3 times)\n") != std::string::npos, account);
}

BOOST_AUTO_TEST_CASE(some_saves_are_never_skipped) {
  for (const std::string why : {"asked to wait", "a stop is due", "max_steps", "the last epoch's end", "a signal"}) {
    BOOST_TEST_CONTEXT(why) {
      gate.close();
      TestEngine engine(why == "the last epoch's end" ? 3 : 6);
      LoopFixture run(engine);
      run.wait_for_saves = false;
      run.options.max_epochs = 1;
      if (why == "max_steps") run.options.max_steps = 3;
      run.options.checkpoint_queue = CheckpointQueue::skip;
      Probe& p = run.probe("a");
      offer_gate(p);
      Interruption interruption;
      std::thread disk;
      p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
        const std::uint64_t step = step_of(a);
        if (step < 3) save_through_gate(p, "at" + std::to_string(step));
        if (step != 3) return;
        if (why != "a signal")
          save(p, "at3", TENON_CHECKPOINT_FULL, why == "asked to wait" ? TENON_SAVE_WAIT : TENON_SAVE_VERSIONED);
        if (why == "a signal") interruption.leave();
        if (why == "a stop is due") Run(Host(p.host)).request_stop("enough");
        disk = std::thread([] {
          std::this_thread::sleep_for(std::chrono::milliseconds(20));
          open_gate();
        });
      };
      loop::Fit& fit = run.make();
      loop::add_recovery(fit.chain(), interruption);
      fit.run(nullptr, &interruption);
      disk.join();
      const std::filesystem::path made =
          run.folder / (why == "a signal" ? "recovery/step=3.ckpt" : "checkpoints/at3.ckpt");
      BOOST_TEST(std::filesystem::exists(made / "checkpoint.json"));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_save_that_fails_ends_the_run_or_its_callback_where_the_manifest_says_so) {
  using chain::OnError;
  for (const auto on_error : {std::optional<OnError>(), {OnError::warn}, {OnError::disable}, {OnError::abort}}) {
    TestEngine engine(4);
    LoopFixture run(engine);
    run.options.max_epochs = 1;
    Probe& p = run.probe("a", on_error);
    std::vector<std::uint64_t> steps;
    p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
      steps.push_back(step_of(a));
      if (step_of(a) == 2) std::filesystem::remove_all(run.folder / "checkpoints");
      save(p, "at" + std::to_string(step_of(a)));
    };
    loop::Fit& fit = run.make();
    const loop::FitResult result = fit.run();
    const bool aborts = on_error == OnError::abort, disables = on_error == OnError::disable;
    BOOST_TEST(result.reason == (aborts ? TENON_END_FAILED : TENON_END_FINISHED));
    BOOST_TEST((result.exit == (aborts ? ExitCode::failed : ExitCode::ok)));
    BOOST_TEST(steps.size() == (aborts ? 3u : disables ? 2u + 1u : 4u));  // the next commit point says so
    BOOST_TEST(fit.chain().find("a")->disabled() == disables);
    const std::string words =
        "callback 'a' (org.tenon.tests.probe 1.0.0) failed in saving, step 3: "
        "'checkpoints/at2.ckpt' was not saved: ";
    if (aborts) BOOST_TEST(result.detail.find(words) == 0u, result.detail);
    if (aborts) BOOST_TEST(result.detail.find((run.folder / "checkpoints").native()) != std::string::npos);
    if (disables) BOOST_TEST(fit.chain().find("a")->disabled_reason().find(words) == 0u);
  }
}

BOOST_AUTO_TEST_CASE(what_is_asked_for_with_wait_is_on_disk_when_its_commit_point_is_over) {
  TestEngine engine(3);
  LoopFixture run(engine);
  run.wait_for_saves = false;
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) save(p, "one", TENON_CHECKPOINT_FULL, TENON_SAVE_WAIT);
  };
  Names seen;
  p.on[TENON_HOOK(on_train_batch_start)] = [&](const void* a) {
    if (step_of(a) == 1) seen = folders(run.folder / "checkpoints");
  };
  run.run();
  expect(seen, {"one.ckpt"});
}

BOOST_AUTO_TEST_CASE(a_write_that_fails_voids_the_release_that_waited_for_it_and_the_ref_stays) {
  gate.close();
  TestEngine engine(5);
  LoopFixture run(engine);
  run.wait_for_saves = false;
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  offer_gate(p);
  std::vector<Ticket> tickets;
  collect(p, tickets);
  tenon_ticket good = 0, bad = 0;
  std::vector<tenon_status> held;
  const auto try_to_release = [&](tenon_ticket which) {
    try {
      release(p, which, 0);
      held.push_back(TENON_OK);
    } catch (const Error& error) {
      held.push_back(error.status());
    }
  };
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    const Checkpoints checkpoints{Host(p.host)};
    if (step_of(a) == 1) checkpoints.set_ref("last", good = save(p, "good"));
    if (step_of(a) == 2) {
      bad = save_through_gate(p, "bad");
      checkpoints.set_ref("last", bad);
      checkpoints.set_best(bad);
      release(p, good, bad);
    }
    if (step_of(a) == 3) {
      try_to_release(good);  // planned to go already, but not for certain
      gate.fails = true;
      open_gate();
      run.fit().drain();
    }
  };
  p.on[TENON_HOOK(on_checkpoint_failed)] = [&](const void*) {
    try_to_release(good);
  };  // held again: the other was void
  BOOST_CHECK_EQUAL(run.run().reason, TENON_END_FINISHED);
  BOOST_REQUIRE_EQUAL(tickets.size(), 2u);
  BOOST_CHECK_EQUAL(tickets[1].outcome, TENON_TICKET_FAILED);
  BOOST_CHECK_EQUAL(tickets[1].reason, "transform 'gate' failed in apply, at tensor 'weight': the gate fails");
  BOOST_CHECK_EQUAL(tickets[1].step, 3u);
  const std::vector<tenon_status> wanted = {TENON_OK, TENON_OK};
  BOOST_CHECK_EQUAL_COLLECTIONS(held.begin(), held.end(), wanted.begin(), wanted.end());
  expect(folders(run.folder / "checkpoints"), {"good.ckpt", "last.ckpt"});  // which the ref holds
}

BOOST_AUTO_TEST_CASE(a_disk_that_goes_away_costs_tickets_and_not_the_run) {
  TestEngine engine(4);
  LoopFixture run(engine);
  run.wait_for_saves = false;
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  std::vector<Ticket> tickets;
  collect(p, tickets);
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 2) {
      run.fit().drain();
      std::filesystem::remove_all(run.folder / "checkpoints");
    }
    save(p, "at" + std::to_string(step_of(a)));
  };
  BOOST_CHECK_EQUAL(run.run().reason, TENON_END_FINISHED);
  BOOST_REQUIRE_EQUAL(tickets.size(), 4u);
  BOOST_CHECK_EQUAL(tickets[0].outcome, TENON_TICKET_DONE);
  for (std::size_t i = 1; i < 4; ++i) {
    BOOST_CHECK_EQUAL(tickets[i].outcome, TENON_TICKET_FAILED);
    BOOST_CHECK(tickets[i].reason.find("was removed while the run writes into it") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(the_end_of_a_run_waits_for_the_writer_and_carries_out_what_follows_from_its_answers) {
  gate.close();
  TestEngine engine(2);
  LoopFixture run(engine);
  run.wait_for_saves = false;
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  offer_gate(p);
  tenon_ticket first = 0, last = 0;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) first = save(p, "first");
  };
  p.on[TENON_HOOK(on_train_end)] = [&](const void*) {
    last = save_through_gate(p, "end");
    open_gate();
  };
  p.on[TENON_HOOK(on_ticket)] = [&](const void* a) {
    if (static_cast<const tenon_ticket_args*>(a)->ticket != last) return;
    Checkpoints(Host(p.host)).set_ref("last", last);
    release(p, first, last);
  };
  Names at_end, removed;
  p.on[TENON_HOOK(on_checkpoint_removed)] = [&](const void* a) {
    removed.push_back(std::string(view(static_cast<const tenon_checkpoint_args*>(a)->checkpoint->name)));
  };
  p.on[TENON_HOOK(on_fit_end)] = [&](const void*) { at_end = folders(run.folder / "checkpoints"); };
  run.run();
  expect(at_end, {"end.ckpt", "last.ckpt"});
  expect(removed, {"first"});
}

BOOST_AUTO_TEST_CASE(a_best_that_is_being_written_takes_effect_when_it_is_durable) {
  gate.close();
  TestEngine engine(5);
  LoopFixture run(engine);
  run.wait_for_saves = false;
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  offer_gate(p);
  std::map<std::uint64_t, std::string> best;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    const Checkpoints checkpoints{Host(p.host)};
    tenon_checkpoint c{};
    c.struct_size = sizeof c;
    const tenon_status found = Host(p.host).need<tenon_checkpoints>().best(p.host, text(""), &c, nullptr);
    best[step_of(a)] = found == TENON_OK ? std::string(view(c.name)) : "none";
    if (step_of(a) == 1) checkpoints.set_best(save(p, "one", TENON_CHECKPOINT_FULL, TENON_SAVE_WAIT));
    if (step_of(a) == 2) checkpoints.set_best(save_through_gate(p, "two"));
    if (step_of(a) == 3) {
      open_gate();
      run.fit().drain();
    }
  };
  run.run();
  const std::map<std::uint64_t, std::string> wanted = {{1, "none"}, {2, "one"}, {3, "one"}, {4, "two"}, {5, "two"}};
  BOOST_CHECK(best == wanted);
}

BOOST_AUTO_TEST_CASE(weights_that_the_newest_full_checkpoint_counts_on_stay_until_a_newer_one_does_not) {
  for (const bool with_full : {true, false}) {
    TestEngine engine(7);
    LoopFixture run(engine);
    run.options.max_epochs = 1;
    Probe& weights = run.probe("weights");
    Probe& full = run.probe("full");
    tenon_ticket held = 0, held_full = 0;
    weights.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {  // the newest of its own
      const tenon_ticket next = save(weights, "w" + std::to_string(step_of(a)), TENON_CHECKPOINT_WEIGHTS);
      if (held) release(weights, held, next);
      held = next;
    };
    full.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
      if (!with_full || (step_of(a) != 2 && step_of(a) != 5)) return;
      const tenon_ticket next = save(full, "f" + std::to_string(step_of(a)));
      if (held_full) release(full, held_full, next);
      held_full = next;
    };
    std::map<std::uint64_t, Names> after;
    weights.on[TENON_HOOK(on_train_batch_start)] = [&](const void* a) {
      if (step_of(a) > 0) after[step_of(a)] = folders(run.folder / "checkpoints");
    };
    run.run();
    if (!with_full) {
      for (std::uint64_t step = 1; step < 7; ++step) expect(after[step], {"w" + std::to_string(step) + ".ckpt"});
      continue;
    }
    expect(after[2], {"f2.ckpt", "w2.ckpt"});
    expect(after[3], {"f2.ckpt", "w2.ckpt", "w3.ckpt"});
    expect(after[4], {"f2.ckpt", "w2.ckpt", "w4.ckpt"});
    expect(after[5], {"f5.ckpt", "w5.ckpt"});
    expect(after[6], {"f5.ckpt", "w5.ckpt", "w6.ckpt"});
    expect(folders(run.folder / "checkpoints"), {"f5.ckpt", "w7.ckpt"});  // nobody resumes a run that is over
  }
}

BOOST_AUTO_TEST_CASE(a_full_checkpoint_that_was_let_go_behind_a_newer_one_stays_until_that_is_replaced) {
  TestEngine engine(6);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  tenon_ticket first = 0;
  std::map<std::uint64_t, Names> there;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    const std::uint64_t step = step_of(a);
    if (step > 1) there[step] = folders(run.folder / "checkpoints");
    if (step == 1) first = save(p, "s1");
    if (step == 2) save(p, "s2");
    if (step == 3) Checkpoints(Host(p.host)).release(first, 0, "no longer among the best");
    if (step == 5) save(p, "s5");
  };
  run.run();
  expect(there[4], {"s1.ckpt", "s2.ckpt"});  // who goes on from s2 holds it
  expect(there[6], {"s2.ckpt", "s5.ckpt"});
}

BOOST_AUTO_TEST_CASE(weights_counted_on_stay_where_the_run_fails_and_would_be_resumed) {
  TestEngine engine(4);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  engine.on_optimizer_step = [&] {
    if (engine.steps == 3) throw std::runtime_error("boom");
  };
  Probe& p = run.probe("a");
  tenon_ticket held = 0;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    const tenon_ticket next = save(p, "w" + std::to_string(step_of(a)), TENON_CHECKPOINT_WEIGHTS);
    if (held) release(p, held, next);
    held = next;
    if (step_of(a) == 2) save(p, "full");
  };
  BOOST_CHECK_EQUAL(run.run().reason, TENON_END_FAILED);
  expect(folders(run.folder / "checkpoints"), {"full.ckpt", "w2.ckpt", "w3.ckpt"});
}

BOOST_AUTO_TEST_CASE(a_full_checkpoint_says_what_its_callbacks_have_asked_for_and_were_not_told) {
  gate.close();
  TestEngine engine(6);
  LoopFixture run(engine);
  run.wait_for_saves = false;
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  Probe& other = run.probe("other");
  offer_gate(p);
  tenon_ticket shared = 0, written = 0, failed = 0, full = 0;
  other.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) save(other, "shared");
  };
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    const Checkpoints checkpoints{Host(p.host)};
    if (step_of(a) == 1) shared = save(p, "shared");
    if (step_of(a) == 2) release(p, shared, 0);
    if (step_of(a) == 3) {
      run.fit().drain();
      written = save_through_gate(p, "written");
      failed = save(p, "shared", TENON_CHECKPOINT_WEIGHTS, 0);
    }
    if (step_of(a) != 4) return;
    full = save(p, "full");
    checkpoints.set_ref("last", full);
    checkpoints.set_best(full);
    release(p, written, full);
  };
  p.on[TENON_HOOK(on_train_batch_start)] = [&](const void* a) {
    if (step_of(a) == 4) open_gate();
  };
  loop::Fit& fit = run.make();
  fit.run();
  const json::object d = document(run.folder / "checkpoints/full.ckpt");
  loop::RunFacts facts;
  facts.run_folder = run.folder;
  const loop::SavedRequests read = loop::read_request_document(d, fit.chain(), facts);
  BOOST_REQUIRE_EQUAL(read.open.size(), 3u);
  BOOST_CHECK_EQUAL(read.open[0].ticket, written);
  BOOST_REQUIRE(read.open[0].ended);  // it was durable before this one
  BOOST_CHECK_EQUAL(read.open[0].ended->outcome, TENON_TICKET_DONE);
  BOOST_CHECK_EQUAL(read.open[0].ended->path, (run.folder / "checkpoints/written.ckpt").native());
  BOOST_CHECK_EQUAL(read.open[1].ticket, failed);
  BOOST_REQUIRE(read.open[1].ended);
  BOOST_CHECK_EQUAL(read.open[1].ended->outcome, TENON_TICKET_FAILED);
  BOOST_CHECK_EQUAL(read.open[1].ended->status, TENON_E_WRONG_STATE);
  BOOST_CHECK_EQUAL(read.open[2].ticket, full);
  BOOST_CHECK(!read.open[2].ended);  // that it can be read says so
  BOOST_CHECK_EQUAL(read.open[2].folder.native(), (run.folder / "checkpoints").native());
  BOOST_CHECK_EQUAL(read.open[2].name, "full");
  BOOST_REQUIRE_EQUAL(read.releases.size(), 1u);
  BOOST_CHECK(read.releases[0].held == written && read.releases[0].after == full);
  BOOST_REQUIRE_EQUAL(read.refs.size(), 1u);
  BOOST_CHECK(read.refs[0].ref == "last" && read.refs[0].ticket == full);
  BOOST_REQUIRE_EQUAL(read.bests.size(), 1u);
  BOOST_CHECK(read.bests[0].ticket == full && read.bests[0].by == fit.chain().find("a"));
  BOOST_CHECK(read.released == std::set<tenon_ticket>{shared});
}

BOOST_AUTO_TEST_CASE(what_is_decided_and_kept_does_not_depend_on_how_fast_the_disk_is) {
  struct Outcome {
    std::vector<std::string> decisions;
    std::map<tenon_ticket, std::int32_t> tickets;
    Names kept;
    std::string last, summary;
  };
  const auto trial = [](std::uint32_t seed, bool wait) {
    TestEngine engine(40);
    LoopFixture run(engine);
    run.wait_for_saves = wait;
    run.options.max_epochs = 2;
    Outcome out;
    std::vector<Probe*> probes = {&run.probe("a"), &run.probe("b")};
    std::mt19937 random(seed);
    std::vector<tenon_ticket> held[2];
    for (std::size_t who = 0; who < 2; ++who) {
      Probe& p = *probes[who];
      p.on[TENON_HOOK(on_ticket)] = [&](const void* a) {
        const auto& t = *static_cast<const tenon_ticket_args*>(a);
        BOOST_CHECK(out.tickets.emplace(t.ticket, t.outcome).second);
      };
      p.on[TENON_HOOK(on_train_batch_end)] = [&, who](const void* a) {
        const Checkpoints checkpoints{Host(p.host)};
        if (random() % 3 == 0) return;
        const bool versioned = random() % 4 != 0;  // a name that is taken then fails
        const tenon_ticket next =
            save(p, "s" + std::to_string(versioned ? step_of(a) : step_of(a) % 3),
                 random() % 2 ? TENON_CHECKPOINT_FULL : TENON_CHECKPOINT_WEIGHTS, versioned ? TENON_SAVE_VERSIONED : 0);
        if (who == 0 && random() % 2) checkpoints.set_ref("last", next);
        if (random() % 2) checkpoints.set_best(next);
        while (held[who].size() > random() % 4) {
          const std::size_t i = random() % held[who].size();
          const tenon_ticket going = held[who][i];
          held[who].erase(held[who].begin() + static_cast<std::ptrdiff_t>(i));
          try {
            checkpoints.release(going, random() % 2 ? next : 0, "enough");
          } catch (const Error& error) {  // one that failed; whether that is known yet is the disk's matter
            BOOST_CHECK_EQUAL(error.status(), TENON_E_NOT_FOUND);
          }
        }
        held[who].push_back(next);
      };
    }
    loop::Fit& fit = run.make();
    fit.decisions().set_listener(
        [&](const loop::Decision& d) { out.decisions.push_back(json::serialize(loop::to_json(d))); });
    out.summary = json::serialize(fit.summary(fit.run()));
    std::sort(out.decisions.begin(), out.decisions.end());
    out.kept = folders(run.folder / "checkpoints");
    const std::filesystem::path last = run.folder / "checkpoints/last.ckpt";
    if (std::filesystem::is_symlink(last)) out.last = std::filesystem::read_symlink(last).native();
    return out;
  };
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    const Outcome slow = trial(seed, true), fast = trial(seed, false);
    BOOST_TEST_CONTEXT("seed " << seed) {
      BOOST_CHECK(slow.tickets == fast.tickets);
      expect(fast.kept, slow.kept);
      expect(fast.decisions, slow.decisions);
      BOOST_CHECK_EQUAL(fast.last, slow.last);
      BOOST_CHECK_EQUAL(fast.summary, slow.summary);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_full_checkpoint_comes_last_of_its_commit_point_and_everyone_is_told_in_the_order_of_asking) {
  TestEngine engine(2);
  LoopFixture run(engine);
  run.wait_for_saves = false;
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) != 1) return;
    save(p, "full");
    save(p, "weights", TENON_CHECKPOINT_WEIGHTS);
  };
  Names told;
  p.on[TENON_HOOK(on_checkpoint_saved)] = [&](const void* a) {
    told.push_back(std::string(view(static_cast<const tenon_checkpoint_args*>(a)->checkpoint->name)));
  };
  run.run();
  expect(told, {"full", "weights"});
  const json::object full = document(run.folder / "checkpoints/full.ckpt");
  const json::array& open = full.at("requests").at("open").as_array();
  BOOST_REQUIRE_EQUAL(open.size(), 2u);
  BOOST_CHECK(!open[0].as_object().contains("outcome"));
  BOOST_CHECK_EQUAL(open[1].at("outcome").to_number<int>(), TENON_TICKET_DONE);
}
