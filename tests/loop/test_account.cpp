// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include "saves.hpp"

using namespace tenon;
using namespace tenon::tests;
namespace json = boost::json;

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

BOOST_AUTO_TEST_CASE(a_saver_that_saved_nothing_in_a_run_that_failed_is_not_said_to_have_had_no_trigger) {
  TestEngine engine(2);
  LoopFixture run(engine);
  Probe& p = run.probe("silent");
  p.on[TENON_HOOK(on_setup)] = [&](const void*) {
    call(Host(p.host).need<tenon_checkpoints>().claim, p.host, text("weights"), text(""));
  };
  p.on[TENON_HOOK(on_validation_end)] = p.on[TENON_HOOK(on_train_batch_end)] = [](const void*) {
    throw Error(TENON_E_INVALID_ARGUMENT, "a name that cannot be");
  };
  loop::Fit& fit = run.make();
  const std::string account = fit.account_text(fit.run());
  BOOST_TEST(account.find("    WARNING  saved nothing: the run failed before it could\n") != std::string::npos,
             account);
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

BOOST_AUTO_TEST_CASE(numbers_leave_a_reason_and_stay_in_names) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"val_acc 0.91 is not better than 0.95", "val_acc … is not better than …"},
      {"-1.5e-07, nan and -inf", "…, … and …"},
      {"top3 of 3", "top3 of …"},
      {"checkpoints/epoch=3-step=12.ckpt is there", "checkpoints/epoch=3-step=12.ckpt is there"},
      {"cannot write 'epoch=3-step=12.ckpt' in '/data2/run 7': create '.tenon-tmp-51-6'",
       "cannot write 'epoch=…-step=….ckpt' in '/data2/run 7': create '.tenon-tmp-…-…'"},
      {"the task's 3 'a", "the task's … 'a"},
      {"12 of 12a, nano 1.", "… of 12a, nano …."},
      {"", ""}};
  for (const auto& [text, wanted] : cases) BOOST_TEST(loop::without_numbers(text) == wanted);
}

BOOST_AUTO_TEST_CASE(reasons_are_counted_and_no_more_of_them_kept_than_can_be_read) {
  loop::Reasons reasons;
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 1000; ++i) {
      reasons.add("loss " + std::to_string(i) + " is worse");
      reasons.add("cannot write step=" + std::to_string(i) + ".ckpt");
    }
  std::map<std::string, std::uint64_t> kept(reasons.begin(), reasons.end());
  BOOST_TEST(kept.size() <= 2 * loop::Reasons::limit + 1);
  BOOST_TEST(kept.at("loss 0 is worse") == 2u);
  BOOST_TEST(kept.at("loss … is worse") == 2 * 950u);
  std::uint64_t all = 0;
  for (const auto& [reason, times] : kept) all += times;
  BOOST_TEST(all == 4000u);
  BOOST_TEST(kept.contains("other reasons"));
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

BOOST_AUTO_TEST_CASE(what_the_host_says_of_a_callback_cannot_be_overwritten_by_it) {
  TestEngine engine(1);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void*) { save(p, "one"); };
  p.on[TENON_HOOK(on_train_end)] = [&](const void*) {
    publish(Host(p.host), TENON_TOPIC_ACCOUNT,
            R"({"plugin": 7, "saved": "many", "removed": [], "failed": {}, "denied": -1, "kept": "all", "skipped": 3,
                "warnings": "none", "disabled": true, "rows": 12})");
  };
  loop::Fit& fit = run.make();
  const loop::FitResult result = fit.run();
  const json::object account = fit.summary(result).at("callbacks").at("a").as_object();
  BOOST_CHECK_EQUAL(json::serialize(account),
                    R"({"plugin":"probe","saved":1,"removed":0,"kept":["checkpoints/one.ckpt"],"rows":12})");
  BOOST_CHECK(fit.account_text(result).find("a (probe): saved 1, rows 12\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_denied_stop_stands_in_the_account) {
  TestEngine engine(2);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (step_of(a) == 1) Run(Host(p.host)).request_stop("enough");
  };
  run.probe("judge").on[TENON_HOOK(decide_stop)] = [](const void*) { throw Denied{"not yet"}; };
  loop::Fit& fit = run.make();
  const std::string account = fit.account_text(fit.run());
  BOOST_CHECK_MESSAGE(
      account.find("a (probe): denied 1\n    WARNING  stop denied by 'judge': not yet\n") != std::string::npos,
      account);
}

