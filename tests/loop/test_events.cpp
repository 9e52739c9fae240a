// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>

#include "loop_fixture.hpp"

using namespace tenon;
using namespace tenon::tests;
namespace tt = boost::test_tools;

namespace {

using Trace = std::vector<std::string>;

void expect(const Trace& got, const Trace& wanted) {
  BOOST_CHECK_EQUAL_COLLECTIONS(got.begin(), got.end(), wanted.begin(), wanted.end());
}

std::uint64_t count(const Trace& trace, const std::string& what) {
  return static_cast<std::uint64_t>(std::count(trace.begin(), trace.end(), what));
}

}  // namespace

BOOST_AUTO_TEST_CASE(one_epoch_with_validation_calls_every_event_in_the_documented_order) {
  TestEngine engine(2, 1);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  run.options.num_sanity_val_steps = 1;
  Trace trace;
  engine.trace = &trace;
  engine.on_training_step = [](loop::MetricSink& m) { m.log("train_loss", 1.0, {}); };
  engine.on_evaluation_step = [](loop::MetricSink& m) { m.log("val_loss", 1.0, {}); };
  run.probe("a").trace = &trace;
  const loop::FitResult result = run.run();
  BOOST_CHECK_EQUAL(result.reason, TENON_END_FINISHED);
  const Trace step = {"a.on_train_batch_start",
                      "engine.training_step",
                      "a.on_before_backward",
                      "engine.backward",
                      "a.on_after_backward",
                      "a.on_before_optimizer_step",
                      "engine.optimizer_step",
                      "a.on_optimizer_step",
                      "a.on_before_zero_grad",
                      "engine.zero_grad",
                      "engine.step_schedulers(step)",
                      "a.on_train_batch_end",
                      "a.on_metrics"};
  Trace wanted = {"a.on_setup",      "a.on_fit_start",   "a.on_sanity_start",      "engine.evaluation_step",
                  "a.on_sanity_end", "a.on_train_start", "a.on_train_epoch_start", "engine.start_epoch"};
  wanted.insert(wanted.end(), step.begin(), step.end());
  wanted.insert(wanted.end(), step.begin(), step.end());
  for (const char* e :
       {"a.on_validation_start", "a.on_validation_batch_start", "engine.evaluation_step", "a.on_validation_batch_end",
        "a.on_validation_end", "a.on_metrics", "engine.step_schedulers(validation)", "a.on_train_epoch_end",
        "a.on_metrics", "engine.step_schedulers(epoch)", "a.on_train_end", "a.on_fit_end", "a.on_teardown"})
    wanted.push_back(e);
  expect(trace, wanted);
}

BOOST_AUTO_TEST_CASE(every_hook_reaches_the_chain_in_manifest_order) {
  TestEngine engine(1);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Trace trace;
  run.probe("second_by_name").trace = &trace;
  run.probe("first_by_name").trace = &trace;
  run.run();
  BOOST_REQUIRE(trace.size() > 10 && trace.size() % 2 == 0);
  for (std::size_t i = 0; i < trace.size(); i += 2) {
    BOOST_CHECK(trace[i].starts_with("second_by_name."));
    BOOST_CHECK_EQUAL(trace[i].substr(trace[i].find('.')), trace[i + 1].substr(trace[i + 1].find('.')));
  }
}

BOOST_AUTO_TEST_CASE(accumulation_steps_at_the_end_of_each_group_and_of_the_epoch) {
  TestEngine engine(5);
  LoopFixture run(engine);
  run.options.max_epochs = 2;
  run.options.accumulate_grad_batches = 2;
  std::vector<std::uint64_t> steps, stepped;
  run.probe("a").on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    const auto& args = *static_cast<const tenon_batch_args*>(a);
    steps.push_back(args.progress->step);
    if (args.flags & TENON_BATCH_STEPPED) stepped.push_back(args.progress->batch);
  };
  const loop::FitResult result = run.run();
  const std::vector<std::uint64_t> wanted_steps = {0, 1, 1, 2, 3, 3, 4, 4, 5, 6}, wanted_stepped = {2, 4, 5, 2, 4, 5};
  BOOST_TEST(steps == wanted_steps, tt::per_element());
  BOOST_TEST(stepped == wanted_stepped, tt::per_element());
  BOOST_CHECK_EQUAL(result.steps, 6u);
  BOOST_CHECK_EQUAL(engine.last_scale, 0.5);
}

