// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>

#include "loop_fixture.hpp"

using namespace tenon;
using namespace tenon::tests;
namespace json = boost::json;
namespace tt = boost::test_tools;

namespace {

using Names = std::vector<std::string>;

std::uint64_t step_of(const void* batch_args) {
  return static_cast<const tenon_batch_args*>(batch_args)->progress->step;
}

tenon_ticket save(const Probe& p, const std::string& name, std::int32_t kind = TENON_CHECKPOINT_FULL,
                  std::uint32_t flags = TENON_SAVE_VERSIONED, const std::string& folder = "") {
  tenon_save_request r = Checkpoints::save(kind, name, "because of " + name);
  const std::string reason = "because of " + name;
  r.reason = text(reason);
  r.folder = text(folder);
  r.flags = flags;
  return Checkpoints(Host(p.host)).request(r);
}

struct Ticket {
  tenon_ticket ticket;
  std::int32_t outcome;
  std::uint64_t step;
  std::string path, reason;
};
void collect(Probe& p, std::vector<Ticket>& out) {
  p.on[TENON_HOOK(on_ticket)] = [&out](const void* a) {
    const auto& t = *static_cast<const tenon_ticket_args*>(a);
    out.push_back({t.ticket, t.outcome, t.progress->step, std::string(view(t.path)), std::string(view(t.reason))});
  };
}

json::object document(const std::filesystem::path& checkpoint) {
  std::ifstream in(checkpoint / "checkpoint.json");
  std::stringstream text;
  text << in.rdbuf();
  return json::parse(text.str()).as_object();
}

Names folders(const std::filesystem::path& where) {
  Names out;
  for (const auto& e : std::filesystem::directory_iterator(where))
    if (e.path().filename().native()[0] != '.') out.push_back(e.path().filename());
  std::sort(out.begin(), out.end());
  return out;
}

void expect(const Names& got, const Names& wanted) {
  BOOST_CHECK_EQUAL_COLLECTIONS(got.begin(), got.end(), wanted.begin(), wanted.end());
}

}  // namespace

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

BOOST_AUTO_TEST_CASE(decisions_are_reported_in_order_with_paths_relative_to_the_run) {
  TestEngine engine(3);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("best");
  tenon_ticket first = 0;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) first = save(p, "one");
    if (step_of(a) == 2) Checkpoints(Host(p.host)).release(first, save(p, "two"), "worse than two");
    if (step_of(a) == 3) Run(Host(p.host)).skip("nothing new");
  };
  std::vector<std::string> lines;
  loop::Fit& fit = run.make();
  fit.decisions().set_listener([&](const loop::Decision& d) { lines.push_back(json::serialize(loop::to_json(d))); });
  const loop::FitResult result = fit.run();
  const std::vector<std::string> wanted = {
      R"({"callback":"best","action":"save","path":"checkpoints/one.ckpt","epoch":0,"step":1,"reason":"because of one"})",
      R"({"callback":"best","action":"save","path":"checkpoints/two.ckpt","epoch":0,"step":2,"reason":"because of two"})",
      R"({"callback":"best","action":"remove","path":"checkpoints/one.ckpt","epoch":0,"step":2,"reason":"worse than two"})",
      R"({"callback":"best","action":"skip","epoch":0,"step":3,"reason":"nothing new"})"};
  BOOST_CHECK_EQUAL_COLLECTIONS(lines.begin(), lines.end(), wanted.begin(), wanted.end());
  const json::object summary = fit.summary(result);
  const json::object& account = summary.at("callbacks").at("best").as_object();
  BOOST_CHECK_EQUAL(summary.at("end").as_string(), "finished");
  BOOST_CHECK_EQUAL(account.at("saved").to_number<int>(), 2);
  BOOST_CHECK_EQUAL(account.at("removed").to_number<int>(), 1);
  BOOST_CHECK_EQUAL(json::serialize(account.at("kept")), R"(["checkpoints/two.ckpt"])");
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

BOOST_AUTO_TEST_CASE(a_saver_that_saved_nothing_is_warned_about_with_its_reasons) {
  TestEngine engine(2);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("silent");
  p.on[TENON_HOOK(on_setup)] = [&](const void*) {
    call(Host(p.host).need<tenon_checkpoints>().claim, p.host, text("weights"), text(""));
  };
  loop::Fit& fit = run.make();
  const std::string account = fit.account_text(fit.run());
  BOOST_CHECK(account.starts_with("finished after 1 epoch, 2 steps\n"));
  BOOST_CHECK(
      account.find("silent (probe): saved 0\n    WARNING  saved nothing: none of its triggers fired in this run\n") !=
      std::string::npos);
}

BOOST_AUTO_TEST_CASE(reasons_that_differ_only_in_their_numbers_are_told_once) {
  TestEngine engine(3);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    Run(Host(p.host)).skip("val_loss 0." + std::to_string(step_of(a)) + " is not among the best 3");
  };
  loop::Fit& fit = run.make();
  const std::string account = fit.account_text(fit.run());
  BOOST_CHECK(account.find("    skipped  val_loss … is not among the best … (3 times)\n") != std::string::npos);
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

BOOST_AUTO_TEST_CASE(a_saved_checkpoint_names_the_readers_own_ticket) {
  TestEngine engine(2);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& saver = run.probe("saver");
  Probe& other = run.probe("other");
  tenon_ticket asked = 0, own = 0, others = 7;
  saver.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) asked = save(saver, "one");
  };
  saver.on[TENON_HOOK(on_checkpoint_saved)] = [&](const void* a) {
    own = static_cast<const tenon_checkpoint_args*>(a)->checkpoint->ticket;
  };
  other.on[TENON_HOOK(on_checkpoint_saved)] = [&](const void* a) {
    others = static_cast<const tenon_checkpoint_args*>(a)->checkpoint->ticket;
  };
  run.run();
  BOOST_CHECK(asked != 0 && own == asked);
  BOOST_CHECK_EQUAL(others, 0u);
}
