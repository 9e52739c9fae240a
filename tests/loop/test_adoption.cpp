// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A run that goes on from one of its checkpoints finds the folder as its state knows it, and clears up what an earlier
// attempt has left behind.
#include <boost/test/unit_test.hpp>

#include "checkpoint/sample_content.hpp"
#include "checkpoint/scratch_folder.hpp"
#include "loop/adoption.hpp"
#include "loop/durable_list.hpp"
#include "loop/resume_point.hpp"
#include "saves.hpp"

using namespace tenon;
using namespace tenon::tests;
namespace fs = std::filesystem;

namespace {

/// The first attempt saves and then, as if it had been killed, leaves everything as it is; the second goes on.
class TwoAttempts {
 public:
  TwoAttempts() : run(engine) {
    run.options.max_epochs = 1;
    p = &run.probe("a");
  }

  /// Ends what `asks` at each batch end has asked for.
  void first(const std::function<void(std::uint64_t)>& asks) {
    p->on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) { asks(step_of(a)); };
    run.run();
    run.destroy();
    p->on.clear();
  }
  void second(const std::string& from, const std::function<void(std::uint64_t)>& asks) {
    p->on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) { asks(step_of(a)); };
    const loop::ResumePoint point(checkpoint::Checkpoint::open(folder() / (from + ".ckpt")));
    loop::RunRecord record;
    record.run_id = "test-run";
    record.folders = {folder()};
    const loop::RunCheckpoints found = loop::find_run_checkpoints(record, run.folder);
    loop::Fit& fit = run.make();
    fit.go_on_from(found.own, &point);
    fit.run(&point);
  }
  fs::path folder() const { return run.folder / "checkpoints"; }
  std::string last() const { return fs::read_symlink(folder() / "last.ckpt").native(); }
  Checkpoints checkpoints() const { return Checkpoints(Host(p->host)); }
  /// Hidden ones too.
  Names everything() const {
    Names names;
    for (const auto& entry : fs::directory_iterator(folder())) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    std::erase(names, ".tenon-lock");
    return names;
  }

  TestEngine engine{6};
  LoopFixture run;
  Probe* p;
};

}  // namespace

BOOST_AUTO_TEST_CASE(what_was_left_behind_goes_when_there_is_a_newer_full_one_and_its_names_are_free_before) {
  TwoAttempts attempts;
  tenon_ticket s4 = 0;
  attempts.first([&](std::uint64_t step) {
    if (step == 2) attempts.checkpoints().set_ref("last", save(*attempts.p, "s2"));
    if (step == 3) save(*attempts.p, "w3", TENON_CHECKPOINT_WEIGHTS);
    if (step == 4) attempts.checkpoints().set_best(s4 = save(*attempts.p, "s4"));
    if (step == 5) save(*attempts.p, "x5", TENON_CHECKPOINT_WEIGHTS);
    if (step == 6) attempts.checkpoints().set_ref("last", save(*attempts.p, "x6"));
  });
  expect(folders(attempts.folder()), {"last.ckpt", "s2.ckpt", "s4.ckpt", "w3.ckpt", "x5.ckpt", "x6.ckpt"});
  BOOST_CHECK_EQUAL(attempts.last(), "x6.ckpt");

  Names known, after_5;
  std::string best, last_at_5;
  std::vector<Ticket> tickets;
  collect(*attempts.p, tickets);
  attempts.p->on[TENON_HOOK(on_fit_start)] = [&](const void*) {
    for (const tenon_checkpoint& c : attempts.checkpoints().list()) {
      known.push_back(std::string(view(c.name)));
      BOOST_CHECK(c.ticket != 0);
    }
    tenon_checkpoint c{};
    c.struct_size = sizeof c;
    call(Host(attempts.p->host).need<tenon_checkpoints>().best, attempts.p->host, text(""), &c);
    best = view(c.name);
  };
  attempts.p->on[TENON_HOOK(on_train_batch_start)] = [&](const void* a) {
    if (step_of(a) != 5) return;
    after_5 = attempts.everything();
    last_at_5 = attempts.last();
  };
  tenon_ticket next = 0;
  attempts.second("s4", [&](std::uint64_t step) {
    if (step == 5) next = save(*attempts.p, "x5", TENON_CHECKPOINT_WEIGHTS);
    if (step == 6) save(*attempts.p, "y6");
  });
  expect(known, {"s2", "w3", "s4"});
  BOOST_CHECK_EQUAL(best, "s4");
  expect(after_5, {".tenon-aside-x5.ckpt", "last.ckpt", "s2.ckpt", "s4.ckpt", "w3.ckpt", "x5.ckpt", "x6.ckpt"});
  BOOST_CHECK_EQUAL(last_at_5, "s2.ckpt");
  expect(attempts.everything(), {"last.ckpt", "s2.ckpt", "s4.ckpt", "w3.ckpt", "x5.ckpt", "y6.ckpt"});
  BOOST_CHECK_EQUAL(
      document(attempts.folder() / "x5.ckpt").at("holders").as_array().at(0).at("ticket").to_number<int>(),
      static_cast<int>(next));
  BOOST_REQUIRE(!tickets.empty());  // open in the state: the checkpoint's own
  BOOST_CHECK_EQUAL(tickets[0].ticket, s4);
  BOOST_CHECK_EQUAL(tickets[0].outcome, TENON_TICKET_DONE);
  BOOST_CHECK_EQUAL(tickets[0].path, (attempts.folder() / "s4.ckpt").native());
  BOOST_CHECK_GT(next, s4);
}