BOOST_AUTO_TEST_CASE(schedules_step_with_the_optimizer_and_at_the_end_of_complete_epochs) {
  TestEngine engine(5);
  LoopFixture run(engine);
  run.options.max_steps = 5;
  run.options.accumulate_grad_batches = 2;
  std::vector<std::uint64_t> by_step, by_epoch;
  engine.on_step_schedulers = [&](loop::ScheduleMoment moment, const loop::MetricReader&) {
    (moment == loop::ScheduleMoment::step ? by_step : by_epoch).push_back(engine.steps);
  };
  run.run();
  const std::vector<std::uint64_t> wanted_steps = {1, 2, 3, 4, 5}, wanted_epochs = {3};
  BOOST_TEST(by_step == wanted_steps, tt::per_element());
  BOOST_TEST(by_epoch == wanted_epochs, tt::per_element());  // the second epoch is cut short: no step of its schedules
}

BOOST_AUTO_TEST_CASE(a_schedule_reads_the_latest_metrics_with_their_freshness_origin_and_goal) {
  TestEngine engine(2, 1);
  LoopFixture run(engine);
  run.options.max_epochs = 2;
  run.options.check_val_every_n_epoch = 2;
  double loss = 0.0;
  engine.on_training_step = [&](loop::MetricSink& m) { m.log("train_loss", ++loss, {}); };
  engine.on_evaluation_step = [](loop::MetricSink& m) { m.log("score", 7.0, {.goal = Goal::maximize}); };
  std::vector<std::string> seen;
  engine.on_step_schedulers = [&](loop::ScheduleMoment moment, const loop::MetricReader& metrics) {
    const auto training = metrics.find("train_loss");
    BOOST_REQUIRE(training);
    BOOST_CHECK(training->fresh && !training->from_validation && training->goal == Goal::minimize);
    BOOST_CHECK_EQUAL(training->value, loss);
    const auto score = metrics.find("score");
    seen.push_back(!score ? metrics.awaits_validation() ? "awaited" : "missed" : score->fresh ? "fresh" : "stale");
    if (moment != loop::ScheduleMoment::validation) return;
    BOOST_REQUIRE(score);
    BOOST_CHECK(score->from_validation && score->goal == Goal::maximize);
    BOOST_CHECK_EQUAL(score->value, 7.0);
  };
  BOOST_CHECK_EQUAL(run.run().reason, TENON_END_FINISHED);
  // step, step, epoch, step, step, validation, epoch
  const std::vector<std::string> wanted = {"awaited", "awaited", "awaited", "awaited", "awaited", "fresh", "fresh"};
  BOOST_TEST(seen == wanted, tt::per_element());
}

BOOST_AUTO_TEST_CASE(an_error_of_a_schedule_says_where_it_happened) {
  TestEngine engine(2);
  LoopFixture run(engine);
  run.options.max_epochs = 2;
  engine.on_step_schedulers = [&](loop::ScheduleMoment moment, const loop::MetricReader&) {
    if (moment == loop::ScheduleMoment::epoch) throw std::runtime_error("no such metric");
  };
  BOOST_CHECK_EQUAL(run.run().detail, "epoch 0, batch 2, learning-rate schedule: no such metric");
}

BOOST_AUTO_TEST_CASE(whatever_a_task_throws_ends_the_run_with_a_word) {
  TestEngine engine(2);
  LoopFixture run(engine);
  engine.on_backward = [] { throw 42; };
  const loop::FitResult result = run.run();
  BOOST_CHECK_EQUAL(result.reason, TENON_END_FAILED);
  BOOST_CHECK_EQUAL(result.detail, "epoch 0, batch 0, backward: something was thrown that is no std::exception");
}

BOOST_AUTO_TEST_CASE(max_steps_inside_an_epoch_ends_it_incomplete) {
  TestEngine engine(5);
  LoopFixture run(engine);
  run.options.max_steps = 7;
  std::vector<std::uint32_t> complete;
  run.probe("a").on[TENON_HOOK(on_train_epoch_end)] = [&](const void* a) {
    complete.push_back(static_cast<const tenon_event_args*>(a)->complete);
  };
  const loop::FitResult result = run.run();
  const std::vector<std::uint32_t> wanted = {1, 0};
  BOOST_TEST(complete == wanted, tt::per_element());
  BOOST_CHECK_EQUAL(result.steps, 7u);
  BOOST_CHECK_EQUAL(result.epochs, 2u);
}

