// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "saves.hpp"

using namespace tenon;
using namespace tenon::tests;
namespace json = boost::json;

BOOST_AUTO_TEST_CASE(two_requests_of_one_name_and_content_share_a_folder_and_it_lives_until_both_let_go) {
  TestEngine engine(4);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& a = run.probe("a");
  Probe& b = run.probe("b");
  tenon_ticket ta = 0, tb = 0;
  std::map<std::uint64_t, Names> seen;
  a.on[TENON_HOOK(on_train_batch_end)] = [&](const void* args) {
    seen[step_of(args)] =
        std::filesystem::exists(run.folder / "checkpoints") ? folders(run.folder / "checkpoints") : Names{};
    if (step_of(args) == 1) ta = save(a, "shared");
    if (step_of(args) == 2) Checkpoints(Host(a.host)).release(ta, 0, "not needed");
  };
  b.on[TENON_HOOK(on_train_batch_end)] = [&](const void* args) {
    if (step_of(args) == 1) tb = save(b, "shared");
    if (step_of(args) == 3) Checkpoints(Host(b.host)).release(tb, 0, "not needed either");
  };
  std::vector<Ticket> tickets_a, tickets_b;
  collect(a, tickets_a);
  collect(b, tickets_b);
  run.run();
  BOOST_REQUIRE(tickets_a.size() == 1 && tickets_b.size() == 1);
  BOOST_CHECK_EQUAL(tickets_a[0].path, tickets_b[0].path);
  expect(seen[2], {"shared.ckpt"});
  expect(seen[3], {"shared.ckpt"});
  expect(seen[4], {});
}

BOOST_AUTO_TEST_CASE(a_release_waits_for_its_replacement_and_is_void_when_that_fails) {
  for (const bool replacement_fails : {false, true}) {
    TestEngine engine(3);
    LoopFixture run(engine);
    run.options.max_epochs = 1;
    Probe& p = run.probe("a");
    tenon_ticket old = 0;
    p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
      if (step_of(a) == 1) old = save(p, "old");
      if (step_of(a) == 2) {
        const tenon_ticket next = save(p, replacement_fails ? "old" : "new", TENON_CHECKPOINT_FULL, 0);
        Checkpoints(Host(p.host)).release(old, next, "replaced");
      }
    };
    std::vector<std::string> removed;
    p.on[TENON_HOOK(on_checkpoint_removed)] = [&](const void* a) {
      removed.push_back(std::string(view(static_cast<const tenon_checkpoint_args*>(a)->checkpoint->name)));
    };
    run.run();
    expect(folders(run.folder / "checkpoints"), {replacement_fails ? "old.ckpt" : "new.ckpt"});
    expect(removed, replacement_fails ? Names{} : Names{"old"});
  }
}

BOOST_AUTO_TEST_CASE(a_release_is_void_when_its_replacement_is_withdrawn) {
  TestEngine engine(4);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  tenon_ticket first = 0;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) first = save(p, "first");
    if (step_of(a) != 2) return;
    const tenon_ticket second = save(p, "second");
    Checkpoints(Host(p.host)).release(first, second, "replaced");
    BOOST_CHECK(Run(Host(p.host)).withdraw(second, "not wanted after all"));
  };
  run.run();
  expect(folders(run.folder / "checkpoints"), {"first.ckpt"});
}

BOOST_AUTO_TEST_CASE(a_ref_follows_what_is_durable_and_holds_what_it_points_at) {
  TestEngine engine(4);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    const Checkpoints checkpoints{Host(p.host)};
    if (step_of(a) == 4) return;
    const tenon_ticket t = save(p, "step" + std::to_string(step_of(a)), TENON_CHECKPOINT_FULL, 0);
    checkpoints.set_ref("last", t);
    checkpoints.release(t, t, "only the ref holds it");
  };
  run.run();
  expect(folders(run.folder / "checkpoints"), {"last.ckpt", "step3.ckpt"});
  BOOST_CHECK_EQUAL(std::filesystem::read_symlink(run.folder / "checkpoints/last.ckpt").native(), "step3.ckpt");
}

BOOST_AUTO_TEST_CASE(a_ref_belongs_to_one_callback_and_the_second_claim_is_refused_before_training) {
  TestEngine engine(1);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  for (const char* id : {"first", "second"}) {
    Probe& p = run.probe(id);
    p.on[TENON_HOOK(on_setup)] = [&p](const void*) {
      const auto& service = Host(p.host).need<tenon_checkpoints>();
      call(service.claim, p.host, text("weights"), text("last"));
    };
  }
  const loop::FitResult result = run.run();
  BOOST_CHECK(result.exit == ExitCode::callback);
  BOOST_CHECK(result.detail.find("belongs to callback 'first'") != std::string::npos);
  BOOST_CHECK_EQUAL(engine.steps, 0u);
}

