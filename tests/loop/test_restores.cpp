// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Weights that are kept, and put back into a running training or at its end.
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <cstring>
#include <fstream>
#include <optional>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/format.hpp"
#include "loop/kept_weights.hpp"
#include "loop/recovery.hpp"
#include "loop/resume_point.hpp"
#include "loop/run_checkpoints.hpp"
#include "saves.hpp"

using namespace tenon;
using namespace tenon::tests;
namespace fs = std::filesystem;

namespace {

constexpr std::int32_t model = TENON_RESTORE_MODEL, both = TENON_RESTORE_MODEL_AND_OPTIMIZER;
constexpr std::int32_t now = TENON_RESTORE_NEXT_COMMIT, at_end = TENON_RESTORE_AT_END;

using Weights = std::array<float, 4>;
Weights filled(float with) {
  Weights w;
  w.fill(with);
  return w;
}

/// The only parameter, as a checkpoint has it; `file` may be the training's.
Weights weights_of(const fs::path& at, std::string_view file = checkpoint::model_file,
                   const std::string& name = "weight") {
  const checkpoint::LoadedTensors loaded = checkpoint::Checkpoint::open(at).load(file);
  Weights w = filled(-1.0f);
  for (const checkpoint::TensorRecord& record : loaded.records)
    if (record.name == name) std::memcpy(w.data(), record.bytes.data(), sizeof w);
  return w;
}

template <class Body>
void check_refused(tenon_status status, const std::string& words, const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    BOOST_CHECK_EQUAL(error.status(), status);
    BOOST_CHECK_MESSAGE(std::string(error.what()).find(words) != std::string::npos, error.what());
    return;
  }
  BOOST_ERROR("not refused: " << words);
}

/// Two epochs of four steps, each of which moves the weights by one; `at_step` is what callback "a" does at a batch's
/// end.
struct Restoring {
  explicit Restoring(const std::string& name = "run", std::uint64_t train = 4)
      : engine(train), run(engine, name), p(run.probe("a")) {
    run.options.max_epochs = 2;
    collect(p, tickets);
    p.on[TENON_HOOK(on_train_batch_end)] = [this](const void* a) {
      const std::uint64_t step = step_of(a);
      if (at_step.contains(step)) at_step[step]();
    };
    p.on[TENON_HOOK(on_decision)] = [this](const void* a) {
      const auto& d = *static_cast<const tenon_decision_args*>(a);
      decisions.push_back(std::string(view(d.callback_id)) + " " + std::string(view(d.action_name)) + " " +
                          std::string(view(d.path)) + (d.target.size ? " -> " + std::string(view(d.target)) : "") +
                          ": " + std::string(view(d.reason)));
    };
    p.on[TENON_HOOK(on_checkpoint_loaded)] = [this](const void* a) {
      const auto& c = *static_cast<const tenon_checkpoint_args*>(a);
      loaded.push_back(std::string(view(c.checkpoint->name)) + "@" + std::to_string(c.checkpoint->step) + ": " +
                       std::string(view(c.reason)) + ", told at " + std::to_string(c.progress->step));
    };
  }
  Checkpoints checkpoints() const { return Checkpoints(Host(p.host)); }
  void stop() const { Run(Host(p.host)).request_stop("enough"); }
  fs::path at(const std::string& name) const { return run.folder / "checkpoints" / (name + ".ckpt"); }
  std::optional<Ticket> ended(tenon_ticket ticket) const {
    for (const Ticket& t : tickets)
      if (t.ticket == ticket) return t;
    return std::nullopt;
  }
  loop::FitResult resume(const fs::path& from) {
    const loop::ResumePoint point(checkpoint::Checkpoint::open(from));
    loop::Fit& fit = run.make();
    engine.restore(point.engine_state(), loop::restore_all, "the checkpoint");
    return fit.run(&point);
  }

  TestEngine engine;
  LoopFixture run;
  Probe& p;
  std::map<std::uint64_t, std::function<void()>> at_step;
  std::vector<Ticket> tickets;
  Names decisions, loaded;
};

}  // namespace

