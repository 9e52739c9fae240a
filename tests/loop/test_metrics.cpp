// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <cmath>

#include "chain/abi.hpp"
#include "loop_fixture.hpp"

using namespace tenon;
using namespace tenon::tests;
namespace tt = boost::test_tools;

namespace {

struct Seen {
  std::string event;
  std::map<std::string, double> values;
  std::map<std::string, std::uint64_t> steps;
  bool operator==(const Seen&) const = default;
};

void collect(Probe& p, std::vector<Seen>& seen) {
  p.on[TENON_HOOK(on_metrics)] = [&seen](const void* a) {
    const auto& args = *static_cast<const tenon_metrics_args*>(a);
    Seen s{std::string(view(args.event_name)), {}, {}};
    for (std::uint64_t i = 0; i < args.metric_count; ++i) {
      const auto* m = TENON_AT(tenon_logged_metric, args.metrics, args.metric_stride, i);
      s.values[std::string(view(m->name))] = m->value;
      s.steps[std::string(view(m->name))] = m->step;
    }
    seen.push_back(std::move(s));
  };
}

std::string refusal(loop::MetricStore& store, const char* name, const char* mode) {
  try {
    store.monitor(name, mode, nullptr);
  } catch (const chain::AbiError& e) {
    BOOST_CHECK_EQUAL(e.status(), TENON_E_INVALID_ARGUMENT);
    return e.what();
  }
  return "";
}

}  // namespace

BOOST_AUTO_TEST_CASE(log_every_n_steps_lets_through_every_nth_step_and_monitored_metrics_always) {
  TestEngine engine(6);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  run.options.log_every_n_steps = 4;
  engine.on_training_step = [&](loop::MetricSink& m) {
    m.log("train_loss", static_cast<double>(engine.batch), {});
    m.log("grad", 2.0, {});
  };
  std::vector<Seen> seen;
  Probe& p = run.probe("a");
  collect(p, seen);
  p.at_create = [&] { Metrics(Host(p.host)).monitor("train_loss"); };
  run.run();
  BOOST_REQUIRE_EQUAL(seen.size(), 7u);  // six batches and the epoch's end
  for (std::size_t i = 0; i < 6; ++i) {
    BOOST_CHECK_EQUAL(seen[i].values.at("train_loss"), static_cast<double>(i + 1));
    BOOST_CHECK_EQUAL(seen[i].steps.at("train_loss"), i + 1);
    BOOST_CHECK_EQUAL(seen[i].values.count("grad"), i == 3 ? 1u : 0u);
  }
  BOOST_CHECK_EQUAL(seen[6].event, "on_train_epoch_end");
  BOOST_CHECK(seen[6].values.empty());
}

BOOST_AUTO_TEST_CASE(unmonitored_metrics_between_log_steps_wake_nobody) {
  TestEngine engine(6);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  run.options.log_every_n_steps = 50;
  engine.on_training_step = [](loop::MetricSink& m) { m.log("train_loss", 1.0, {}); };
  std::vector<Seen> seen;
  collect(run.probe("a"), seen);
  run.run();
  BOOST_REQUIRE_EQUAL(seen.size(), 1u);
  BOOST_CHECK_EQUAL(seen[0].event, "on_train_epoch_end");
}

BOOST_AUTO_TEST_CASE(evaluation_metrics_are_means_weighted_by_batch_size_and_stamped_with_the_step_of_the_validation) {
  TestEngine engine(3, 3);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  engine.on_evaluation_step = [&](loop::MetricSink& m) {
    loop::LogOptions weighted;
    weighted.batch_size = engine.evaluation_batch == 3 ? 2 : 1;
    m.log("val_loss", static_cast<double>(engine.evaluation_batch), weighted);
    loop::LogOptions most;
    most.reduce = loop::Reduce::max;
    m.log("val_peak", -static_cast<double>(engine.evaluation_batch), most);
  };
  std::vector<Seen> seen;
  collect(run.probe("a"), seen);
  run.run();
  BOOST_REQUIRE_EQUAL(seen.size(), 2u);
  BOOST_CHECK_EQUAL(seen[0].event, "on_validation_end");
  BOOST_CHECK_EQUAL(seen[0].values.at("val_loss"), (1.0 + 2.0 + 2 * 3.0) / 4.0);
  BOOST_CHECK_EQUAL(seen[0].values.at("val_peak"), -1.0);
  BOOST_CHECK_EQUAL(seen[0].steps.at("val_loss"), 3u);
}

