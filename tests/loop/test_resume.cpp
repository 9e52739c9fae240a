// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A run resumed at each of its commit points does from there on what the run did that never stopped.
#include <boost/test/unit_test.hpp>

#include <array>
#include <csignal>
#include <functional>
#include <set>

#include "loop/recovery.hpp"
#include "loop/resume_point.hpp"
#include "saves.hpp"

using namespace tenon;
using namespace tenon::tests;
namespace fs = std::filesystem;

namespace {

struct Recipe {
  std::function<void(TrainerOptions&)> options = [](TrainerOptions&) {};
  std::uint64_t stop_at_step = 0;  ///< 0: nobody asks for a stop
  std::uint64_t train = 5, validation = 2;
};

/// Everything that a callback sees, in order, with all counters.
using Trace = std::vector<std::string>;

class Training {
 public:
  Training(const Recipe& recipe, const std::string& name)
      : engine_(recipe.train, recipe.validation), run_(engine_, name) {
    engine_.trains = true;
    engine_.seed = 7;
    engine_.groups = {{0.1, 0.9}};
    engine_.on_training_step = [this](loop::MetricSink& sink) {
      sink.log("loss", engine_.loss, {.on_step = true, .on_epoch = true});
      sink.log("least", engine_.loss, {.on_step = false, .on_epoch = true, .reduce = Reduce::min});
    };
    engine_.on_evaluation_step = [this](loop::MetricSink& sink) {
      sink.log("val_loss", static_cast<double>(engine_.weights_[0]) + static_cast<double>(engine_.evaluation_batch),
               {});
    };
    engine_.on_step_schedulers = [this](loop::ScheduleMoment moment, const loop::MetricReader&) {
      if (moment == loop::ScheduleMoment::epoch) engine_.groups[0][0] *= 0.5;
    };
    run_.options.max_epochs = 3;
    run_.options.seed = 7;
    recipe.options(run_.options);
    Probe& saver = run_.probe("saver");
    const auto save_now = [this, &saver](const void*) { save(saver, "c" + std::to_string(++saves_)); };
    for (const std::uint32_t hook : {TENON_HOOK(on_train_batch_end), TENON_HOOK(on_train_epoch_end)})
      saver.on[hook] = save_now;
    saver.on[TENON_HOOK(on_train_end)] = save_now;
    Probe& recorder = run_.probe("recorder");
    recorder.on_any = [this, &recorder, &recipe](std::uint32_t hook, const void* args) {
      record(hook, args);
      if (hook == TENON_HOOK(on_ticket)) {
        const auto& ticket = *static_cast<const tenon_ticket_args*>(args);
        if (ticket.request == TENON_REQUEST_STOP)
          ended_stops_.push_back(ticket.outcome == TENON_TICKET_DONE ? "done" : "withdrawn");
      }
      recorder.saved_state = std::to_string(trace_.size()) + " " + std::to_string(saves_);
      if (hook == TENON_HOOK(on_train_batch_end) && recipe.stop_at_step != 0 && step_of(args) == recipe.stop_at_step)
        tenon::Run(Host(recorder.host)).request_stop("enough");
    };
  }

  loop::FitResult fit(const loop::ResumePoint* from = nullptr) {
    loop::Fit& fit = run_.make();
    if (from) {
      std::string state;
      for (const loop::SavedCallback& c : from->callbacks())
        if (c.id == "recorder") state.assign(reinterpret_cast<const char*>(c.state->data()), c.state->size());
      std::sscanf(state.c_str(), "%zu %zu", &begins_at_, &saves_);
      engine_.restore(from->engine_state(), loop::restore_all, "the checkpoint");
    }
    return fit.run(from);
  }

  /// The trace of the straight run that this one continues begins here.
  std::size_t begins_at() const { return begins_at_; }
  const Trace& trace() const { return trace_; }
  const Names& ended_stops() const { return ended_stops_; }
  TestEngine& engine() { return engine_; }
  fs::path checkpoints() const { return run_.folder / "checkpoints"; }

