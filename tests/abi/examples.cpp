// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The SDK's templates and the example plugins, loaded from their files, in the real loop over an engine without
// LibTorch.
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <limits>
#include <sstream>

#include "../loop/loop_fixture.hpp"
#include "chain/library.hpp"

using namespace tenon;
using namespace tenon::tests;

namespace {

/// One epoch of as many batches as there are values; each batch logs its value as train_loss.
struct Trial {
  explicit Trial(std::vector<double> losses) : engine(losses.size()), loop(engine) {
    loop.options.max_epochs = 1;
    engine.on_training_step = [this, losses = std::move(losses)](loop::MetricSink& sink) {
      sink.log("train_loss", losses.at(engine.batch - 1), {});
    };
  }

  chain::Callback& add(const std::string& file, const std::string& id, const std::string& options) {
    if (!fit) fit = &loop.make();
    const chain::Library& library = chain::Library::open(file, {{TENON_BINARY_DIR}, chain::usual_owners()});
    return fit->chain().add({id, id, {}, boost::json::parse(options).as_object(), "run.json"}, *library.kinds().at(0),
                            library.info());
  }
  loop::FitResult finish() {
    if (!fit) fit = &loop.make();
    result = fit->run();
    return result;
  }
  boost::json::object account(const std::string& id) { return fit->summary(result).at("callbacks").at(id).as_object(); }
  std::string text_of(const std::string& file) {
    std::ifstream in(loop.folder / file);
    std::stringstream out;
    out << in.rdbuf();
    return out.str();
  }