BOOST_AUTO_TEST_CASE(each_holder_of_a_shared_checkpoint_reads_its_own_score) {
  TestEngine engine(2);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  std::map<std::string, std::string> told, listed;
  const auto shown = [](const tenon_checkpoint& c) {
    return std::string(view(c.monitor)) + " " + std::to_string(static_cast<int>(c.score));
  };
  const std::map<std::string, double> scores = {{"loss", 3.0}, {"accuracy", 5.0}, {"reader", 0.0}};
  std::vector<Probe*> probes;
  for (const auto& [id, score] : scores) probes.push_back(&run.probe(id));
  for (Probe* p : probes) {
    if (p->id != "reader")
      p->on[TENON_HOOK(on_train_batch_end)] = [p, &scores](const void* a) {
        if (step_of(a) != 1) return;
        tenon_save_request r = Checkpoints::save(TENON_CHECKPOINT_FULL, "shared", "because");
        r.monitor = text(p->id);
        r.score = scores.at(p->id);
        Checkpoints(Host(p->host)).request(r);
      };
    p->on[TENON_HOOK(on_checkpoint_saved)] = [&, p](const void* a) {
      told[p->id] = shown(*static_cast<const tenon_checkpoint_args*>(a)->checkpoint);
      listed[p->id] = shown(Checkpoints(Host(p->host)).list().at(0));
    };
  }
  run.run();
  const std::map<std::string, std::string> wanted = {
      {"loss", "loss 3"}, {"accuracy", "accuracy 5"}, {"reader", "accuracy 5"}};
  BOOST_CHECK(told == wanted);
  BOOST_CHECK(listed == wanted);
}

BOOST_AUTO_TEST_CASE(services_answer_until_a_callback_is_destroyed) {
  for (const bool refused : {false, true}) {
    TestEngine engine(1);
    LoopFixture run(engine);
    run.options.max_epochs = 1;
    Probe& p = run.probe("a");
    if (refused) p.on[TENON_HOOK(on_setup)] = [](const void*) { throw std::runtime_error("not today"); };
    std::vector<tenon_status> answers;
    p.at_destroy = [&] {
      tenon_error error{};
      error.struct_size = sizeof error;
      const auto& run_service = Host(p.host).need<tenon_run>();
      const auto& checkpoints = Host(p.host).need<tenon_checkpoints>();
      run_service.note(p.host, TENON_ACTION_WARN, text(""), text("the end"), &error);
      answers.push_back(checkpoints.claim(p.host, text("late"), text(""), &error));
    };
    const std::filesystem::path late = run.folder / "late";
    run.run();
    run.destroy();
    BOOST_REQUIRE_EQUAL(answers.size(), 1u);
    BOOST_CHECK_EQUAL(answers[0], TENON_E_WRONG_STATE);
    BOOST_CHECK(!std::filesystem::exists(late));
  }
}

BOOST_AUTO_TEST_CASE(a_reason_cannot_command_the_terminal_that_the_account_is_printed_on) {
  TestEngine engine(1);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  p.on[TENON_HOOK(on_train_start)] = [&](const void*) { Run(Host(p.host)).warn("\x1b[2Jgone\xff"); };
  const loop::FitResult result = run.run();
  BOOST_CHECK(run.fit().account_text(result).find("WARNING  ?[2Jgone\xEF\xBF\xBD") != std::string::npos);
}