BOOST_AUTO_TEST_CASE(a_removal_that_fails_is_told_once_and_tried_again) {
  TestEngine engine(4);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  tenon_ticket first = 0;
  const std::filesystem::path kept = run.folder / "checkpoints/one.ckpt", aside = run.folder / "aside.ckpt";
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) first = save(p, "one");
    if (step_of(a) == 2) {
      std::filesystem::rename(kept, aside);  // something foreign in its place is not ours to remove
      std::filesystem::create_directory(kept);
      Checkpoints(Host(p.host)).release(first, 0, "enough");
    }
    if (step_of(a) == 4) {
      std::filesystem::remove(kept);
      std::filesystem::rename(aside, kept);
    }
  };
  loop::Fit& fit = run.make();
  const loop::FitResult result = fit.run();
  const json::object account = fit.summary(result).at("callbacks").at("a").as_object();
  BOOST_CHECK_EQUAL(account.at("warnings").as_object().size(), 1u);
  BOOST_CHECK_EQUAL(account.at("removed").to_number<int>(), 1);
  BOOST_CHECK(!std::filesystem::exists(kept));
}

BOOST_AUTO_TEST_CASE(what_could_not_be_removed_is_no_work_for_each_batch_and_waits_for_the_next) {
  TestEngine engine(8);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  tenon_ticket first = 0;
  bool is_there = false;
  const std::filesystem::path kept = run.folder / "checkpoints/one.ckpt", aside = run.folder / "aside.ckpt";
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) first = save(p, "one");
    if (step_of(a) == 2) {
      std::filesystem::rename(kept, aside);
      std::filesystem::create_directory(kept);
      Checkpoints(Host(p.host)).release(first, 0, "enough");
    }
    if (step_of(a) == 4) {
      std::filesystem::remove(kept);
      std::filesystem::rename(aside, kept);
    }
    if (step_of(a) == 7) {  // nothing has been asked of the disk since it could be removed
      is_there = std::filesystem::exists(kept);
      save(p, "two");
    }
    if (step_of(a) == 8) BOOST_CHECK(!std::filesystem::exists(kept));
  };
  run.run();
  BOOST_CHECK(is_there);
}

BOOST_AUTO_TEST_CASE(a_release_is_void_when_deciding_about_its_replacement_aborts_the_run) {
  TestEngine engine(4);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  Probe& judge = run.probe("judge");
  std::vector<Ticket> tickets;
  collect(p, tickets);
  tenon_ticket first = 0;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) first = save(p, "first");
    if (step_of(a) == 2) Checkpoints(Host(p.host)).release(first, save(p, "second"), "replaced");
  };
  judge.on[TENON_HOOK(decide_checkpoint)] = [&](const void* a) {
    if (static_cast<const tenon_request_args*>(a)->progress->step == 2) throw std::runtime_error("no idea");
  };
  BOOST_CHECK_EQUAL(run.run().reason, TENON_END_FAILED);
  expect(folders(run.folder / "checkpoints"), {"first.ckpt"});
  BOOST_REQUIRE_EQUAL(tickets.size(), 2u);  // none vanishes without an outcome
  BOOST_CHECK_EQUAL(tickets[1].outcome, TENON_TICKET_FAILED);
  BOOST_CHECK(tickets[1].reason.find("no idea") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_release_is_void_when_its_replacement_is_withdrawn_while_tickets_are_told) {
  TestEngine engine(4);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  tenon_ticket first = 0, second = 0;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) first = save(p, "first");
    if (step_of(a) != 2) return;
    second = save(p, "second");
    Checkpoints(Host(p.host)).release(first, second, "replaced");
  };
  p.on[TENON_HOOK(on_ticket)] = [&](const void* a) {
    if (static_cast<const tenon_ticket_args*>(a)->ticket != first) return;
    BOOST_CHECK(Run(Host(p.host)).withdraw(second, "not wanted after all"));
  };
  run.run();
  expect(folders(run.folder / "checkpoints"), {"first.ckpt"});
}

BOOST_AUTO_TEST_CASE(what_is_asked_for_while_a_save_is_decided_on_waits_for_the_next_commit_point) {
  TestEngine engine(4);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  tenon_ticket first = 0;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) first = save(p, "first");
    if (step_of(a) == 2) save(p, "second");
  };
  p.on[TENON_HOOK(decide_checkpoint)] = [&](const void* a) {
    const auto& asked = *static_cast<const tenon_request_args*>(a);
    if (asked.progress->step != 2) return;
    const Checkpoints checkpoints{Host(p.host)};
    const tenon_ticket third = save(p, "third");
    checkpoints.set_ref("last", third);
    checkpoints.release(first, third, "replaced");
  };
  Names at_third;
  p.on[TENON_HOOK(on_train_batch_start)] = [&](const void* a) {
    if (step_of(a) == 2) at_third = folders(run.folder / "checkpoints");
  };
  run.run();
  expect(at_third, {"first.ckpt", "second.ckpt"});
  expect(folders(run.folder / "checkpoints"), {"last.ckpt", "second.ckpt", "third.ckpt"});
}

