// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Several evaluation loaders, and data whose length nobody knows.
#include <boost/test/unit_test.hpp>

#include "chain/abi.hpp"
#include "chain/recorder.hpp"
#include "loop_fixture.hpp"

using namespace tenon;
using namespace tenon::tests;
namespace tt = boost::test_tools;

namespace {

using Values = std::map<std::string, double>;

/// What on_metrics told at the end of a validation.
void collect_validation(Probe& p, Values& values) {
  p.on[TENON_HOOK(on_metrics)] = [&values](const void* a) {
    const auto& args = *static_cast<const tenon_metrics_args*>(a);
    if (args.event != TENON_HOOK(on_validation_end)) return;
    for (std::uint64_t i = 0; i < args.metric_count; ++i) {
      const auto* m = TENON_AT(tenon_logged_metric, args.metrics, args.metric_stride, i);
      values[std::string(view(m->name))] = m->value;
    }
  };
}

std::string refusal(loop::MetricStore& store, const char* name) {
  try {
    store.monitor(name, "min", nullptr);
  } catch (const chain::AbiError& e) {
    return e.what();
  }
  return "";
}

loop::EngineFacts two_loaders() {
  loop::EngineFacts facts;
  facts.validation_batches = {2, 2};
  return facts;
}

loop::FitResult fit_with(const std::function<void(LoopFixture&, TestEngine&)>& set) {
  TestEngine engine(4, 3);
  LoopFixture run(engine);
  run.options.max_epochs = 2;
  set(run, engine);
  return run.run();
}

}  // namespace

BOOST_AUTO_TEST_CASE(metrics_of_several_evaluation_loaders_carry_the_loaders_number) {
  TestEngine engine(2, 2);
  engine.facts_.validation_batches = {2, 3};
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  engine.on_evaluation_step = [&](loop::MetricSink& m) {
    m.log("val_loss", 10.0 * engine.evaluation_loader + static_cast<double>(engine.evaluation_batch), {});
    loop::LogOptions both;
    both.on_step = both.on_epoch = true;
    m.log("acc", static_cast<double>(engine.evaluation_batch), both);
    loop::LogOptions own;
    own.add_dataloader_idx = false;
    m.log(engine.evaluation_loader == 0 ? "clean" : "noisy", 1.0 + engine.evaluation_loader, own);
  };
  Values seen;
  collect_validation(run.probe("a"), seen);
  BOOST_TEST(run.run().detail == "");
  // Names as Lightning gives them, also where a value is logged on the step and on the epoch.
  const Values wanted = {{"val_loss/dataloader_idx_0", 1.5},
                         {"val_loss/dataloader_idx_1", 12.0},
                         {"acc/dataloader_idx_0", 2.0},
                         {"acc/dataloader_idx_1", 3.0},
                         {"acc_epoch/dataloader_idx_0", 1.5},
                         {"acc_epoch/dataloader_idx_1", 2.0},
                         {"clean", 1.0},
                         {"noisy", 2.0}};
  BOOST_CHECK(seen == wanted);
}

BOOST_AUTO_TEST_CASE(metrics_of_the_only_evaluation_loader_keep_their_names) {
  TestEngine engine(2, 2);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  engine.on_evaluation_step = [](loop::MetricSink& m) { m.log("val_loss", 1.0, {}); };
  Values seen;
  collect_validation(run.probe("a"), seen);
  run.run();
  BOOST_CHECK((seen == Values{{"val_loss", 1.0}}));
}

BOOST_AUTO_TEST_CASE(a_name_that_two_loaders_share_without_their_numbers_fails_the_step) {
  const loop::FitResult result = fit_with([](LoopFixture&, TestEngine& engine) {
    engine.facts_.validation_batches = {2, 2};
    engine.on_evaluation_step = [](loop::MetricSink& m) {
      loop::LogOptions plain;
      plain.add_dataloader_idx = false;
      m.log("val_loss", 1.0, plain);
    };
  });
  BOOST_CHECK(result.exit == ExitCode::failed);
  BOOST_TEST(result.detail ==
             "epoch 0, batch 4, validation: 'val_loss' is logged for loader 1 and was for loader 0, both with "
             "add_dataloader_idx = false, which would mix their values: log a name of its own for each loader");
}

BOOST_AUTO_TEST_CASE(a_declared_metric_stands_for_one_of_each_loader) {
  loop::EngineFacts facts = two_loaders();
  facts.declares_metrics = true;
  facts.metrics = {{"score", loop::Goal::maximize, loop::Stage::validation},
                   {"both", loop::Goal::minimize, loop::Stage::validation, false},
                   {"train_loss", loop::Goal::minimize, loop::Stage::train}};
  loop::MetricStore store(facts, true);
  BOOST_CHECK(store.monitor("score/dataloader_idx_1", "", nullptr) == loop::Goal::maximize);
  BOOST_CHECK(store.monitor("both", "", nullptr) == loop::Goal::minimize);
  BOOST_CHECK(store.monitor("train_loss", "", nullptr) == loop::Goal::minimize);
  store.check_monitored();
  BOOST_TEST(refusal(store, "score") ==
             "monitors 'score', which is logged for each of 2 loaders under its own name: monitor one of "
             "'score/dataloader_idx_0' to 'score/dataloader_idx_1', or log a name of its own for each loader with "
             "add_dataloader_idx = false");
}