BOOST_AUTO_TEST_CASE(max_steps_on_the_last_batch_of_an_epoch_ends_it_complete) {
  TestEngine engine(5);
  LoopFixture run(engine);
  run.options.max_steps = 5;
  std::uint32_t complete = 7;
  run.probe("a").on[TENON_HOOK(on_train_epoch_end)] = [&](const void* a) {
    complete = static_cast<const tenon_event_args*>(a)->complete;
  };
  BOOST_CHECK_EQUAL(run.run().epochs, 1u);
  BOOST_CHECK_EQUAL(complete, 1u);
}

BOOST_AUTO_TEST_CASE(limit_train_batches_takes_a_count_or_a_share) {
  for (const bool share : {false, true}) {
    TestEngine engine(10);
    LoopFixture run(engine);
    run.options.max_epochs = 1;
    run.options.limit_train_batches = share ? BatchLimit{true, 0.35, 0} : BatchLimit{false, 1.0, 3};
    std::uint64_t last_flags = 0;
    std::uint64_t batches = 0;
    run.probe("a").on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
      last_flags = static_cast<const tenon_batch_args*>(a)->flags;
      batches = static_cast<const tenon_batch_args*>(a)->progress->batches;
    };
    BOOST_CHECK_EQUAL(run.run().steps, 3u);
    BOOST_CHECK_EQUAL(batches, 3u);
    BOOST_CHECK(last_flags & TENON_BATCH_LAST);
  }
}

BOOST_AUTO_TEST_CASE(validation_runs_as_val_check_interval_and_check_val_every_n_epoch_say) {
  struct Case {
    BatchLimit interval;
    std::uint64_t every_n_epochs;
    std::vector<std::uint64_t> steps;
  };
  const Case cases[] = {
      {{true, 1.0, 0}, 1, {6, 12, 18}}, {{true, 0.5, 0}, 1, {3, 6, 9, 12, 15, 18}}, {{false, 1.0, 4}, 1, {4, 10, 16}},
      {{true, 1.0, 0}, 2, {12}},        {{false, 1.0, 4}, 0, {4, 8, 12, 16}},       {{false, 1.0, 8}, 0, {8, 16}},
  };
  for (const Case& c : cases) {
    TestEngine engine(6, 1);
    LoopFixture run(engine);
    run.options.max_epochs = 3;
    run.options.val_check_interval = c.interval;
    run.options.check_val_every_n_epoch = c.every_n_epochs;
    std::vector<std::uint64_t> steps;
    run.probe("a").on[TENON_HOOK(on_validation_end)] = [&](const void* a) {
      steps.push_back(static_cast<const tenon_event_args*>(a)->progress->step);
    };
    run.run();
    BOOST_TEST(steps == c.steps, tt::per_element());
  }
}

BOOST_AUTO_TEST_CASE(a_val_check_interval_longer_than_the_epoch_is_refused_with_its_cure) {
  TestEngine engine(6, 1);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  run.options.val_check_interval = {false, 1.0, 7};
  const loop::FitResult result = run.run();
  BOOST_CHECK(result.exit == ExitCode::manifest);
  BOOST_CHECK(result.refused);
  BOOST_CHECK(result.detail.find("check_val_every_n_epoch\": null") != std::string::npos);
  BOOST_CHECK_EQUAL(engine.steps, 0u);
}

BOOST_AUTO_TEST_CASE(a_share_that_leaves_no_batch_is_refused_with_its_cure) {
  TestEngine engine(6);
  engine.facts_.validation_batches = {20, 3};
  LoopFixture run(engine);
  run.options.limit_val_batches = {true, 0.1, 0};
  const loop::FitResult result = run.run();
  BOOST_CHECK(result.exit == ExitCode::manifest);
  BOOST_CHECK_EQUAL(result.detail,
                    "limit_val_batches is 0.1, less than one of the 3 batches of the validation data (loader 1): give "
                    "at least 0.334, or a count of batches");
}

BOOST_AUTO_TEST_CASE(sanity_logs_nothing_and_fires_only_its_two_hooks) {
  TestEngine engine(1, 4);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  run.options.num_sanity_val_steps = 2;
  std::uint64_t in_sanity = 0;
  bool sanity = false;
  Trace during;
  engine.on_evaluation_step = [&](loop::MetricSink& m) {
    in_sanity += sanity;
    m.log("val_loss", 1.0, {});
  };
  Probe& p = run.probe("a");
  p.on[TENON_HOOK(on_sanity_start)] = [&](const void* a) {
    sanity = true;
    BOOST_CHECK_EQUAL(static_cast<const tenon_event_args*>(a)->progress->stage, TENON_STAGE_SANITY);
  };
  p.on[TENON_HOOK(on_sanity_end)] = [&](const void*) {
    sanity = false;
    BOOST_CHECK(!run.fit().metrics().at(run.fit().metrics().id("val_loss")).present);
  };
  p.on_any = [&](std::uint32_t hook, const void*) {
    if (sanity && hook != TENON_HOOK(on_sanity_start) && hook != TENON_HOOK(on_sanity_end))
      during.push_back(chain::hook_name(hook));
  };
  run.run();
  BOOST_CHECK_EQUAL(in_sanity, 2u);
  BOOST_TEST(during.empty());
}