BOOST_AUTO_TEST_CASE(a_release_that_waits_for_a_ticket_never_given_to_this_callback_is_refused) {
  TestEngine engine(2);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  Probe& other = run.probe("other");
  tenon_ticket mine = 0, theirs = 0;
  std::vector<tenon_status> refused;
  other.on[TENON_HOOK(on_train_batch_start)] = [&](const void* a) {
    if (step_of(a) == 0) theirs = save(other, "theirs");
  };
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) mine = save(p, "mine");
    if (step_of(a) != 2) return;
    for (const tenon_ticket after : {theirs, tenon_ticket{777}}) {
      try {
        Checkpoints(Host(p.host)).release(mine, after, "replaced");
      } catch (const Error& error) {
        refused.push_back(error.status());
        BOOST_CHECK_EQUAL(error.what(), "release: callback 'a' has asked for no checkpoint under ticket " +
                                            std::to_string(after) + ", which it would wait for");
      }
    }
  };
  run.run();
  BOOST_CHECK_EQUAL(std::count(refused.begin(), refused.end(), TENON_E_NOT_FOUND), 2);
  expect(folders(run.folder / "checkpoints"), {"mine.ckpt", "theirs.ckpt"});
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_somebody_has_deleted_counts_as_removed_and_is_told_so) {
  TestEngine engine(5);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  tenon_ticket first = 0;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) first = save(p, "one");
    if (step_of(a) != 2) return;
    std::filesystem::remove_all(run.folder / "checkpoints/one.ckpt");
    Checkpoints(Host(p.host)).release(first, 0, "enough");
  };
  Names told;
  p.on[TENON_HOOK(on_checkpoint_removed)] = [&](const void* a) {
    const auto& args = *static_cast<const tenon_checkpoint_args*>(a);
    told.push_back(std::string(view(args.checkpoint->name)) + ": " + std::string(view(args.reason)));
    BOOST_CHECK_EQUAL(args.checkpoint->ticket, first);  // under which it held it
  };
  loop::Fit& fit = run.make();
  const json::object account = fit.summary(fit.run()).at("callbacks").at("a").as_object();
  expect(told, {"one: somebody had removed it already"});
  BOOST_CHECK(!account.contains("warnings"));
  BOOST_CHECK_EQUAL(account.at("removed").to_number<int>(), 1);
}

BOOST_AUTO_TEST_CASE(a_ref_never_moves_to_a_checkpoint_from_which_training_cannot_go_on) {
  TestEngine engine(3);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  engine.on_optimizer_step = [&] {
    if (engine.steps == 2) throw std::runtime_error("boom");
  };
  Probe& p = run.probe("a");
  const auto save_as_last = [&](const std::string& name, std::uint32_t flags) {
    Checkpoints(Host(p.host)).set_ref("last", save(p, name, TENON_CHECKPOINT_FULL, flags));
  };
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) save_as_last("good", 0);
  };
  p.on[TENON_HOOK(on_exception)] = [&](const void*) { save_as_last("rescue", TENON_SAVE_INCONSISTENT); };
  loop::Fit& fit = run.make();
  const std::string account = fit.account_text(fit.run());
  expect(folders(run.folder / "checkpoints"), {"good.ckpt", "last.ckpt", "rescue.ckpt"});
  BOOST_CHECK_EQUAL(std::filesystem::read_symlink(run.folder / "checkpoints/last.ckpt").native(), "good.ckpt");
  BOOST_CHECK_MESSAGE(
      account.find("WARNING  'last' stays where it is: training cannot go on from 'rescue'") != std::string::npos,
      account);
}

BOOST_AUTO_TEST_CASE(at_the_end_of_training_callbacks_see_what_has_become_of_all_that_was_asked_for) {
  TestEngine engine(3);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  tenon_ticket held = 0;
  Names seen;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* args) {
    const tenon_ticket ticket = save(p, "step=" + std::to_string(step_of(args)));
    if (held) Checkpoints(Host(p.host)).release(held, ticket, "there is a newer one");
    held = ticket;
  };
  p.on[TENON_HOOK(on_train_end)] = [&](const void*) {
    for (const tenon_checkpoint& c : Checkpoints(Host(p.host)).list()) seen.emplace_back(view(c.name));
  };
  run.run();
  expect(seen, {"step=3"});
}