BOOST_AUTO_TEST_CASE(a_callback_that_monitors_the_common_name_does_not_wait_for_ever) {
  TestEngine engine(2, 1);
  engine.facts_.validation_batches = {1, 1};
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  p.at_create = [&] { Metrics(Host(p.host)).monitor("val_loss"); };
  engine.on_evaluation_step = [](loop::MetricSink& m) { m.log("val_loss", 1.0, {}); };
  const loop::FitResult result = run.run();
  BOOST_CHECK(result.exit == ExitCode::failed);
  BOOST_TEST(result.detail.find("a callback monitors 'val_loss', which is logged for each of 2 loaders") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_name_that_the_training_logs_may_be_monitored_though_evaluations_log_it_too) {
  TestEngine engine(2, 1);
  engine.facts_.validation_batches = {1, 1};
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Probe& p = run.probe("a");
  p.at_create = [&] { Metrics(Host(p.host)).monitor("loss"); };
  engine.on_training_step = engine.on_evaluation_step = [](loop::MetricSink& m) { m.log("loss", 1.0, {}); };
  BOOST_TEST(run.run().detail == "");
}

BOOST_AUTO_TEST_CASE(a_validation_that_logs_nothing_is_warned_of_once) {
  const auto said = [](bool logs, bool on_step) {
    return chain::test::stderr_of([&] {
      TestEngine engine(2, 1);
      LoopFixture run(engine);
      run.options.max_epochs = 3;
      loop::LogOptions options;
      options.on_step = on_step;
      if (logs) engine.on_evaluation_step = [&](loop::MetricSink& m) { m.log("val_loss", 1.0, options); };
      run.run();
    });
  };
  const std::string warning = "the first validation has logged no metric: does the task have a validation_step()";
  const std::string text = said(false, false);
  const std::size_t at = text.find(warning);
  BOOST_TEST((at != std::string::npos && text.find(warning, at + 1) == std::string::npos), text);
  BOOST_TEST(said(true, false).find(warning) == std::string::npos);
  BOOST_TEST(said(true, true).find(warning) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_epoch_of_unknown_length_ends_when_the_data_do) {
  TestEngine engine(5, 1);
  engine.facts_.train_batches = TENON_UNKNOWN;
  engine.facts_.validation_batches = {TENON_UNKNOWN};
  LoopFixture run(engine);
  run.options.max_epochs = 2;
  Probe& p = run.probe("a");
  std::vector<bool> last, validated_whole;
  std::vector<std::uint64_t> known;
  p.on[TENON_HOOK(on_train_batch_end)] = [&](const void* a) {
    const auto& args = *static_cast<const tenon_batch_args*>(a);
    last.push_back((args.flags & TENON_BATCH_LAST) != 0);
    known.push_back(args.progress->batches);
  };
  p.on[TENON_HOOK(on_validation_end)] = [&](const void* a) {
    validated_whole.push_back(static_cast<const tenon_event_args*>(a)->complete == 1);
  };
  const loop::FitResult result = run.run();
  BOOST_TEST(result.steps == 10u);
  BOOST_TEST(engine.evaluations == 2u);
  BOOST_CHECK((last == std::vector<bool>{false, false, false, false, true, false, false, false, false, true}));
  BOOST_TEST(known == std::vector<std::uint64_t>(10, TENON_UNKNOWN), tt::per_element());
  BOOST_CHECK((validated_whole == std::vector<bool>{true, true}));
}

BOOST_AUTO_TEST_CASE(counts_limit_data_of_unknown_length) {
  TestEngine engine(5, 1);
  engine.facts_.train_batches = TENON_UNKNOWN;
  engine.facts_.validation_batches = {TENON_UNKNOWN, TENON_UNKNOWN};
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  run.options.limit_train_batches = {false, 1.0, 3};
  run.options.limit_val_batches = {false, 1.0, 2};
  Probe& p = run.probe("a");
  bool whole = true;
  p.on[TENON_HOOK(on_validation_end)] = [&](const void* a) {
    whole = static_cast<const tenon_event_args*>(a)->complete == 1;
  };
  std::uint64_t validated = 0;
  p.on[TENON_HOOK(on_validation_batch_end)] = [&](const void*) { ++validated; };
  BOOST_TEST(run.run().steps == 3u);
  BOOST_TEST(validated == 4u);
  BOOST_TEST(!whole);
}

BOOST_AUTO_TEST_CASE(a_share_of_data_of_unknown_length_is_refused) {
  const BatchLimit half{true, 0.5, 0};
  const auto refused = [&](const std::function<void(LoopFixture&, TestEngine&)>& set) {
    const loop::FitResult result = fit_with(set);
    BOOST_CHECK(result.refused);
    BOOST_CHECK(result.exit == ExitCode::manifest);
    BOOST_TEST(result.detail.starts_with(result.option + " is a share"));
    return result.detail;
  };
  BOOST_TEST(refused([&](LoopFixture& run, TestEngine& engine) {
               engine.facts_.train_batches = TENON_UNKNOWN;
               run.options.limit_train_batches = half;
             }) ==
             "limit_train_batches is a share of the training data, but their length is not known: give a count of "
             "batches");
  BOOST_TEST(refused([&](LoopFixture& run, TestEngine& engine) {
               engine.facts_.validation_batches = {3, TENON_UNKNOWN};
               run.options.limit_val_batches = half;
             }) ==
             "limit_val_batches is a share of the validation data, but their length is not known: give a count of "
             "batches");
  BOOST_TEST(refused([&](LoopFixture& run, TestEngine& engine) {
               engine.facts_.train_batches = TENON_UNKNOWN;
               run.options.val_check_interval = half;
             }) ==
             "val_check_interval is a share of the epoch, but the length of the training data is not known: give a "
             "count of batches");
}