BOOST_AUTO_TEST_CASE(a_value_logged_on_the_step_and_the_epoch_has_two_names) {
  TestEngine engine(4);
  LoopFixture run(engine);
  run.options.max_epochs = 2;
  engine.on_training_step = [&](loop::MetricSink& m) {
    loop::LogOptions both;
    both.on_epoch = true;
    m.log("loss", static_cast<double>(engine.batch), both);
  };
  std::vector<Seen> seen;
  collect(run.probe("a"), seen);
  run.run();
  BOOST_REQUIRE_EQUAL(seen.size(), 10u);
  BOOST_CHECK_EQUAL(seen[3].values.at("loss"), 4.0);
  for (const std::size_t end : {4u, 9u}) {
    BOOST_CHECK_EQUAL(seen[end].event, "on_train_epoch_end");
    BOOST_CHECK_EQUAL(seen[end].values.at("loss_epoch"), 2.5);
  }
}

BOOST_AUTO_TEST_CASE(a_value_is_fresh_until_a_later_step_has_finished) {
  TestEngine engine(4, 1);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  run.options.val_check_interval = {false, 1.0, 2};
  engine.on_evaluation_step = [](loop::MetricSink& m) { m.log("val_loss", 0.5, {}); };
  std::vector<bool> fresh;
  Probe& p = run.probe("a");
  const auto look = [&](const void*) {
    const Metrics metrics{Host(p.host)};
    fresh.push_back(metrics.fresh(metrics.find("val_loss")).has_value());
  };
  p.on[TENON_HOOK(on_train_batch_end)] = look;
  p.on[TENON_HOOK(on_validation_end)] = look;
  p.on[TENON_HOOK(on_train_epoch_end)] = look;
  run.run();
  // batch 1, batch 2, validation, batch 3 (stale), batch 4, validation, epoch end
  const std::vector<bool> wanted = {false, false, true, false, false, true, true};
  BOOST_CHECK(fresh == wanted);
}