 private:
  void record(std::uint32_t hook, const void* args) {
    static const std::set<std::uint32_t> of_each_attempt = {
        TENON_HOOK(on_setup),    TENON_HOOK(on_fit_start),        TENON_HOOK(on_train_start),
        TENON_HOOK(on_ticket),   TENON_HOOK(on_checkpoint_saved), TENON_HOOK(decide_checkpoint),
        TENON_HOOK(decide_stop), TENON_HOOK(on_decision)};
    if (of_each_attempt.contains(hook)) return;
    // Every argument begins with its size, four bytes of its own, and the progress.
    const tenon_progress& p = *static_cast<const tenon_event_args*>(args)->progress;
    std::string line = std::to_string(hook) + ": epoch " + std::to_string(p.epoch) + " batch " +
                       std::to_string(p.batch) + " step " + std::to_string(p.step) + " samples " +
                       std::to_string(p.samples) + " validations " + std::to_string(p.validations) + " sequence " +
                       std::to_string(p.sequence) + " stage " + std::to_string(p.stage) + " " +
                       std::to_string(p.stage_batch) + " steps " + std::to_string(p.optimizer_steps);
    if (hook == TENON_HOOK(on_metrics)) {
      const auto& m = *static_cast<const tenon_metrics_args*>(args);
      for (const tenon_logged_metric& logged : tenon::logged(m)) {
        char value[64];
        std::snprintf(value, sizeof value, " %s=%a@%llu", std::string(view(logged.name)).c_str(), logged.value,
                      static_cast<unsigned long long>(logged.step));
        line += value;
      }
    }
    trace_.push_back(line);
  }