  TestEngine engine;
  LoopFixture loop;
  loop::Fit* fit = nullptr;
  loop::FitResult result;
};

const double not_a_number = std::numeric_limits<double>::quiet_NaN();
const std::string until_half = R"({"monitor":"train_loss","mode":"min","target":0.5})";
const std::string note = R"({"monitor":"train_loss","mode":"min","min_delta":0.1,"filename":"notes/best.txt"})";
const std::string guard_two = R"({"metric":"train_loss","patience":2,"deny_checkpoints":true})";

void check_template(const std::string& file) {
  Trial run({0.9, 0.4, 0.3});
  run.add(file, "mine", until_half);
  const loop::FitResult result = run.finish();
  BOOST_TEST(result.reason == TENON_END_STOPPED);
  BOOST_TEST(result.steps == 2u);
  BOOST_TEST(result.detail.find("train_loss 0.4") != std::string::npos, result.detail);
  BOOST_TEST(result.detail.find("mine") != std::string::npos, result.detail);
}

/// What a fresh callback saves after it has taken the bytes is the same; a half of them is refused and leaves no mark.
void check_state(const std::string& file, const std::string& options, std::vector<double> losses) {
  Trial first(losses);
  chain::Callback& written = first.add(file, "mine", options);
  first.finish();
  const auto saved = written.save_state();
  BOOST_REQUIRE(saved.has_value());

  Trial second(losses);
  chain::Callback& read = second.add(file, "mine", options);
  read.load_state(saved->version, saved->bytes);
  BOOST_TEST((read.save_state()->bytes == saved->bytes));
  const auto half = std::span(saved->bytes).first(saved->bytes.size() / 2);
  BOOST_CHECK_THROW(read.load_state(saved->version, half), std::exception);
  BOOST_TEST((read.save_state()->bytes == saved->bytes));
  BOOST_CHECK_THROW(read.load_state(saved->version + 1, saved->bytes), std::exception);
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_c_template_stops_at_its_target) { check_template(ABI_TEMPLATE_C); }

BOOST_AUTO_TEST_CASE(the_cpp_template_stops_at_its_target) { check_template(ABI_TEMPLATE_CPP); }

BOOST_AUTO_TEST_CASE(the_cpp_template_gives_an_account) {
  Trial run({0.9, 0.7});
  run.add(ABI_TEMPLATE_CPP, "mine", until_half);
  BOOST_TEST(run.finish().reason == TENON_END_FINISHED);
  BOOST_TEST(run.account("mine").at("best").as_double() == 0.7);
  BOOST_TEST(run.account("mine").at("reached").as_bool() == false);
}

BOOST_AUTO_TEST_CASE(a_template_refuses_what_the_host_refuses_with_its_text) {
  Trial run({0.9});
  BOOST_CHECK_EXCEPTION(
      run.add(ABI_TEMPLATE_C, "mine", R"({"monitor":"my_number","mode":"auto","target":1})"), std::exception,
      [](const std::exception& e) { return std::string(e.what()).find("my_number") != std::string::npos; });
}

BOOST_AUTO_TEST_CASE(nan_guard_stops_after_so_many_bad_batches) {
  Trial run({0.9, not_a_number, not_a_number, not_a_number, not_a_number});
  run.add(ABI_PLUGIN_C, "guard", guard_two);
  const loop::FitResult result = run.finish();
  BOOST_TEST(result.reason == TENON_END_STOPPED);
  BOOST_TEST(result.steps == 3u);
  BOOST_TEST(result.detail.find("train_loss is NaN since 2 batches, at epoch 0, batch 3") != std::string::npos,
             result.detail);
}

BOOST_AUTO_TEST_CASE(nan_guard_lets_a_single_bad_batch_pass) {
  Trial run({0.9, not_a_number, 0.8, std::numeric_limits<double>::infinity(), 0.7});
  run.add(ABI_PLUGIN_C, "guard", guard_two);
  BOOST_TEST(run.finish().reason == TENON_END_FINISHED);
}

BOOST_AUTO_TEST_CASE(nan_guard_takes_a_stop_back_that_was_not_carried_out) {
  Trial run({not_a_number, not_a_number, 0.8, 0.7});
  run.loop.options.min_steps = 4;
  run.add(ABI_PLUGIN_C, "guard", guard_two);
  BOOST_TEST(run.finish().reason == TENON_END_FINISHED);
}

BOOST_AUTO_TEST_CASE(nan_guard_denies_checkpoints_while_the_metric_is_bad) {
  Trial run({0.9, not_a_number, 0.8});
  Probe& saver = run.loop.probe("saver");
  saver.on[TENON_HOOK(on_train_batch_end)] = [&](const void* args) {
    const auto step = std::to_string(static_cast<const tenon_batch_args*>(args)->progress->step);
    const std::string name = "step=" + step;
    Checkpoints(Host(saver.host)).request(Checkpoints::save(TENON_CHECKPOINT_FULL, name, "always"));
  };
  std::vector<std::string> denied;
  saver.on[TENON_HOOK(on_ticket)] = [&](const void* args) {
    const auto& ticket = *static_cast<const tenon_ticket_args*>(args);
    if (ticket.outcome == TENON_TICKET_DENIED)
      denied.push_back(std::string(view(ticket.by)) + ": " + std::string(view(ticket.reason)));
  };
  run.add(ABI_PLUGIN_C, "guard", guard_two);
  run.finish();
  BOOST_REQUIRE(denied.size() == 1u);
  BOOST_TEST(denied[0] == "guard: train_loss is not finite");
  BOOST_TEST(std::filesystem::exists(run.loop.folder / "checkpoints/step=1.ckpt"));
  BOOST_TEST(!std::filesystem::exists(run.loop.folder / "checkpoints/step=2.ckpt"));
  BOOST_TEST(std::filesystem::exists(run.loop.folder / "checkpoints/step=3.ckpt"));
}

BOOST_AUTO_TEST_CASE(best_note_writes_what_is_better_by_enough) {
  Trial run({0.9, 0.85, 0.5, 0.45});
  run.add(ABI_PLUGIN_CPP, "note", note);
  run.finish();
  BOOST_TEST(run.text_of("notes/best.txt") == "train_loss 0.5 (min) at epoch 0, step 3\n");
  BOOST_TEST(!std::filesystem::exists(run.loop.folder / "notes/best.txt.new"));
  BOOST_TEST(run.account("note").at("notes").to_number<int>() == 2);
  BOOST_TEST(run.account("note").at("best").as_double() == 0.5);
}

BOOST_AUTO_TEST_CASE(best_note_says_why_it_cannot_write) {
  Trial run({0.9});
  run.add(ABI_PLUGIN_CPP, "note", note);
  std::filesystem::create_directories(run.loop.folder / "notes/best.txt");
  const loop::FitResult result = run.finish();
  BOOST_TEST(result.reason == TENON_END_FAILED);
  BOOST_TEST(result.detail.find("best.txt cannot be written: ") != std::string::npos, result.detail);
}

BOOST_AUTO_TEST_CASE(state_comes_back_the_same_and_damaged_state_leaves_no_mark) {
  check_state(ABI_TEMPLATE_C, until_half, {0.9, 0.4});
  check_state(ABI_TEMPLATE_CPP, until_half, {0.9, 0.4});
  check_state(ABI_PLUGIN_C, guard_two, {0.9, not_a_number});
  check_state(ABI_PLUGIN_CPP, note, {0.9, 0.4});
}