BOOST_AUTO_TEST_CASE(mode_comes_from_the_goal_or_the_name_and_a_contradiction_is_refused) {
  loop::EngineFacts facts;
  facts.metrics = {{"val_score", loop::Goal::minimize, loop::Stage::validation}};
  loop::MetricStore store(facts, true);
  BOOST_CHECK(store.monitor("val_score", "", nullptr) == loop::Goal::minimize);
  BOOST_CHECK(store.monitor("val_score", "auto", nullptr) == loop::Goal::minimize);
  BOOST_CHECK(store.monitor("train_loss", "", nullptr) == loop::Goal::minimize);
  BOOST_CHECK(store.monitor("my_accuracy", "", nullptr) == loop::Goal::maximize);
  BOOST_CHECK(store.monitor("unheard", "max", nullptr) == loop::Goal::maximize);
  BOOST_CHECK_EQUAL(
      refusal(store, "val_score", "max"),
      "\"mode\": \"max\" contradicts the goal of 'val_score', which is to minimize: leave mode out or say \"min\"");
  BOOST_CHECK(
      refusal(store, "wobble", "").starts_with("'mode' is missing: whether a small or a large 'wobble' is better"));
  BOOST_CHECK(refusal(store, "acc_loss", "").starts_with("'mode' is missing"));
  BOOST_CHECK(refusal(store, "acc_loss", "min").empty());
  for (const char* turned : {"accuracy_gap", "1-acc", "neg_loss", "loss_improvement", "val_error_free"}) {
    BOOST_CHECK_MESSAGE(refusal(store, turned, "").starts_with("'mode' is missing"), turned);
    BOOST_CHECK_MESSAGE(refusal(store, turned, "min").empty(), turned);
  }
  BOOST_CHECK_EQUAL(refusal(store, "val_acc", "min"),
                    "\"mode\": \"min\" contradicts the name of 'val_acc', by which more is better: leave mode out, or "
                    "declare the metric in the task with the goal to minimize");
  BOOST_CHECK(refusal(store, "train_loss", "least").find("\"min\", \"max\" or \"auto\"") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_validation_metric_cannot_be_monitored_without_a_validation) {
  loop::EngineFacts facts;
  facts.metrics = {{"val_loss", loop::Goal::minimize, loop::Stage::validation}};
  loop::MetricStore store(facts, false);
  BOOST_CHECK(refusal(store, "val_loss", "").find("this run has no validation") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_monitored_metric_that_nobody_declares_is_refused_at_start_with_the_nearest_name) {
  TestEngine engine(2, 1);
  engine.facts_.declares_metrics = true;
  engine.facts_.metrics = {{"val_loss", loop::Goal::minimize, loop::Stage::validation},
                           {"val_acc", loop::Goal::maximize, loop::Stage::validation}};
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  p.at_create = [&] { Metrics(Host(p.host)).monitor("val_los", "min"); };
  const loop::FitResult result = run.run();
  BOOST_CHECK(result.exit == ExitCode::manifest);
  BOOST_TEST(result.detail ==
             "test: callback 'a' (org.tenon.tests.probe 1.0.0) monitors 'val_los', but neither the task "
             "nor a callback declares it; did you mean 'val_loss'?");
  BOOST_CHECK_EQUAL(engine.steps, 0u);
}

BOOST_AUTO_TEST_CASE(a_longer_or_shorter_word_for_a_metric_and_one_without_its_loader_are_recognized) {
  loop::EngineFacts facts;
  facts.declares_metrics = true;
  facts.validation_batches = {1, 1};
  facts.metrics = {{"train_loss", loop::Goal::minimize, loop::Stage::train},
                   {"val_acc", loop::Goal::maximize, loop::Stage::validation}};
  const loop::MetricStore store(facts, true);
  BOOST_TEST(store.nearest("training_loss") == "; did you mean 'train_loss'?");
  BOOST_TEST(store.nearest("val_accuracy") == "; did you mean 'val_acc/dataloader_idx_0'?");
  BOOST_TEST(store.nearest("val_ac/dataloader_idx_1") == "; did you mean 'val_acc/dataloader_idx_1'?");
  BOOST_TEST(store.nearest("reward") ==
             "; known are 'epoch', 'step', 'train_loss', 'val_acc/dataloader_idx_0', 'val_acc/dataloader_idx_1'");
}

BOOST_AUTO_TEST_CASE(a_callback_records_its_own_metric_and_no_other) {
  TestEngine engine(3);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  std::vector<Seen> seen;
  Probe& writer = run.probe("writer");
  Probe& reader = run.probe("reader");
  tenon_metric mine = TENON_NO_METRIC;
  writer.at_create = [&] {
    mine = Metrics(Host(writer.host)).declare("lr", TENON_METRIC_ON_STEP | TENON_METRIC_LOGGER);
  };
  writer.on[TENON_HOOK(on_train_batch_end)] = [&](const void*) { Metrics(Host(writer.host)).record(mine, 0.1); };
  collect(reader, seen);
  tenon_status status = TENON_OK, taken = TENON_OK;
  reader.at_create = [&] {
    try {
      Metrics(Host(reader.host)).declare("lr", TENON_METRIC_ON_STEP);
    } catch (const Error& e) {
      taken = e.status();
    }
  };
  reader.on[TENON_HOOK(on_train_batch_end)] = [&](const void*) {
    try {
      Metrics(Host(reader.host)).record(mine, 0.2);
    } catch (const Error& e) {
      status = e.status();
    }
  };
  run.run();
  BOOST_CHECK_EQUAL(status, TENON_E_WRONG_STATE);
  BOOST_CHECK_EQUAL(taken, TENON_E_WRONG_STATE);
  BOOST_REQUIRE_EQUAL(seen.size(), 4u);
  BOOST_CHECK_EQUAL(seen[0].values.at("lr"), 0.1);
}

BOOST_AUTO_TEST_CASE(epoch_and_step_are_metrics_and_always_fresh) {
  TestEngine engine(2);
  LoopFixture run(engine);
  run.options.max_epochs = 2;
  Probe& p = run.probe("a");
  std::vector<double> values;
  p.on[TENON_HOOK(on_train_epoch_end)] = [&](const void*) {
    const Metrics m{Host(p.host)};
    values.push_back(m.fresh(m.find("epoch")).value());
    values.push_back(m.fresh(m.find("step")).value());
  };
  run.run();
  const std::vector<double> wanted = {0, 2, 1, 4};
  BOOST_TEST(values == wanted, tt::per_element());
}

BOOST_AUTO_TEST_CASE(one_name_reduced_over_the_epoch_and_over_a_validation_inside_it_mixes_nothing) {
  TestEngine engine(4, 2);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  run.options.val_check_interval = {false, 1.0, 2};
  loop::LogOptions epoch;
  epoch.on_step = false;
  epoch.on_epoch = true;
  engine.on_training_step = [&](loop::MetricSink& m) { m.log("loss", 1.0, epoch); };
  engine.on_evaluation_step = [&](loop::MetricSink& m) {
    loop::LogOptions sum = epoch;
    sum.reduce = loop::Reduce::sum;
    m.log("loss", 100.0, sum);
  };
  std::vector<Seen> seen;
  collect(run.probe("a"), seen);
  run.run();
  BOOST_REQUIRE_EQUAL(seen.size(), 3u);
  BOOST_CHECK_EQUAL(seen[0].event, "on_validation_end");
  BOOST_CHECK_EQUAL(seen[0].values.at("loss"), 200.0);
  BOOST_CHECK_EQUAL(seen[1].values.at("loss"), 200.0);
  BOOST_CHECK_EQUAL(seen[2].event, "on_train_epoch_end");
  BOOST_CHECK_EQUAL(seen[2].values.at("loss"), 1.0);
}

BOOST_AUTO_TEST_CASE(what_one_callback_decides_by_is_no_goal_of_the_metric) {
  loop::MetricStore store({}, true);
  BOOST_CHECK(store.monitor("unheard", "max", nullptr) == loop::Goal::maximize);
  BOOST_CHECK(store.monitor("unheard", "min", nullptr) == loop::Goal::minimize);  // nobody has declared a goal
  BOOST_CHECK(store.at(store.id("unheard")).goal == loop::Goal::none);
  loop::MetricStore other({}, true);
  other.monitor("score", "min", nullptr);
  loop::LogOptions up;
  up.goal = loop::Goal::maximize;
  other.enter(loop::Stage::train, 1, 0, 1);
  BOOST_CHECK_EXCEPTION(other.log("score", 1.0, up), std::invalid_argument, [](const auto& e) {
    return std::string(e.what()) ==
           "'score' is logged with the goal to maximize, but a callback monitors it the other way: correct its `mode`";
  });
}

BOOST_AUTO_TEST_CASE(a_declaration_against_the_mode_by_which_somebody_decides_is_refused) {
  loop::MetricStore store({}, true);
  store.monitor("score", "min", nullptr);
  loop::LogOptions up;
  up.goal = loop::Goal::maximize;
  BOOST_CHECK_EXCEPTION(store.declare("score", up, "writer"), chain::AbiError, [](const auto& e) {
    return e.status() == TENON_E_INVALID_ARGUMENT &&
           std::string(e.what()).find("declared with the goal to maximize") != std::string::npos;
  });
  store.declare("score", {}, "writer");  // without a goal of its own
  BOOST_CHECK(store.at(store.id("score")).goal == loop::Goal::none);
}

BOOST_AUTO_TEST_CASE(epoch_and_step_that_the_task_logs_itself_count_while_they_are_fresh) {
  TestEngine engine(2, 1);
  LoopFixture run(engine);
  run.options.max_epochs = 2;
  engine.on_evaluation_step = [&](loop::MetricSink& m) {
    if (engine.evaluations > 1) return;
    m.log("epoch", 7.0, {});
    m.log("step", 99.0, {});
  };
  Probe& p = run.probe("a");
  std::vector<double> values;
  const auto look = [&](const void*) {
    const Metrics m{Host(p.host)};
    for (const char* name : {"epoch", "step"}) values.push_back(m.fresh(m.find(name)).value());
  };
  for (const std::uint32_t hook :
       {TENON_HOOK(on_train_batch_end), TENON_HOOK(on_validation_end), TENON_HOOK(on_train_epoch_end)})
    p.on[hook] = look;
  std::vector<Seen> seen;
  collect(p, seen);
  run.run();
  const std::vector<double> wanted = {0, 1, 0, 2, 7, 99, 7, 99, /* the next step has finished */ 1,
                                      3, 1, 4, 1, 4, 1,  4};
  BOOST_TEST(values == wanted, tt::per_element());
  BOOST_CHECK_EQUAL(seen.at(0).values.at("epoch"), 7.0);
  BOOST_CHECK_EQUAL(seen.at(0).steps.at("step"), 2u);
}