BOOST_AUTO_TEST_CASE(kept_weights_come_back_before_anything_is_saved_and_progress_stays_where_it_is) {
  Restoring s;
  tenon_ticket kept = 0, restored = 0;
  std::vector<float> seen;
  s.at_step[2] = [&] { kept = s.checkpoints().keep("the best so far"); };
  s.at_step[4] = [&] {
    save(s.p, "c");
    restored = s.checkpoints().restore(model, now, "back to the best");
  };
  s.at_step[5] = [&] { seen.push_back(s.engine.weights_[0]); };
  const loop::FitResult result = s.run.run();
  BOOST_CHECK_EQUAL(result.steps, 8u);
  BOOST_CHECK(seen == std::vector<float>{3.0f});  // 2 and one step
  BOOST_CHECK(s.engine.weights_ == filled(6.0f));
  BOOST_CHECK(weights_of(s.at("c")) == filled(2.0f));
  BOOST_CHECK_EQUAL(document(s.at("c")).at("progress").at("step").to_number<int>(), 4);
  BOOST_CHECK(s.engine.restored == std::vector<std::uint32_t>{loop::restore_model});
  BOOST_REQUIRE(s.ended(kept) && s.ended(restored));
  BOOST_CHECK_EQUAL(s.ended(kept)->outcome, TENON_TICKET_DONE);
  BOOST_CHECK_EQUAL(s.ended(restored)->outcome, TENON_TICKET_DONE);
  BOOST_CHECK_EQUAL(s.ended(restored)->step, 4u);  // told at the commit point behind it
  BOOST_CHECK_EQUAL(s.ended(restored)->path, "");
  BOOST_CHECK_EQUAL(s.ended(restored)->reason, "back to the best");
  expect(s.loaded, {"@2: back to the best, told at 4"});
  BOOST_CHECK_EQUAL(s.decisions.at(0), "a restore : back to the best");
  expect(folders(s.run.folder / "checkpoints"), {"c.ckpt"});  // it did not end with them: no `final`
}

/// Asked for with the score that a metric has now.
tenon_ticket save_scored(const Probe& p, const std::string& name, const std::string& monitor = "val_loss") {
  tenon_save_request r = Checkpoints::save(TENON_CHECKPOINT_FULL, name, "the best so far");
  r.monitor = text(monitor);
  r.score = 0.5;
  return Checkpoints(Host(p.host)).request(r);
}

BOOST_AUTO_TEST_CASE(a_score_does_not_go_over_to_weights_that_are_put_in_the_place_of_the_measured_ones) {
  Restoring s;
  s.engine.facts_.validation_batches = {1};
  s.engine.on_evaluation_step = [](loop::MetricSink& sink) { sink.log("val_loss", 0.5, {}); };
  tenon_ticket scored = 0, counted = 0;
  std::vector<bool> fresh;
  const auto look = [&] {
    const Metrics metrics{Host(s.p.host)};
    fresh.push_back(metrics.fresh(metrics.find("val_loss")).has_value());
    fresh.push_back(metrics.fresh(metrics.find("step")).has_value());
  };
  s.at_step[2] = [&] { s.checkpoints().keep("one"); };
  s.p.on[TENON_HOOK(on_validation_end)] = [&](const void*) {
    if (scored) return;
    scored = save_scored(s.p, "scored");
    counted = save_scored(s.p, "counted", "step");
    s.checkpoints().restore(model, now, "back to one");
    look();
  };
  s.p.on[TENON_HOOK(on_train_epoch_end)] = [&](const void*) { look(); };
  s.run.run();
  // Of this step's validation, and of the next epoch's.
  BOOST_CHECK((fresh == std::vector<bool>{true, true, false, true, true, true}));
  BOOST_REQUIRE(s.ended(scored) && s.ended(counted));
  BOOST_CHECK_EQUAL(s.ended(scored)->outcome, TENON_TICKET_WITHDRAWN);
  const std::string why = "not saved: val_loss was measured on weights in whose place 'a' has put others";
  BOOST_CHECK_EQUAL(s.ended(scored)->reason, why);
  BOOST_CHECK_EQUAL(s.ended(counted)->outcome, TENON_TICKET_DONE);
  expect(folders(s.run.folder / "checkpoints"), {"counted.ckpt"});
  BOOST_CHECK(std::count(s.decisions.begin(), s.decisions.end(), "a skip checkpoints/scored.ckpt: " + why) == 1);
}