BOOST_AUTO_TEST_CASE(an_error_in_a_step_is_told_to_everyone_and_the_run_ends_in_order) {
  TestEngine engine(3);
  LoopFixture run(engine);
  run.options.max_epochs = 2;
  engine.on_training_step = [&](loop::MetricSink&) {
    if (engine.epoch == 1 && engine.batch == 2) throw std::runtime_error("out of memory");
  };
  Trace trace;
  Probe& p = run.probe("a");
  std::string phase, message;
  std::uint32_t consistent = 7;
  p.on[TENON_HOOK(on_exception)] = [&](const void* a) {
    const auto& args = *static_cast<const tenon_exception_args*>(a);
    phase = view(args.phase);
    message = view(args.message);
    consistent = args.consistent;
  };
  p.trace = &trace;
  const loop::FitResult result = run.run();
  BOOST_CHECK_EQUAL(result.reason, TENON_END_FAILED);
  BOOST_CHECK(result.exit == ExitCode::failed);
  BOOST_CHECK_EQUAL(phase, "training_step");
  BOOST_CHECK_EQUAL(message, "epoch 1, batch 1, training_step: out of memory");
  BOOST_CHECK_EQUAL(consistent, 0u);
  const Trace wanted = {"a.on_train_batch_start", "a.on_exception", "a.on_metrics",
                        "a.on_train_end",         "a.on_fit_end",   "a.on_teardown"};
  expect(Trace(trace.end() - 6, trace.end()), wanted);
}

BOOST_AUTO_TEST_CASE(a_failing_hook_of_an_abort_callback_ends_the_run_after_the_whole_chain_has_had_it) {
  TestEngine engine(3);
  LoopFixture run(engine);
  run.options.max_epochs = 2;
  Trace trace;
  run.probe("bad").on[TENON_HOOK(on_train_batch_end)] = [](const void*) { throw std::runtime_error("disk on fire"); };
  Probe& after = run.probe("after");
  after.trace = &trace;
  std::string whose;
  after.on[TENON_HOOK(on_exception)] = [&](const void* a) {
    whose = view(static_cast<const tenon_exception_args*>(a)->callback_id);
  };
  const loop::FitResult result = run.run();
  BOOST_CHECK_EQUAL(result.steps, 1u);
  BOOST_CHECK_EQUAL(whose, "bad");
  BOOST_CHECK_EQUAL(count(trace, "after.on_train_batch_end"), 1u);
  BOOST_CHECK(result.detail.find("disk on fire") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_refusal_in_on_setup_starts_nothing_and_still_tears_down) {
  TestEngine engine(3);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Trace trace;
  Probe& p = run.probe("a");
  p.trace = &trace;
  p.on[TENON_HOOK(on_setup)] = [](const void*) { throw Error(TENON_E_FAILED, "not today"); };
  const loop::FitResult result = run.run();
  BOOST_CHECK(result.refused);
  BOOST_CHECK(result.exit == ExitCode::callback);
  BOOST_CHECK_EQUAL(engine.steps, 0u);
  expect(trace, {"a.on_setup", "a.on_fit_end", "a.on_teardown"});
}

BOOST_AUTO_TEST_CASE(a_stop_ends_the_run_at_the_commit_point_with_its_reason_and_its_owner) {
  TestEngine engine(4);
  LoopFixture run(engine);
  run.options.max_epochs = 10;
  Probe& p = run.probe("stopper");
  Trace trace;
  p.trace = &trace;
  tenon_ticket asked = 0, answered = 0;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (static_cast<const tenon_batch_args*>(a)->progress->step == 6) asked = Run(Host(p.host)).request_stop("enough");
  };
  p.on[TENON_HOOK(on_ticket)] = [&](const void* a) {
    const auto& args = *static_cast<const tenon_ticket_args*>(a);
    BOOST_CHECK_EQUAL(args.outcome, TENON_TICKET_DONE);
    BOOST_CHECK_EQUAL(args.request, TENON_REQUEST_STOP);
    answered = args.ticket;
  };
  const loop::FitResult result = run.run();
  BOOST_CHECK_EQUAL(result.reason, TENON_END_STOPPED);
  BOOST_CHECK_EQUAL(result.steps, 6u);
  BOOST_CHECK_EQUAL(result.detail, "stopper: enough");
  BOOST_CHECK(asked != 0 && asked == answered);
  const auto ticket = std::find(trace.begin(), trace.end(), "stopper.on_ticket");
  const auto train_end = std::find(trace.begin(), trace.end(), "stopper.on_train_end");
  BOOST_CHECK(ticket < train_end);
}