BOOST_AUTO_TEST_CASE(releases_and_refs_that_the_state_had_asked_for_are_carried_out_and_ended_holds_stay_ended) {
  TwoAttempts attempts;
  tenon_ticket s1 = 0, w2 = 0;
  const fs::path aside = attempts.run.folder / "kept";
  fs::create_directories(aside);
  attempts.first([&](std::uint64_t step) {
    if (step == 1) attempts.checkpoints().set_ref("last", s1 = save(*attempts.p, "s1"));
    if (step == 2) w2 = save(*attempts.p, "w2", TENON_CHECKPOINT_WEIGHTS);
    if (step != 3) return;
    for (const char* name : {"s1.ckpt", "w2.ckpt"})  // the process is killed before it removes them
      fs::copy(attempts.folder() / name, aside / name, fs::copy_options::recursive);
    const tenon_ticket s3 = save(*attempts.p, "s3");
    attempts.checkpoints().set_ref("last", s3);
    attempts.checkpoints().release(s1, s3, "replaced");
    attempts.checkpoints().release(w2, s3, "replaced too");
  });
  expect(folders(attempts.folder()), {"last.ckpt", "s3.ckpt"});
  for (const char* name : {"s1.ckpt", "w2.ckpt"})
    fs::copy(aside / name, attempts.folder() / name, fs::copy_options::recursive);
  fs::remove(attempts.folder() / "last.ckpt");
  fs::create_directory_symlink("s1.ckpt", attempts.folder() / "last.ckpt");
  attempts.second("s3", [&](std::uint64_t step) {
    // The name was free again in the run that never stopped.
    if (step == 4) save(*attempts.p, "s1", TENON_CHECKPOINT_WEIGHTS);
    if (step == 5) save(*attempts.p, "w5", TENON_CHECKPOINT_WEIGHTS);
  });
  expect(attempts.everything(), {"last.ckpt", "s1.ckpt", "s3.ckpt", "w5.ckpt"});
  BOOST_CHECK_EQUAL(attempts.last(), "s3.ckpt");
}

