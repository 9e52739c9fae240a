// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The service tenon.optimizers/1, through the C++ wrapper and the C table below it.
#include <boost/test/unit_test.hpp>

#include "loop_fixture.hpp"

using namespace tenon;
using namespace tenon::tests;
namespace tt = boost::test_tools;

namespace {

struct WithOptimizer {
  explicit WithOptimizer(std::uint64_t batches = 4) : engine(batches), run(engine) {
    engine.groups = {{0.5, 0.9}, {0.25, 0.8}};
    run.options.max_epochs = 1;
  }
  /// Calls `body` in the probe's hook when so many steps are over.
  template <class Body>
  void at_step(Probe& probe, std::uint64_t step, const Body& body) {
    probe.on[TENON_HOOK(on_train_batch_end)] = [this, &probe, step, body](const void* args) {
      if (static_cast<const tenon_batch_args*>(args)->progress->step == step) body(Optimizers(Host(probe.host)));
    };
  }
  TestEngine engine;
  LoopFixture run;
};

template <class Body>
std::pair<tenon_status, std::string> refusal(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    return {error.status(), error.what()};
  }
  return {TENON_OK, "nothing was thrown"};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(optimizers_service)

BOOST_AUTO_TEST_CASE(a_callback_sees_optimizers_groups_settings_and_parameters) {
  WithOptimizer with;
  Probe& probe = with.run.probe("a");
  probe.on[TENON_HOOK(on_setup)] = [&](const void*) {
    const Optimizers optimizers{Host(probe.host)};
    BOOST_CHECK_EQUAL(optimizers.count(), 0u);
    const auto [status, text] = refusal([&] { optimizers.info(0); });
    BOOST_CHECK_EQUAL(status, TENON_E_NOT_FOUND);
    BOOST_CHECK_EQUAL(text, "there are no optimizers before on_fit_start");
  };
  bool looked = false;
  with.at_step(probe, 2, [&](const Optimizers& optimizers) {
    looked = true;
    BOOST_CHECK_EQUAL(optimizers.count(), 1u);
    const tenon_optimizer_info info = optimizers.info(0);
    BOOST_CHECK_EQUAL(view(info.name), "test");
    BOOST_CHECK_EQUAL(view(info.type), "Tester");
    BOOST_CHECK_EQUAL(view(info.scheduler), "StepLR");
    BOOST_CHECK_EQUAL(info.groups, 2u);
    BOOST_CHECK_EQUAL(info.steps, 2u);
    const std::vector<std::string_view> names = {"lr", "momentum"};
    BOOST_TEST(optimizers.option_names(0) == names, tt::per_element());
    BOOST_CHECK_EQUAL(*optimizers.option(0, 1, "lr"), 0.25);
    BOOST_CHECK_EQUAL(*optimizers.option(0, 0, "momentum"), 0.9);
    BOOST_CHECK(!optimizers.option(0, 0, "betas"));
    const std::vector<tenon_tensor> parameters = optimizers.parameters(0, 0);
    BOOST_REQUIRE_EQUAL(parameters.size(), 1u);
    BOOST_CHECK_EQUAL(tensor_name(Host(probe.host), parameters[0]), "weight");
    BOOST_CHECK(optimizers.parameters(0, 1).empty());
    BOOST_CHECK_EQUAL(refusal([&] { optimizers.info(1); }).second, "there is no optimizer 1");
    BOOST_CHECK_EQUAL(refusal([&] { optimizers.parameters(0, 2); }).second,
                      "optimizer 'test' has no group 2; it has 2");
  });
  BOOST_CHECK_EQUAL(with.run.run().reason, TENON_END_FINISHED);
  BOOST_CHECK(looked);
}

BOOST_AUTO_TEST_CASE(there_are_no_optimizers_where_the_engine_shows_none) {
  TestEngine engine(1);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& probe = run.probe("a");
  std::uint32_t count = 7;
  probe.on[TENON_HOOK(on_train_end)] = [&](const void*) { count = Optimizers(Host(probe.host)).count(); };
  run.run();
  BOOST_CHECK_EQUAL(count, 0u);
}

BOOST_AUTO_TEST_CASE(a_setting_is_changed_at_the_commit_point_before_what_is_saved_there_and_told) {
  WithOptimizer with;
  Probe& probe = with.run.probe("a");
  tenon_ticket asked = 0;
  std::vector<double> seen;
  std::vector<std::string> ended;
  double when_saved = 0.0, when_decided = 0.0;
  with.engine.on_training_state = [&] { when_saved = with.engine.groups[1][0]; };
  probe.on[TENON_HOOK(decide_checkpoint)] = [&](const void*) { when_decided = with.engine.groups[1][0]; };
  probe.on[TENON_HOOK(on_train_batch_end)] = [&](const void* args) {
    const Optimizers optimizers{Host(probe.host)};
    seen.push_back(*optimizers.option(0, 1, "lr"));
    if (static_cast<const tenon_batch_args*>(args)->progress->step != 2) return;
    asked = optimizers.set_option(0, 1, "lr", 0.125, "it oscillates");
    seen.push_back(*optimizers.option(0, 1, "lr"));
    const Checkpoints checkpoints{Host(probe.host)};
    checkpoints.request(Checkpoints::save(TENON_CHECKPOINT_FULL, "now", "test"));
  };
  probe.on[TENON_HOOK(on_ticket)] = [&](const void* a) {
    const auto& args = *static_cast<const tenon_ticket_args*>(a);
    if (args.request != TENON_REQUEST_OPTIMIZER) return;
    BOOST_CHECK_EQUAL(args.ticket, asked);
    ended.push_back(std::to_string(args.outcome) + " " + std::string(view(args.reason)));
  };
  with.run.run();
  const std::vector<double> wanted = {0.25, 0.25, 0.25, 0.125, 0.125};
  BOOST_TEST(seen == wanted, tt::per_element());
  BOOST_CHECK_EQUAL(with.engine.groups[0][0], 0.5);
  BOOST_CHECK_EQUAL(when_decided, 0.125);
  BOOST_CHECK_EQUAL(when_saved, 0.125);
  BOOST_REQUIRE_EQUAL(ended.size(), 1u);
  BOOST_CHECK_EQUAL(ended.front(), std::to_string(TENON_TICKET_DONE) + " it oscillates");
}

BOOST_AUTO_TEST_CASE(a_setting_does_not_wait_for_the_end_of_an_accumulation_group) {
  WithOptimizer with;
  with.run.options.accumulate_grad_batches = 4;
  Probe& probe = with.run.probe("a");
  std::vector<double> seen;
  probe.on[TENON_HOOK(on_train_batch_end)] = [&](const void* args) {
    const Optimizers optimizers{Host(probe.host)};
    if (static_cast<const tenon_batch_args*>(args)->progress->batch == 1) optimizers.set_option(0, 0, "lr", 1.5, "");
    seen.push_back(*optimizers.option(0, 0, "lr"));
  };
  with.run.run();
  const std::vector<double> wanted = {0.5, 1.5, 1.5, 1.5};
  BOOST_TEST(seen == wanted, tt::per_element());
}

BOOST_AUTO_TEST_CASE(a_later_request_replaces_an_earlier_one_for_the_same_setting_of_whomever) {
  WithOptimizer with;
  std::vector<std::string> ended;
  const auto ticket = [&](const char* who) {
    return [&ended, who](const void* a) {
      const auto& args = *static_cast<const tenon_ticket_args*>(a);
      ended.push_back(std::string(who) + " " + std::to_string(args.outcome) + " " + std::string(view(args.reason)));
    };
  };
  Probe& first = with.run.probe("first");
  Probe& second = with.run.probe("second");
  first.on[TENON_HOOK(on_ticket)] = ticket("first");
  second.on[TENON_HOOK(on_ticket)] = ticket("second");
  with.at_step(first, 1, [](const Optimizers& o) {
    o.set_option(0, 0, "lr", 1.0, "up");
    o.set_option(0, 1, "lr", 2.0, "another group");
  });
  with.at_step(second, 1, [](const Optimizers& o) { o.set_option(0, 0, "lr", 3.0, "higher"); });
  with.run.run();
  BOOST_CHECK_EQUAL(with.engine.groups[0][0], 3.0);
  BOOST_CHECK_EQUAL(with.engine.groups[1][0], 2.0);
  const std::string done = std::to_string(TENON_TICKET_DONE), replaced = std::to_string(TENON_TICKET_REPLACED);
  const std::vector<std::string> wanted = {"first " + replaced + " 'second' asked for another value: higher",
                                           "first " + done + " another group", "second " + done + " higher"};
  BOOST_TEST(ended == wanted, tt::per_element());
}

BOOST_AUTO_TEST_CASE(a_request_can_be_withdrawn_before_the_commit_point) {
  WithOptimizer with;
  Probe& probe = with.run.probe("a");
  std::int32_t outcome = 0;
  with.at_step(probe, 1,
               [&](const Optimizers& o) { Run(Host(probe.host)).withdraw(o.set_option(0, 0, "lr", 1.0, "up"), "no"); });
  probe.on[TENON_HOOK(on_ticket)] = [&](const void* a) { outcome = static_cast<const tenon_ticket_args*>(a)->outcome; };
  with.run.run();
  BOOST_CHECK_EQUAL(with.engine.groups[0][0], 0.5);
  BOOST_CHECK_EQUAL(outcome, TENON_TICKET_WITHDRAWN);
}

BOOST_AUTO_TEST_CASE(a_setting_that_cannot_be_is_refused_when_it_is_asked_for) {
  WithOptimizer with;
  Probe& probe = with.run.probe("a");
  with.at_step(probe, 1, [&](const Optimizers& o) {
    const auto expect = [&](const char* text, std::uint32_t optimizer, std::uint32_t group, const char* name,
                            double value) {
      const auto [status, what] = refusal([&] { o.set_option(optimizer, group, name, value, ""); });
      BOOST_CHECK_EQUAL(status, TENON_E_INVALID_ARGUMENT);
      BOOST_CHECK_EQUAL(what, text);
    };
    expect("there is no optimizer 3", 3, 0, "lr", 1.0);
    expect("optimizer 'test' has no group 2; it has 2", 0, 2, "lr", 1.0);
    expect("optimizer 'test', of type Tester, has no setting 'rate'; it has lr, momentum", 0, 0, "rate", 1.0);
    expect("optimizer 'test': it must be a number from 0 on", 0, 0, "lr", -1.0);
  });
  probe.on[TENON_HOOK(on_fit_end)] = [&](const void*) {
    BOOST_CHECK_EQUAL(refusal([&] { Optimizers(Host(probe.host)).set_option(0, 0, "lr", 1.0, "late"); }).first,
                      TENON_E_WRONG_STATE);
  };
  BOOST_CHECK_EQUAL(with.run.run().reason, TENON_END_FINISHED);
  BOOST_CHECK_EQUAL(with.engine.groups[0][0], 0.5);
}

BOOST_AUTO_TEST_CASE(a_setting_that_the_engine_cannot_take_fails_its_ticket_and_nothing_else) {
  WithOptimizer with;
  Probe& probe = with.run.probe("a");
  with.at_step(probe, 1, [](const Optimizers& optimizers) {
    optimizers.set_option(0, 0, "lr", 5000.0, "a jump");
    optimizers.set_option(0, 1, "lr", 0.125, "half");
  });
  std::vector<std::pair<std::int32_t, std::string>> ended;
  probe.on[TENON_HOOK(on_ticket)] = [&](const void* args) {
    const auto& ticket = *static_cast<const tenon_ticket_args*>(args);
    ended.emplace_back(ticket.outcome, view(ticket.reason));
  };
  BOOST_CHECK_EQUAL(with.run.run().reason, TENON_END_FINISHED);
  BOOST_REQUIRE_EQUAL(ended.size(), 2u);
  BOOST_CHECK(ended[0] == std::pair(std::int32_t{TENON_TICKET_FAILED}, std::string("the optimizer cannot take it")));
  BOOST_CHECK_EQUAL(ended[1].first, TENON_TICKET_DONE);
  BOOST_CHECK_EQUAL(with.engine.groups[1][0], 0.125);
}

BOOST_AUTO_TEST_SUITE_END()