BOOST_AUTO_TEST_CASE(min_steps_and_min_epochs_keep_a_stop_pending_until_they_are_met) {
  for (const bool epochs : {false, true}) {
    TestEngine engine(4);
    LoopFixture run(engine);
    run.options.max_epochs = 10;
    if (epochs)
      run.options.min_epochs = 3;
    else
      run.options.min_steps = 6;
    Probe& p = run.probe("stopper");
    p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
      if (static_cast<const tenon_batch_args*>(a)->progress->step == 2) Run(Host(p.host)).request_stop("early");
    };
    BOOST_CHECK_EQUAL(run.run().steps, epochs ? 12u : 6u);
  }
}

BOOST_AUTO_TEST_CASE(a_withdrawn_stop_does_not_stop) {
  TestEngine engine(4);
  LoopFixture run(engine);
  run.options.max_epochs = 3;
  run.options.min_epochs = 2;
  Probe& p = run.probe("stopper");
  tenon_ticket ticket = 0;
  std::int32_t outcome = 0;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    const std::uint64_t step = static_cast<const tenon_batch_args*>(a)->progress->step;
    if (step == 2) ticket = Run(Host(p.host)).request_stop("early");
    if (step == 4) Run(Host(p.host)).withdraw(ticket, "recovered");
  };
  p.on[TENON_HOOK(on_ticket)] = [&](const void* a) { outcome = static_cast<const tenon_ticket_args*>(a)->outcome; };
  BOOST_CHECK_EQUAL(run.run().steps, 12u);
  BOOST_CHECK_EQUAL(outcome, TENON_TICKET_WITHDRAWN);
}

BOOST_AUTO_TEST_CASE(a_stop_waits_while_gradients_are_pending) {
  TestEngine engine(8);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  run.options.accumulate_grad_batches = 4;
  Probe& p = run.probe("stopper");
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (static_cast<const tenon_batch_args*>(a)->progress->batch == 1) Run(Host(p.host)).request_stop("now");
  };
  BOOST_CHECK_EQUAL(run.run().steps, 1u);
}

BOOST_AUTO_TEST_CASE(decide_stop_can_deny_a_stop_and_is_named) {
  TestEngine engine(2);
  LoopFixture run(engine);
  run.options.max_epochs = 2;
  Probe& p = run.probe("stopper");
  std::string by, reason;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    if (static_cast<const tenon_batch_args*>(a)->progress->step == 1) Run(Host(p.host)).request_stop("now");
  };
  p.on[TENON_HOOK(on_ticket)] = [&](const void* a) {
    by = view(static_cast<const tenon_ticket_args*>(a)->by);
    reason = view(static_cast<const tenon_ticket_args*>(a)->reason);
  };
  loop::Fit& fit = run.make();
  static tenon_hooks denying = sized<tenon_hooks>();
  denying.decide_stop = [](tenon_callback*, const tenon_request_args*, tenon_error* e) {
    return detail::fail(e, TENON_DENY, "not yet");
  };
  tenon_descriptor d = probe::descriptor;
  d.hooks = &denying;
  Probe guard;
  next_probe = &guard;
  fit.chain().add({"probe", "guard", {}, {}, "test"}, d, {});
  BOOST_CHECK_EQUAL(fit.run().steps, 4u);
  BOOST_CHECK_EQUAL(by, "guard");
  BOOST_CHECK_EQUAL(reason, "not yet");
}

BOOST_AUTO_TEST_CASE(requests_after_the_last_commit_point_are_refused) {
  TestEngine engine(1);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  tenon_status status = TENON_OK;
  p.on[TENON_HOOK(on_fit_end)] = [&](const void*) {
    try {
      Run(Host(p.host)).request_stop("late");
    } catch (const Error& e) {
      status = e.status();
    }
  };
  run.run();
  BOOST_CHECK_EQUAL(status, TENON_E_WRONG_STATE);
}