  TestEngine engine_;
  LoopFixture run_;
  Trace trace_;
  Names ended_stops_;
  std::size_t saves_ = 0, begins_at_ = 0;
};

/// Resumes at every checkpoint of a straight run and compares what follows with what followed there.
void check_every_commit_point(const Recipe& recipe) {
  Training straight(recipe, "straight");
  const loop::FitResult whole = straight.fit();
  std::size_t resumed_at = 0;
  for (const std::string& name : folders(straight.checkpoints())) {
    BOOST_TEST_CONTEXT("resumed from " << name) {
      const loop::ResumePoint from(checkpoint::Checkpoint::open(straight.checkpoints() / name));
      Training resumed(recipe, "resumed");
      const loop::FitResult rest = resumed.fit(&from);
      const Trace expected(straight.trace().begin() + static_cast<std::ptrdiff_t>(resumed.begins_at()),
                           straight.trace().end());
      if (from.position().phase == loop::Phase::final)  // has one commit point more: its numbers differ
        BOOST_CHECK_EQUAL(resumed.trace().size(), expected.size());
      else
        BOOST_CHECK_EQUAL_COLLECTIONS(resumed.trace().begin(), resumed.trace().end(), expected.begin(), expected.end());
      BOOST_CHECK(resumed.engine().weights_ == straight.engine().weights_);
      BOOST_CHECK(resumed.engine().momentum == straight.engine().momentum);
      BOOST_CHECK_EQUAL(resumed.engine().rng, straight.engine().rng);
      BOOST_CHECK_EQUAL(rest.reason, whole.reason);
      BOOST_CHECK_EQUAL(rest.epochs, whole.epochs);
      BOOST_CHECK_EQUAL(rest.steps, whole.steps);
      ++resumed_at;
    }
  }
  BOOST_CHECK_GE(resumed_at, 5u);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_run_goes_on_from_each_of_its_commit_points_as_if_it_had_never_stopped) {
  check_every_commit_point({});
}

BOOST_AUTO_TEST_CASE(so_it_does_under_accumulation) {
  check_every_commit_point({.options = [](TrainerOptions& o) { o.accumulate_grad_batches = 2; }});
}

BOOST_AUTO_TEST_CASE(so_it_does_where_validations_are_counted_across_epochs) {
  check_every_commit_point({.options = [](TrainerOptions& o) {
    o.val_check_interval = BatchLimit::batches(3);
    o.check_val_every_n_epoch = 0;
  }});
}

BOOST_AUTO_TEST_CASE(so_it_does_where_max_steps_cuts_the_last_epoch_short) {
  check_every_commit_point({.options = [](TrainerOptions& o) { o.max_steps = 12; }});
}

BOOST_AUTO_TEST_CASE(so_it_does_where_a_callback_stops_it) { check_every_commit_point({.stop_at_step = 8}); }

BOOST_AUTO_TEST_CASE(so_it_does_where_a_stop_waits_for_min_epochs) {
  check_every_commit_point({.options = [](TrainerOptions& o) { o.min_epochs = 2; }, .stop_at_step = 3});
}

BOOST_AUTO_TEST_CASE(a_run_that_max_steps_ended_inside_an_epoch_and_a_higher_limit_equal_one_run_to_that_limit) {
  const auto to = [](std::uint64_t steps) {
    return Recipe{.options = [steps](TrainerOptions& o) {
      o.max_steps = steps;
      o.max_epochs = no_limit;
    }};
  };
  Training straight(to(13), "straight");
  straight.fit();
  Training first(to(7), "first");
  first.fit();
  const std::string last = folders(first.checkpoints()).back();
  for (const std::string& name : folders(first.checkpoints())) {
    BOOST_TEST_CONTEXT("resumed from " << name) {
      const loop::ResumePoint from(checkpoint::Checkpoint::open(first.checkpoints() / name));
      if (from.position().step != 7) continue;  // behind the last batch, at the epoch's end, at the very end
      Training second(to(13), "second");
      second.fit(&from);
      BOOST_CHECK(second.engine().weights_ == straight.engine().weights_);
      BOOST_CHECK(second.engine().rng == straight.engine().rng);
      // The means over the epoch that was cut in two are those of the whole epoch.
      BOOST_REQUIRE(!second.trace().empty());
      const auto epoch_end = [](const Trace& trace) {
        std::string found;
        for (const std::string& line : trace)
          if (line.find("loss_epoch") != std::string::npos && line.find("epoch 1 batch 5 ") != std::string::npos)
            found = line.substr(line.find(" loss_epoch"));
        return found;
      };
      BOOST_CHECK(!epoch_end(straight.trace()).empty());
      BOOST_CHECK_EQUAL(epoch_end(second.trace()), epoch_end(straight.trace()));
    }
  }
}

BOOST_AUTO_TEST_CASE(an_interruption_ends_the_run_behind_the_batch_with_the_state_saved_and_nothing_else) {
  TestEngine engine(5);
  LoopFixture run(engine);
  Interruption interruption;
  Probe& saver = run.probe("saver");
  Names hooks;
  saver.on_any = [&](std::uint32_t hook, const void* args) {
    if (hook == TENON_HOOK(on_train_batch_end) && step_of(args) == 2) interruption.leave(SIGTERM);
    if (hook == TENON_HOOK(on_train_epoch_end)) hooks.push_back("on_train_epoch_end");
    if (hook != TENON_HOOK(on_train_end)) return;
    hooks.push_back("on_train_end");
    save(saver, "late");
  };
  loop::Fit& fit = run.make();
  loop::add_recovery(fit.chain(), interruption);
  const loop::FitResult result = fit.run(nullptr, &interruption);
  BOOST_CHECK_EQUAL(result.reason, TENON_END_INTERRUPTED);
  BOOST_CHECK(result.exit == ExitCode::interrupted);
  BOOST_CHECK_EQUAL(result.steps, 2u);  // although it came when the loop had looked for one already
  expect(hooks, {"on_train_end"});
  expect(folders(run.folder), {"recovery"});
  expect(folders(run.folder / "recovery"), {"step=2.ckpt"});
}

BOOST_AUTO_TEST_CASE(a_state_that_was_only_asked_for_and_could_not_be_saved_is_told_and_the_run_goes_on) {
  TestEngine engine(5);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Interruption interruption;
  interruption.save();
  std::ofstream(run.folder / "recovery") << "in the way";
  loop::Fit& fit = run.make();
  loop::add_recovery(fit.chain(), interruption);
  const loop::FitResult result = fit.run(nullptr, &interruption);
  BOOST_CHECK_EQUAL(result.reason, TENON_END_FINISHED);
  const boost::json::object summary = fit.summary(result);
  const boost::json::object& account = summary.at("callbacks").at(loop::recovery_id).as_object();
  BOOST_CHECK_EQUAL(account.at("failed").to_number<int>(), 1);
}

BOOST_AUTO_TEST_CASE(a_state_asked_for_twice_at_one_step_is_saved_twice) {
  TestEngine engine(2);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Interruption interruption;
  Probe& asker = run.probe("asker");
  asker.on_any = [&](std::uint32_t hook, const void* args) {
    const bool asks =
        hook == TENON_HOOK(on_train_epoch_end) || (hook == TENON_HOOK(on_train_batch_end) && step_of(args) == 2);
    if (asks) interruption.save();
  };
  loop::Fit& fit = run.make();
  loop::add_recovery(fit.chain(), interruption);
  BOOST_CHECK_EQUAL(fit.run(nullptr, &interruption).reason, TENON_END_FINISHED);
  expect(folders(run.folder / "recovery"), {"step=2-v1.ckpt"});
}

BOOST_AUTO_TEST_CASE(a_state_asked_for_inside_an_accumulation_group_is_named_by_the_step_that_it_holds) {
  for (const std::size_t batches_asking : {1, 2}) {
    TestEngine engine(7);
    LoopFixture run(engine);
    run.options.max_epochs = 1;
    run.options.accumulate_grad_batches = 3;
    Interruption interruption;
    Probe& asker = run.probe("asker");
    std::size_t batch = 0;
    asker.on[TENON_HOOK(on_train_batch_end)] = [&](const void*) {
      if (++batch == 4 || batch == 3 + batches_asking) interruption.save();  // step 1, on the way to step 2
    };
    loop::Fit& fit = run.make();
    loop::add_recovery(fit.chain(), interruption);
    BOOST_CHECK_EQUAL(fit.run(nullptr, &interruption).reason, TENON_END_FINISHED);
    expect(folders(run.folder / "recovery"), {"step=2.ckpt"});
    const auto saved = checkpoint::Checkpoint::open(run.folder / "recovery/step=2.ckpt");
    BOOST_CHECK_EQUAL(saved.document().at("progress").at("step").to_number<int>(), 2);
  }
}

BOOST_AUTO_TEST_CASE(the_stop_that_a_run_goes_on_behind_ends_withdrawn_and_is_not_carried_out_again) {
  const Recipe recipe{.stop_at_step = 8};
  Training straight(recipe, "straight");
  straight.fit();
  for (const bool done : {false, true}) {
    const loop::ResumePoint from(checkpoint::Checkpoint::open(straight.checkpoints() / "c9.ckpt"),
                                 loop::restore_everything, done);
    BOOST_REQUIRE_EQUAL(from.pending_stops().size(), 1u);
    Training second(recipe, "second");
    const loop::FitResult result = second.fit(&from);
    BOOST_CHECK_EQUAL(result.reason, done ? TENON_END_FINISHED : TENON_END_STOPPED);
    expect(second.ended_stops(), {done ? "withdrawn" : "done"});
  }
}

BOOST_AUTO_TEST_CASE(of_states_that_were_asked_for_the_newest_durable_one_is_kept_whatever_fails) {
  TestEngine engine(6);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Interruption interruption;
  Probe& asker = run.probe("asker");
  const std::string recovery = (run.folder / "recovery").native();
  asker.on_any = [&](std::uint32_t hook, const void* args) {
    if (hook != TENON_HOOK(on_train_batch_end)) return;
    const std::uint64_t step = step_of(args);
    if (step == 3) {  // the disk takes nothing at steps 3 and 4, and nothing can be written but by root either
      fs::rename(recovery, recovery + ".away");
      std::ofstream(recovery) << "in the way";
    }
    if (step == 5) {
      fs::remove(recovery);
      fs::rename(recovery + ".away", recovery);
    }
    interruption.save();
  };
  loop::Fit& fit = run.make();
  loop::add_recovery(fit.chain(), interruption);
  const loop::FitResult result = fit.run(nullptr, &interruption);
  BOOST_CHECK_MESSAGE(result.reason == TENON_END_FINISHED, result.detail);
  expect(folders(run.folder / "recovery"), {"step=6.ckpt"});
}

BOOST_AUTO_TEST_CASE(a_state_that_somebody_has_removed_since_keeps_nobody_from_saving_the_next) {
  TestEngine engine(5);
  LoopFixture run(engine);
  run.options.max_epochs = 1;
  Interruption interruption;
  Probe& asker = run.probe("asker");
  asker.on_any = [&](std::uint32_t hook, const void* args) {
    if (hook == TENON_HOOK(on_train_batch_end) && step_of(args) == 2) interruption.save();
  };
  interruption.save();
  loop::Fit& fit = run.make();
  loop::add_recovery(fit.chain(), interruption);
  fit.run(nullptr, &interruption);
  const fs::path saved = run.folder / "recovery/step=2.ckpt";
  BOOST_REQUIRE(fs::exists(saved));
  run.destroy();

  const loop::ResumePoint point(checkpoint::Checkpoint::open(saved));
  fs::rename(saved, run.folder / "elsewhere");
  Interruption again;
  again.leave(SIGTERM);
  loop::Fit& second = run.make();
  loop::add_recovery(second.chain(), again);
  engine.restore(point.engine_state(), loop::restore_all, "the checkpoint");
  second.go_on_from({}, &point);
  const loop::FitResult result = second.run(&point, &again);
  BOOST_CHECK_MESSAGE(result.exit == ExitCode::interrupted, result.detail);
  expect(folders(run.folder / "recovery"), {"step=3.ckpt"});
}

BOOST_AUTO_TEST_CASE(an_interruption_whose_save_fails_is_a_failure_and_says_so) {
  TestEngine engine(5);
  LoopFixture run(engine);
  Interruption interruption;
  interruption.leave(SIGTERM);
  std::ofstream(run.folder / "recovery") << "in the way";
  loop::Fit& fit = run.make();
  loop::add_recovery(fit.chain(), interruption);
  const loop::FitResult result = fit.run(nullptr, &interruption);
  BOOST_CHECK_EQUAL(result.reason, TENON_END_FAILED);
  BOOST_CHECK(result.exit == ExitCode::failed);
  BOOST_CHECK_MESSAGE(result.detail.find("the state could not be saved on SIGTERM") != std::string::npos,
                      result.detail);
}

BOOST_AUTO_TEST_CASE(another_version_of_a_plugin_is_told_as_a_difference_and_another_plugin_is_refused) {
  Training straight({}, "straight");
  straight.fit();
  const loop::ResumePoint from(checkpoint::Checkpoint::open(straight.checkpoints() / "c3.ckpt"));
  loop::RunFacts facts;
  facts.task_name = std::string(from.document().at("task").as_string());
  facts.options.seed = 7;
  facts.trainer = from.document().at("trainer").as_object();
  const auto compared_with = [&](const char* plugin, const char* version) {
    TestEngine engine(5);
    LoopFixture run(engine, "now");
    loop::Fit& fit = run.make();
    std::array<Probe, 2> probes;
    tenon_descriptor descriptor = probe::descriptor;
    descriptor.id = plugin;
    descriptor.version = version;
    next_probe = &probes[0];
    fit.chain().add({"probe", "saver", std::nullopt, {}, "test"}, descriptor, {});
    next_probe = &probes[1];
    fit.chain().add({"probe", "recorder", std::nullopt, {}, "test"}, probe::descriptor, {});
    const Names told = from.compare(facts, fit.chain());
    run.destroy();  // before its descriptor and its callbacks
    return told;
  };
  BOOST_TEST(compared_with("org.tenon.tests.probe", "1.0.0").empty());
  expect(compared_with("org.tenon.tests.probe", "1.1.0"),
         {"callback 'saver', version of the plugin (decisions may differ): 1.0.0 in the checkpoint, 1.1.0 now"});
  BOOST_CHECK_EXCEPTION(compared_with("org.tenon.tests.other", "1.0.0"), Failure, [](const Failure& failure) {
    return failure.code() == ExitCode::checkpoint &&
           std::string_view(failure.what())
                   .find(
                       "callback 'saver': plugin org.tenon.tests.probe in the checkpoint, "
                       "org.tenon.tests.other now") != std::string_view::npos;
  });
}
