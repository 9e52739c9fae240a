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