BOOST_AUTO_TEST_CASE(what_was_saved_for_the_state_resumed_from_is_told_as_to_the_run_that_never_stopped) {
  TwoAttempts attempts;
  std::vector<std::string> told;
  const auto listen = [&] {
    attempts.p->on[TENON_HOOK(on_checkpoint_saved)] = [&](const void* a) {
      const tenon_checkpoint& c = *static_cast<const tenon_checkpoint_args*>(a)->checkpoint;
      told.push_back("saved " + std::string(view(c.name)) + ", ticket " + std::to_string(c.ticket) + ", " +
                     std::string(view(static_cast<const tenon_checkpoint_args*>(a)->reason)));
    };
    attempts.p->on[TENON_HOOK(on_decision)] = [&](const void* a) {
      const auto& d = *static_cast<const tenon_decision_args*>(a);
      told.push_back("decision " + std::to_string(d.action) + " at " + std::to_string(d.progress->step) + ": " +
                     std::string(view(d.path)) + " " + std::string(view(d.target)) + " " + std::string(view(d.reason)));
    };
  };
  const auto asks = [&](std::uint64_t step) {
    if (step % 2 != 0) return;
    attempts.checkpoints().set_ref("last", save(*attempts.p, "s" + std::to_string(step)));
    save(*attempts.p, "w" + std::to_string(step), TENON_CHECKPOINT_WEIGHTS);
  };
  listen();
  attempts.first(asks);
  std::vector<std::string> wanted = std::exchange(told, {});
  std::erase_if(wanted, [](const std::string& one) {
    return one.find("s2") != std::string::npos || one.find("w2") != std::string::npos;
  });
  BOOST_TEST(wanted.size() == 10u);
  for (const char* name : {"s6.ckpt", "w6.ckpt", "last.ckpt"}) fs::remove_all(attempts.folder() / name);
  fs::create_directory_symlink("s4.ckpt", attempts.folder() / "last.ckpt");  // killed right behind the move
  listen();
  attempts.second("s4", asks);
  BOOST_TEST(told == wanted, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_run_killed_behind_its_last_state_tells_what_followed_from_it) {
  TwoAttempts attempts;
  attempts.p->on[TENON_HOOK(on_train_end)] = [&](const void*) {
    const tenon_ticket end = save(*attempts.p, "end");
    for (const tenon_checkpoint& c : attempts.checkpoints().list())
      attempts.checkpoints().release(c.ticket, end, "replaced");
  };
  attempts.first([&](std::uint64_t step) {
    if (step == 5) save(*attempts.p, "s5");
  });
  expect(attempts.everything(), {"end.ckpt"});
  Names told;
  for (const std::uint32_t hook : {TENON_HOOK(on_checkpoint_saved), TENON_HOOK(on_checkpoint_removed)})
    attempts.p->on[hook] = [&, hook](const void* a) {
      told.push_back((hook == TENON_HOOK(on_checkpoint_saved) ? "saved " : "removed ") +
                     std::string(view(static_cast<const tenon_checkpoint_args*>(a)->checkpoint->name)));
    };
  attempts.second("end", [](std::uint64_t) {});
  expect(told, {"saved end", "removed s5"});
}

BOOST_AUTO_TEST_CASE(what_was_left_behind_goes_at_the_end_of_a_run_that_has_no_newer_full_one) {
  TwoAttempts attempts;
  attempts.first([&](std::uint64_t step) {
    if (step == 2) save(*attempts.p, "s2");
    if (step == 4) save(*attempts.p, "w4", TENON_CHECKPOINT_WEIGHTS);
  });
  attempts.second("s2", [&](std::uint64_t step) {
    if (step == 3) save(*attempts.p, "w3", TENON_CHECKPOINT_WEIGHTS);
  });
  expect(attempts.everything(), {"s2.ckpt", "w3.ckpt"});
}

BOOST_AUTO_TEST_CASE(a_folder_that_could_not_be_recorded_is_told_of_again_before_anything_is_saved_there) {
  TestEngine engine(1);
  const LoopFixture run(engine);
  loop::Ledger ledger("test-run");
  int told = 0;
  ledger.on_folder = [&](const fs::path&) {
    if (++told == 1) throw std::runtime_error("the disk is full");
  };
  BOOST_CHECK_THROW(ledger.folder(run.folder / "all"), std::runtime_error);
  for (int i = 0; i < 2; ++i) ledger.folder(run.folder / "all");
  BOOST_CHECK_EQUAL(told, 2);
}

BOOST_AUTO_TEST_CASE(the_checkpoint_that_a_run_goes_on_from_stays_until_there_is_a_newer_full_one) {
  for (const bool newer : {false, true}) {
    TwoAttempts attempts;
    tenon_ticket s2 = 0;
    attempts.first([&](std::uint64_t step) {
      if (step == 2) s2 = save(*attempts.p, "s2");
    });
    Names after_4;
    attempts.p->on[TENON_HOOK(on_train_batch_start)] = [&](const void* a) {
      if (step_of(a) == 4) after_4 = folders(attempts.folder());
    };
    attempts.second("s2", [&](std::uint64_t step) {
      if (step == 3) attempts.checkpoints().release(s2, 0, "enough");
      if (step == 5 && newer) save(*attempts.p, "s5");
    });
    expect(after_4, {"s2.ckpt"});
    expect(folders(attempts.folder()), {newer ? "s5.ckpt" : "s2.ckpt"});
  }
}

BOOST_AUTO_TEST_CASE(an_open_save_that_is_not_on_disk_has_failed_and_what_else_was_open_is_withdrawn) {
  TestEngine engine(1);
  LoopFixture run(engine);
  run.probe("a");
  chain::Callback* by = run.make().chain().find("a");
  loop::SavedRequests saved;
  loop::EndedTicket recorded{by, TENON_REQUEST_SAVE, 3, TENON_TICKET_DENIED, TENON_OK, "", "judge", "no"};
  saved.open = {{by, 1, TENON_REQUEST_SAVE, "/run/checkpoints", "there", {}},
                {by, 2, TENON_REQUEST_SAVE, "/run/checkpoints", "lost", {}},
                {by, 3, TENON_REQUEST_SAVE, "/run/checkpoints", "denied", recorded},
                {by, 4, TENON_REQUEST_OPTIMIZER, "", "", {}}};
  loop::Kept there;
  there.path = "/run/checkpoints/there-v1.ckpt";
  there.tickets = {1};
  const std::vector<loop::EndedTicket> ends = loop::ends_of_open_tickets(saved, {there});
  BOOST_REQUIRE_EQUAL(ends.size(), 4u);
  BOOST_CHECK(ends[0].outcome == TENON_TICKET_DONE && ends[0].path == there.path);
  BOOST_CHECK(ends[1].outcome == TENON_TICKET_FAILED && ends[1].status == TENON_E_IO);
  BOOST_CHECK(ends[2].outcome == TENON_TICKET_DENIED && ends[2].by == "judge");
  BOOST_CHECK_EQUAL(ends[3].outcome, TENON_TICKET_WITHDRAWN);
}

BOOST_AUTO_TEST_CASE(one_folder_that_cannot_be_opened_keeps_nothing_else_that_was_left_behind) {
  const test::ScratchFolder here;
  const auto folders = std::make_shared<loop::Folders>("test-run");
  for (const char* name : {"one", "two"}) folders->at(here.path() / "good").write(test::full_content(name));
  std::ofstream(here.path() / "bad") << "in the way";
  loop::DurableList list(folders);
  loop::Adoption adopted;
  adopted.left_behind = {{here.path() / "good", "one"}, {here.path() / "bad", "lost"}, {here.path() / "good", "two"}};
  list.adopt(adopted);
  loop::WriteJob end;
  end.at_end = true;
  BOOST_CHECK(list.carry_out(end).empty());
  expect(tests::folders(here.path() / "good"), {});
  fs::remove(here.path() / "bad");
  loop::WriteJob again;
  again.at_end = true;
  list.carry_out(again);  // it was not forgotten: its folder is opened now
  BOOST_CHECK(fs::is_directory(here.path() / "bad"));
}
