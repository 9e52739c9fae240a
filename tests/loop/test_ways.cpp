// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Closures, steps by hand, records, time limits, and the commands that evaluate without training.
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "loop_fixture.hpp"

using namespace tenon;
using namespace tenon::tests;

namespace {

using Trace = std::vector<std::string>;

void expect(const Trace& got, const Trace& wanted) {
  BOOST_CHECK_EQUAL_COLLECTIONS(got.begin(), got.end(), wanted.begin(), wanted.end());
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_closure_repeats_the_batch_inside_the_step_and_its_hooks_say_so) {
  TestEngine engine(1);
  engine.facts_.closure = true;
  engine.repetitions = 2;
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  run.options.gradient_clip_val = 1.0;
  std::uint64_t evaluations = 0;
  engine.on_training_step = [&](loop::MetricSink& m) { m.log("train_loss", static_cast<double>(evaluations++), {}); };
  Trace trace;
  std::vector<std::uint32_t> repetitions;
  double logged = -1;
  Probe& probe = run.probe("a");
  probe.on[TENON_HOOK(on_before_backward)] = [&](const void* args) {
    repetitions.push_back(static_cast<const tenon_step_args*>(args)->repetition);
  };
  probe.on[TENON_HOOK(on_metrics)] = [&](const void* given) {
    const auto& args = *static_cast<const tenon_metrics_args*>(given);
    if (args.metric_count) logged = args.metrics[0].value;
  };
  engine.trace = &trace;
  const loop::FitResult result = run.run();
  BOOST_CHECK_EQUAL(result.steps, 1u);
  const std::vector<std::uint32_t> wanted = {0, 1, 2};
  BOOST_CHECK_EQUAL_COLLECTIONS(repetitions.begin(), repetitions.end(), wanted.begin(), wanted.end());
  BOOST_CHECK_EQUAL(logged, 0.0);  // of the weights that the batch began with
  Trace calls;
  std::copy_if(trace.begin(), trace.end(), std::back_inserter(calls), [](const std::string& e) {
    return e.starts_with("engine.") && !e.starts_with("engine.step_sch") && e != "engine.start_epoch";
  });
  expect(calls,
         {"engine.training_step", "engine.backward", "engine.clip_gradients", "engine.optimizer_step",
          "engine.zero_grad", "engine.training_step", "engine.backward", "engine.clip_gradients", "engine.zero_grad",
          "engine.training_step", "engine.backward", "engine.clip_gradients", "engine.zero_grad"});
}

BOOST_AUTO_TEST_CASE(steps_by_hand_fire_the_hooks_and_a_batch_with_two_of_them_is_one_step) {
  TestEngine engine(3);
  engine.facts_.manual_optimization = true;
  engine.facts_.optimizers = 2;
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  engine.on_training_step = [&](loop::MetricSink&) {
    if (engine.batch == 2) return;  // nothing steps in the second batch
    for (std::uint32_t i = 0; i < 2; ++i) {
      engine.listener->before_backward();
      engine.listener->after_backward();
      engine.listener->before_optimizer_step(i);
      engine.listener->after_optimizer_step(i);
      engine.listener->before_zero_grad(i);
    }
  };
  std::vector<std::uint32_t> indices;
  std::vector<std::uint32_t> stepped;
  std::uint64_t optimizer_steps = 0;
  Probe& probe = run.probe("a");
  probe.on[TENON_HOOK(on_optimizer_step)] = [&](const void* args) {
    const tenon_progress& p = *static_cast<const tenon_step_args*>(args)->progress;
    indices.push_back(p.optimizer_index);
    optimizer_steps = p.optimizer_steps;
  };
  probe.on[TENON_HOOK(on_train_batch_end)] = [&](const void* args) {
    stepped.push_back(static_cast<const tenon_batch_args*>(args)->flags & TENON_BATCH_STEPPED);
  };
  Trace trace;
  engine.trace = &trace;
  const loop::FitResult result = run.run();
  BOOST_CHECK_EQUAL(result.steps, 2u);
  BOOST_CHECK_EQUAL(optimizer_steps, 4u);
  const std::vector<std::uint32_t> wanted_indices = {0, 1, 0, 1}, wanted_stepped = {1, 0, 1};
  BOOST_CHECK_EQUAL_COLLECTIONS(indices.begin(), indices.end(), wanted_indices.begin(), wanted_indices.end());
  BOOST_CHECK_EQUAL_COLLECTIONS(stepped.begin(), stepped.end(), wanted_stepped.begin(), wanted_stepped.end());
  BOOST_CHECK_EQUAL(std::count(trace.begin(), trace.end(), "engine.backward"), 0);
  BOOST_CHECK_EQUAL(std::count(trace.begin(), trace.end(), "engine.optimizer_step"), 0);
}

BOOST_AUTO_TEST_CASE(what_a_task_puts_on_record_reaches_on_record) {
  TestEngine engine(1);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  engine.on_training_step = [&](loop::MetricSink&) {
    engine.listener->record({TENON_RECORD_TEXT, "sample", "text/plain", "to be or not", nullptr});
  };
  std::string got;
  run.probe("a").on[TENON_HOOK(on_record)] = [&](const void* given) {
    const auto& args = *static_cast<const tenon_record_args*>(given);
    got = std::string(args.name.data, args.name.size) + ": " +
          std::string(static_cast<const char*>(args.data), args.size);
  };
  run.run();
  BOOST_CHECK_EQUAL(got, "sample: to be or not");
}

BOOST_AUTO_TEST_CASE(max_time_ends_a_run_after_the_batch_but_not_before_min_steps) {
  TestEngine engine(4);
  LoopFixture run(engine);
  run.options.max_time = 0.0;
  run.options.min_steps = 6;
  const loop::FitResult result = run.run();
  BOOST_CHECK_EQUAL(result.steps, 6u);
  BOOST_CHECK_EQUAL(result.reason, TENON_END_FINISHED);
  BOOST_CHECK_EQUAL(result.detail, "max_time is over");
}

BOOST_AUTO_TEST_CASE(a_loss_that_is_not_finite_is_told_once_and_does_not_end_the_run) {
  TestEngine engine(2);
  engine.finite = false;
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  BOOST_CHECK_EQUAL(run.run().steps, 2u);
}

BOOST_AUTO_TEST_CASE(evaluation_commands_call_their_own_hooks_between_setup_and_teardown) {
  for (const auto& [stage, name] :
       {std::pair{Stage::validation, std::string("validation")}, std::pair{Stage::test, std::string("test")},
        std::pair{Stage::predict, std::string("predict")}}) {
    BOOST_TEST_CONTEXT(name) {
      TestEngine engine(2, 2);
      engine.facts_.test_batches = engine.facts_.predict_batches = {2};
      LoopFixture run(engine);
      run.stage = stage;
      Trace trace;
      double value = 0;
      engine.on_evaluation_step = [](loop::MetricSink& m) { m.log("loss", 3.0, {}); };
      Probe& probe = run.probe("a");
      probe.trace = &trace;
      probe.on[TENON_HOOK(on_metrics)] = [&](const void* given) {
        value = static_cast<const tenon_metrics_args*>(given)->metrics[0].value;
      };
      std::int32_t setup_stage = -1;
      probe.on[TENON_HOOK(on_setup)] = [&](const void* args) {
        setup_stage = static_cast<const tenon_event_args*>(args)->progress->stage;
      };
      const loop::FitResult result = run.run();
      BOOST_CHECK_EQUAL(result.reason, TENON_END_FINISHED);
      const std::string on = "a.on_" + name;
      expect(trace, {"a.on_setup", on + "_start", on + "_batch_start", on + "_batch_end", on + "_batch_start",
                     on + "_batch_end", on + "_end", "a.on_metrics", "a.on_teardown"});
      BOOST_CHECK_EQUAL(value, 3.0);
      BOOST_CHECK_EQUAL(setup_stage, static_cast<std::int32_t>(stage));
      BOOST_CHECK_EQUAL(run.fit().summary(result).at("metrics").at("loss").as_double(), 3.0);
    }
  }
}

BOOST_AUTO_TEST_CASE(limits_of_evaluations_take_a_count_or_a_share_of_each_loader) {
  for (const Stage stage : {Stage::validation, Stage::test, Stage::predict})
    for (const bool share : {true, false}) {
      TestEngine engine(2);
      const BatchLimit few = share ? BatchLimit::share_of(0.35) : BatchLimit::batches(3);
      LoopFixture run(engine);
      (stage == Stage::validation ? engine.facts_.validation_batches
       : stage == Stage::test     ? engine.facts_.test_batches
                                  : engine.facts_.predict_batches) = {10, 4};
      (stage == Stage::validation ? run.options.limit_val_batches
       : stage == Stage::test     ? run.options.limit_test_batches
                                  : run.options.limit_predict_batches) = few;
      run.stage = stage;
      std::vector<std::uint64_t> batches(2);
      engine.on_evaluation_step = [&](loop::MetricSink&) { ++batches.at(engine.evaluation_loader); };
      BOOST_CHECK(run.run().exit == ExitCode::ok);
      BOOST_CHECK_EQUAL(batches[0], 3u);
      BOOST_CHECK_EQUAL(batches[1], share ? 1u : 3u);
    }
}

BOOST_AUTO_TEST_CASE(an_error_of_an_evaluation_is_told_to_the_callbacks_and_ends_it) {
  TestEngine engine(2, 2);
  LoopFixture run(engine);
  run.stage = Stage::validation;
  engine.on_evaluation_step = [](loop::MetricSink&) { throw std::runtime_error("no such picture"); };
  Trace trace;
  run.probe("a").trace = &trace;
  const loop::FitResult result = run.run();
  BOOST_CHECK(result.exit == ExitCode::failed);
  BOOST_CHECK_EQUAL(result.detail, "validation: no such picture");
  expect(trace, {"a.on_setup", "a.on_validation_start", "a.on_validation_batch_start", "a.on_exception", "a.on_metrics",
                 "a.on_teardown"});
}

BOOST_AUTO_TEST_CASE(the_training_epoch_s_batches_are_known_after_a_sanity_check) {
  TestEngine engine(5, 3);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  run.options.num_sanity_val_steps = 1;
  std::vector<std::uint64_t> seen;
  run.probe("a").on[TENON_HOOK(on_train_batch_start)] = [&](const void* args) {
    seen.push_back(static_cast<const tenon_batch_args*>(args)->progress->stage_batches);
  };
  run.run();
  const std::vector<std::uint64_t> wanted(5, 5);
  BOOST_CHECK_EQUAL_COLLECTIONS(seen.begin(), seen.end(), wanted.begin(), wanted.end());
}