BOOST_AUTO_TEST_CASE(a_score_measured_inside_an_accumulation_group_is_of_no_weights_that_could_be_saved) {
  Restoring s("run", 4);
  s.run.options.accumulate_grad_batches = 2;
  s.run.options.max_epochs = 1;
  std::uint64_t asked = 0;
  s.p.on[TENON_HOOK(on_train_batch_end)] = [&](const void*) { save_scored(s.p, std::to_string(++asked)); };
  s.run.run();
  expect(folders(s.run.folder / "checkpoints"), {"2.ckpt", "4.ckpt"});
  BOOST_CHECK_EQUAL(document(s.at("2")).at("progress").at("step").to_number<int>(), 1);
  BOOST_REQUIRE_EQUAL(s.tickets.size(), 4u);
  BOOST_CHECK_EQUAL(s.tickets[0].outcome, TENON_TICKET_WITHDRAWN);
  BOOST_CHECK(s.tickets[0].reason.find("ask for it behind a batch that steps") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_checkpoint_gives_back_the_model_or_the_optimizer_too) {
  for (const std::int32_t scope : {model, both}) {
    Restoring s;
    s.engine.trains = true;
    s.engine.groups = {{0.1, 0.9}};
    tenon_ticket ticket = 0;
    Weights weights{}, momentum{};
    std::uint64_t rng = 0;
    s.at_step[2] = [&] {
      save(s.p, "c");
      weights = s.engine.weights_;
      momentum = s.engine.momentum;
      rng = s.engine.rng;
    };
    s.at_step[3] = [&] { ticket = s.checkpoints().restore(scope, now, "as it was", s.at("c").native()); };
    s.p.on[TENON_HOOK(on_train_batch_start)] = [&](const void* a) {
      if (step_of(a) != 3) return;
      BOOST_CHECK(s.engine.weights_ == weights);
      BOOST_CHECK_EQUAL(s.engine.momentum == momentum, scope == both);
      BOOST_CHECK_NE(s.engine.rng, rng);
      BOOST_CHECK_EQUAL(s.engine.position, 16u);
    };
    s.run.run();
    BOOST_CHECK_EQUAL(s.ended(ticket)->outcome, TENON_TICKET_DONE);
    BOOST_CHECK_EQUAL(s.ended(ticket)->path, s.at("c").native());
    expect(s.loaded, {"c@2: as it was, told at 4"});
  }
}

BOOST_AUTO_TEST_CASE(what_the_first_commit_point_of_a_step_has_copied_is_not_lent_to_one_behind_a_restore) {
  Restoring s;
  s.engine.only_in_step = true;
  s.at_step[2] = [&] { s.checkpoints().keep("best"); };
  s.at_step[4] = [&] { save(s.p, "batch"); };
  s.p.on[TENON_HOOK(on_train_epoch_end)] = [&](const void* a) {
    if (static_cast<const tenon_event_args*>(a)->progress->epoch != 0) return;
    s.checkpoints().restore(model, now, "back");
    save(s.p, "epoch");
  };
  s.run.run();
  BOOST_CHECK(weights_of(s.at("batch")) == filled(4.0f));
  BOOST_CHECK(weights_of(s.at("epoch")) == filled(2.0f));
}

BOOST_AUTO_TEST_CASE(
    at_the_end_however_it_comes_the_run_ends_with_them_and_final_points_at_the_checkpoint_that_has_them) {
  for (const std::string how : {"finished", "stopped", "failed"}) {
    BOOST_TEST_CONTEXT(how) {
      Restoring s;
      tenon_ticket ticket = 0;
      s.at_step[3] = [&] {
        save(s.p, "best");
        s.checkpoints().keep("best");
        ticket = s.checkpoints().restore(model, at_end, "the best weights");
      };
      s.at_step[6] = [&] {
        if (how == "stopped") s.stop();
        if (how == "failed") s.engine.on_training_step = [](loop::MetricSink&) { throw std::runtime_error("broken"); };
      };
      const loop::FitResult result = s.run.run();
      BOOST_CHECK_EQUAL(result.reason, how == "finished"  ? TENON_END_FINISHED
                                       : how == "stopped" ? TENON_END_STOPPED
                                                          : TENON_END_FAILED);
      BOOST_CHECK(s.engine.weights_ == filled(3.0f));
      BOOST_CHECK_EQUAL(target(s.at("final")), "best.ckpt");
      BOOST_REQUIRE(s.ended(ticket));
      BOOST_CHECK_EQUAL(s.ended(ticket)->outcome, TENON_TICKET_DONE);
      expect(folders(s.run.folder / "checkpoints"), {"best.ckpt", "final.ckpt"});
      BOOST_CHECK_EQUAL(
          s.decisions.back(),
          " ref checkpoints/final.ckpt -> checkpoints/best.ckpt: 'final' has the weights that the run ends with");
    }
  }
}

BOOST_AUTO_TEST_CASE(where_no_checkpoint_has_them_the_host_saves_them) {
  for (const bool fails : {false, true}) {
    Restoring s;
    s.at_step[3] = [&] {
      s.checkpoints().keep("best");
      s.checkpoints().restore(model, at_end, "the best weights");
    };
    s.at_step[5] = [&] { save(s.p, "later"); };
    s.at_step[6] = [&] {
      if (fails) s.engine.on_training_step = [](loop::MetricSink&) { throw std::runtime_error("broken"); };
    };
    std::vector<tenon_ticket> asked;
    s.p.on[TENON_HOOK(decide_checkpoint)] = [&](const void* a) {
      const auto& r = *static_cast<const tenon_request_args*>(a);
      BOOST_CHECK_EQUAL(view(r.by), asked.empty() ? "a" : "");
      asked.push_back(r.ticket);
    };
    s.run.run();
    expect(folders(s.run.folder / "checkpoints"), {"final-weights.ckpt", "final.ckpt", "later.ckpt"});
    BOOST_CHECK_EQUAL(target(s.at("final")), "final-weights.ckpt");
    const auto written = checkpoint::Checkpoint::open(s.at("final"));
    BOOST_CHECK(!written.is_full());
    BOOST_CHECK(weights_of(s.at("final")) == filled(3.0f));
    BOOST_CHECK(written.document().at("consistent").as_bool());
    const auto& from = written.document().at("metadata").at("tenon:host").at("restored_from");
    BOOST_CHECK_EQUAL(from.at("step").to_number<int>(), 3);
    // Nobody asked for this ticket, and nobody is told of it.
    BOOST_CHECK_EQUAL(asked.size(), 2u);
    BOOST_CHECK(!s.ended(asked.back()));
    const boost::json::object account = s.run.fit().summary({}).at("callbacks").at("a").as_object();
    BOOST_CHECK_EQUAL(account.at("saved").to_number<int>(), 1);
  }
}

BOOST_AUTO_TEST_CASE(a_checkpoint_that_somebody_lets_go_of_at_the_end_stays_while_final_points_at_it) {
  Restoring s;
  tenon_ticket best = 0;
  s.at_step[3] = [&] { best = save(s.p, "best"); };
  s.at_step[4] = [&] { s.checkpoints().restore(model, at_end, "best", s.at("best").native()); };
  s.p.on[TENON_HOOK(on_train_end)] = [&](const void*) { s.checkpoints().release(best, 0, "the run is over"); };
  s.run.run();
  expect(folders(s.run.folder / "checkpoints"), {"best.ckpt", "final.ckpt"});
  BOOST_CHECK(s.engine.weights_ == filled(3.0f));
}

BOOST_AUTO_TEST_CASE(weights_of_another_runs_checkpoint_are_saved_as_this_runs_own_at_its_end) {
  Restoring other("other");
  other.at_step[2] = [&] { save(other.p, "theirs"); };
  other.run.run();
  Restoring s;
  s.at_step[1] = [&] { s.checkpoints().restore(model, at_end, "theirs", other.at("theirs").native()); };
  s.run.run();
  BOOST_CHECK(s.engine.weights_ == filled(2.0f));
  BOOST_CHECK_EQUAL(target(s.at("final")), "final-weights.ckpt");
  expect(s.loaded, {"theirs@2: theirs, told at 8"});
}

BOOST_AUTO_TEST_CASE(a_second_request_replaces_the_first_and_one_can_be_withdrawn) {
  Restoring s;
  std::vector<tenon_ticket> t;
  s.at_step[2] = [&] {
    t.push_back(s.checkpoints().keep("first"));
    t.push_back(s.checkpoints().keep("second"));
    t.push_back(s.checkpoints().restore(model, at_end, "first"));
    t.push_back(s.checkpoints().restore(model, at_end, "second"));
  };
  s.at_step[3] = [&] { Run(Host(s.p.host)).withdraw(t.back(), "not needed"); };
  s.run.run();
  const std::vector<std::int32_t> outcomes{TENON_TICKET_REPLACED, TENON_TICKET_DONE, TENON_TICKET_REPLACED,
                                           TENON_TICKET_WITHDRAWN};
  for (std::size_t i = 0; i < t.size(); ++i) BOOST_CHECK_EQUAL(s.ended(t[i])->outcome, outcomes[i]);
  BOOST_CHECK(s.engine.weights_ == filled(8.0f));
  BOOST_CHECK(!fs::exists(s.run.folder / "checkpoints"));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_asked_for_is_refused_with_the_reason) {
  Restoring s;
  s.p.on[TENON_HOOK(on_setup)] = [&](const void*) {
    check_refused(TENON_E_WRONG_STATE, "from on_fit_start on", [&] { s.checkpoints().keep(""); });
    check_refused(TENON_E_INVALID_ARGUMENT, "'final' is the host's own ref",
                  [&] { s.checkpoints().claim("", "final"); });
  };
  s.at_step[1] = [&] {
    const Checkpoints c = s.checkpoints();
    check_refused(TENON_E_WRONG_STATE, "has kept no weights", [&] { c.restore(model, now, ""); });
    check_refused(TENON_E_INVALID_ARGUMENT, "scope", [&] { c.restore(7, now, ""); });
    check_refused(TENON_E_INVALID_ARGUMENT, "AT_END", [&] { c.restore(model, 7, ""); });
    check_refused(TENON_E_INVALID_ARGUMENT, "no absolute path", [&] { c.restore(model, now, "", "a.ckpt"); });
    check_refused(TENON_E_NOT_FOUND, "there is no checkpoint", [&] { c.restore(model, now, "", "/nowhere/a.ckpt"); });
    c.keep("");
    check_refused(TENON_E_INVALID_ARGUMENT, "name a full checkpoint", [&] { c.restore(both, now, ""); });
    c.restore(model, now, "of what is kept at this same commit point");
  };
  s.p.on[TENON_HOOK(on_fit_end)] = [&](const void*) {
    check_refused(TENON_E_WRONG_STATE, "the last commit point has passed", [&] { s.checkpoints().keep(""); });
  };
  BOOST_CHECK_EQUAL(s.run.run().reason, TENON_END_FINISHED);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_or_is_damaged_fails_its_ticket_and_changes_nothing) {
  Restoring s;
  s.engine.trains = true;
  s.engine.groups = {{0.1, 0.9}};
  std::map<std::string, tenon_ticket> t;
  std::map<std::string, std::string> words{
      {"damaged", "checksum"}, {"weights", "holds weights only"}, {"gone", "gone.ckpt"}};
  s.at_step[1] = [&] {
    for (const char* name : {"damaged", "gone"}) save(s.p, name);
    save(s.p, "weights", TENON_CHECKPOINT_WEIGHTS);
  };
  std::uint64_t step = 2;
  for (const auto& [name, _] : words) {
    s.at_step[step++] = [&, name = name] {
      t[name] = s.checkpoints().restore(both, now, name, s.at(name).native());
      if (name == "gone") fs::remove_all(s.at(name));
      if (name == "damaged") {
        std::fstream file(s.at(name) / "training.safetensors", std::ios::in | std::ios::out);
        file.seekp(-1, std::ios::end);
        file.put('\x55');
      }
    };
  }
  const loop::FitResult result = s.run.run();
  BOOST_CHECK_EQUAL(result.reason, TENON_END_FINISHED);
  for (const auto& [name, text] : words) {
    BOOST_REQUIRE(s.ended(t[name]));
    BOOST_CHECK_EQUAL(s.ended(t[name])->outcome, TENON_TICKET_FAILED);
    BOOST_CHECK_MESSAGE(s.ended(t[name])->reason.find(text) != std::string::npos, s.ended(t[name])->reason);
  }
  BOOST_CHECK(s.engine.restored.empty());
  const auto warned = std::count_if(s.decisions.begin(), s.decisions.end(), [](const std::string& d) {
    return d.find("a warn checkpoints/") == 0 && d.find("not restored: ") != std::string::npos;
  });
  BOOST_CHECK_EQUAL(warned, 3);
}

BOOST_AUTO_TEST_CASE(weights_that_a_task_does_not_take_fail_the_ticket_with_the_table) {
  Restoring s;
  tenon_ticket ticket = 0;
  s.at_step[1] = [&] { save(s.p, "c"); };
  s.at_step[2] = [&] {
    ticket = s.checkpoints().restore(model, now, "", s.at("c").native());
    s.engine.renamed = true;
  };
  s.run.run();
  BOOST_CHECK_EQUAL(s.ended(ticket)->outcome, TENON_TICKET_FAILED);
  BOOST_CHECK_MESSAGE(s.ended(ticket)->reason.find("c.ckpt' does not fit; nothing was restored") != std::string::npos,
                      s.ended(ticket)->reason);
  BOOST_CHECK(s.engine.weights_ == filled(8.0f));
}

BOOST_AUTO_TEST_CASE(a_restore_waits_for_the_end_of_an_accumulation_group_and_keeping_does_not) {
  Restoring s("run", 6);
  s.run.options.accumulate_grad_batches = 3;
  s.run.options.max_epochs = 1;
  std::uint64_t batches = 0;
  Names events;
  s.p.on[TENON_HOOK(on_train_batch_end)] = [&](const void*) {
    if (++batches == 4) s.checkpoints().keep("one");
    if (batches == 5) s.checkpoints().restore(model, now, "back to one");
  };
  s.p.on[TENON_HOOK(on_train_batch_start)] = [&](const void*) {
    events.push_back(std::to_string(batches) + ":" + std::to_string(static_cast<int>(s.engine.weights_[0])));
  };
  s.run.run();
  expect(events, {"0:0", "1:0", "2:0", "3:1", "4:1", "5:1"});
  BOOST_CHECK(s.engine.weights_ == filled(1.0f));  // the last step had made it 2
}

BOOST_AUTO_TEST_CASE(a_run_without_a_model_restores_nothing_and_says_that_it_did) {
  Restoring s;
  s.engine.without_model = true;
  tenon_ticket first = 0, second = 0;
  s.at_step[2] = [&] {
    s.checkpoints().keep("best");
    first = s.checkpoints().restore(model, now, "back");
  };
  s.at_step[3] = [&] { save(s.p, "c"); };
  s.at_step[4] = [&] { second = s.checkpoints().restore(both, at_end, "the best", s.at("c").native()); };
  s.run.run();
  BOOST_CHECK_EQUAL(s.ended(first)->outcome, TENON_TICKET_DONE);
  BOOST_CHECK_EQUAL(s.ended(second)->outcome, TENON_TICKET_DONE);
  BOOST_CHECK_EQUAL(s.decisions.at(0), "a restore : back");
  BOOST_CHECK(std::find(s.decisions.begin(), s.decisions.end(), "a restore checkpoints/c.ckpt: the best") !=
              s.decisions.end());
  BOOST_CHECK_EQUAL(target(s.at("final")), "c.ckpt");
  BOOST_CHECK(s.engine.restored.empty());
}

BOOST_AUTO_TEST_CASE(memory_is_used_again_where_no_snapshot_reads_it) {
  TestEngine engine(1);
  LoopFixture run(engine);
  run.probe("a");
  loop::Fit& fit = run.make();
  loop::WeightRequest request;
  request.by = fit.chain().find("a");
  tenon_progress progress{};
  loop::KeptWeights kept;
  const auto where = [&] {
    kept.keep(engine, request, progress);
    return kept.find(*request.by)->weights.at(0).bytes.data();
  };
  const std::byte* const first = where();
  BOOST_CHECK_EQUAL(where(), first);
  {
    loop::CallbackTensors lent;
    kept.add_to(lent);
    BOOST_CHECK_EQUAL(lent.lent.at(0).name, "kept/a/weight");
    engine.weights_.fill(5.0f);
    BOOST_CHECK_NE(where(), first);
    float still = 0;
    std::memcpy(&still, lent.lent.at(0).bytes.data(), sizeof still);
    BOOST_CHECK_EQUAL(still, 0.0f);
  }
  const std::byte* const second = where();
  BOOST_CHECK_EQUAL(where(), second);
}

namespace {

/// A training that keeps its weights at step 3, goes back to them at step 5, and ends with what it kept at step 6; it
/// saves everything at every commit point.
struct Parity : Restoring {
  explicit Parity(const std::string& name) : Restoring(name) {
    engine.trains = true;
    engine.groups = {{0.1, 0.9}};
    p.on[TENON_HOOK(on_train_batch_end)] = [this](const void* a) {
      const std::uint64_t step = step_of(a);
      save(p, "s" + std::to_string(step));
      if (step == 3 || step == 6) checkpoints().keep("at " + std::to_string(step));
      if (step == 5) checkpoints().restore(model, now, "back to 3");
      if (step == 6) checkpoints().restore(model, at_end, "end with 6");
    };
    p.on[TENON_HOOK(on_train_epoch_end)] = [this](const void* a) {
      save(p, "e" + std::to_string(static_cast<const tenon_event_args*>(a)->progress->epoch));
    };
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(what_was_kept_and_is_still_to_be_put_back_survives_a_resume_at_each_commit_point) {
  Parity straight("straight");
  straight.run.run();
  BOOST_CHECK(weights_of(straight.at("e1"), checkpoint::training_file, "kept/a/weight") == straight.engine.weights_);
  std::size_t resumed_at = 0;
  for (const std::string& name : folders(straight.run.folder / "checkpoints")) {
    if (name == "final.ckpt" || name == "final-weights.ckpt") continue;
    BOOST_TEST_CONTEXT("resumed from " << name) {
      Parity resumed("resumed");
      resumed.resume(straight.run.folder / "checkpoints" / name);
      BOOST_CHECK(resumed.engine.weights_ == straight.engine.weights_);
      BOOST_CHECK(resumed.engine.momentum == straight.engine.momentum);
      BOOST_CHECK(weights_of(resumed.at("final")) == straight.engine.weights_);
      ++resumed_at;
    }
  }
  BOOST_CHECK_EQUAL(resumed_at, 10u);
}

BOOST_AUTO_TEST_CASE(an_interrupted_run_puts_nothing_back_until_it_has_gone_on_to_its_end) {
  Restoring first("first");
  Interruption interruption;
  first.at_step[2] = [&] {
    first.checkpoints().keep("best");
    first.checkpoints().restore(model, at_end, "the best");
  };
  first.at_step[3] = [&] { interruption.leave(SIGTERM); };
  loop::Fit& fit = first.run.make();
  loop::add_recovery(fit.chain(), interruption);
  BOOST_CHECK_EQUAL(fit.run(nullptr, &interruption).reason, TENON_END_INTERRUPTED);
  BOOST_CHECK(first.engine.weights_ == filled(3.0f));
  BOOST_CHECK(first.loaded.empty());

  Restoring second("second");
  BOOST_CHECK_EQUAL(second.resume(first.run.folder / "recovery/step=3.ckpt").steps, 8u);
  BOOST_CHECK(second.engine.weights_ == filled(2.0f));
  BOOST_CHECK(weights_of(second.at("final")) == filled(2.0f));
}

namespace {

/// Runs one that saves "best" at step 2 and, in "c" at step 3, is still to end with it; its folder becomes `second`'s.
void run_to_a_pending_restore(Restoring& first, const Restoring& second) {
  first.at_step[2] = [&, more = first.at_step[2]] {
    if (more) more();
    save(first.p, "best");
  };
  first.at_step[3] = [&] {
    first.checkpoints().restore(model, at_end, "the best", first.at("best").native());
    save(first.p, "c");
  };
  first.run.run();
  fs::remove_all(second.run.folder);
  fs::rename(first.run.folder, second.run.folder);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_pending_restore_finds_its_checkpoint_where_the_run_was_moved_to) {
  Restoring first("first"), second("second");
  run_to_a_pending_restore(first, second);
  second.resume(second.at("c"));
  BOOST_CHECK(second.engine.weights_ == filled(2.0f));
}

BOOST_AUTO_TEST_CASE(a_pending_restore_takes_the_copy_that_has_the_same_weights_where_its_checkpoint_is_gone) {
  for (const bool same : {true, false}) {
    Restoring first("first"), second("second");
    first.at_step[same ? 2 : 1] = [&] { first.checkpoints().keep("of the best, or not"); };
    run_to_a_pending_restore(first, second);
    fs::remove_all(second.at("best"));
    second.resume(second.at("c"));
    BOOST_CHECK(second.engine.weights_ == filled(same ? 2.0f : 8.0f));
  }
}

BOOST_AUTO_TEST_CASE(a_run_that_goes_on_behind_its_end_keeps_what_it_had_ended_with_until_it_ends_anew) {
  Restoring s;
  tenon_ticket best = 0;
  s.at_step[3] = [&] {
    best = save(s.p, "best");
    s.checkpoints().keep("best");
    s.checkpoints().restore(model, at_end, "the best weights");
  };
  s.at_step[7] = [&] { save(s.p, "c"); };
  s.run.run();
  BOOST_CHECK_EQUAL(target(s.at("final")), "best.ckpt");
  s.run.destroy();
  s.decisions.clear();

  s.run.options.max_epochs = 3;
  s.at_step[9] = [&] {
    s.checkpoints().release(best, 0, "no longer the best");
    s.checkpoints().keep("a better one");
    save(s.p, "better");
  };
  const loop::ResumePoint point(checkpoint::Checkpoint::open(s.at("c")));
  loop::RunRecord record;
  record.run_id = "test-run";
  record.folders = {s.run.folder / "checkpoints"};
  const loop::RunCheckpoints found = loop::find_run_checkpoints(record, s.run.folder);
  loop::Fit& fit = s.run.make();
  s.engine.restore(point.engine_state(), loop::restore_all, "the checkpoint");
  fit.go_on_from(found.own, &point);
  BOOST_CHECK_EQUAL(fit.run(&point).steps, 12u);
  BOOST_CHECK(s.engine.weights_ == filled(9.0f));
  BOOST_CHECK_EQUAL(target(s.at("final")), "better.ckpt");
  BOOST_CHECK(!fs::exists(s.at("best")));
  for (const std::string& decision : s.decisions)
    BOOST_CHECK_MESSAGE(decision.find("warn") == std::string::npos, decision);
}

BOOST_AUTO_TEST_CASE(a_run_that_goes_on_and_ends_with_the_weights_of_its_training_has_no_final_any_more) {
  Restoring s;
  s.at_step[3] = [&] {
    s.checkpoints().keep("best");
    s.checkpoints().restore(model, at_end, "the best weights");
  };
  s.at_step[7] = [&] { save(s.p, "c"); };
  s.run.run();
  BOOST_CHECK_EQUAL(target(s.at("final")), "final-weights.ckpt");

  const auto go_on_from = [&](const std::string& name, std::uint64_t epochs) {
    s.run.destroy();
    s.run.options.max_epochs = epochs;
    const loop::ResumePoint point(checkpoint::Checkpoint::open(s.at(name)));
    loop::RunRecord record;
    record.run_id = "test-run";
    record.folders = {s.run.folder / "checkpoints"};
    const loop::RunCheckpoints found = loop::find_run_checkpoints(record, s.run.folder);
    loop::Fit& fit = s.run.make();
    s.engine.restore(point.engine_state(), loop::restore_all, "the checkpoint");
    fit.go_on_from(found.own, &point);
    fit.run(&point);
  };
  tenon_ticket asked = 0;
  s.at_step[11] = [&] {
    s.checkpoints().keep("better");
    asked = s.checkpoints().restore(model, at_end, "better weights");
  };
  s.at_step[12] = [&] { save(s.p, "d"); };
  s.at_step.erase(3);
  s.at_step.erase(7);
  go_on_from("c", 3);  // its pending restore is replaced
  BOOST_CHECK_EQUAL(target(s.at("final")), "final-weights.ckpt");
  BOOST_CHECK(weights_of(s.at("final-weights")) == filled(11.0f));
  expect(folders(s.run.folder / "checkpoints"), {"c.ckpt", "d.ckpt", "final-weights.ckpt", "final.ckpt"});

  s.at_step[13] = [&] { Run(Host(s.p.host)).withdraw(asked, "not wanted"); };
  go_on_from("d", 4);
  BOOST_CHECK(s.engine.weights_ == filled(16.0f));
  expect(folders(s.run.folder / "checkpoints"), {"c.ckpt", "d.ckpt"});
}
