// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// `tenon replay` as a user runs it.
#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>

#include "../runs/program.hpp"

namespace replay_test {

namespace json = boost::json;
using namespace runs_test;

namespace {

std::string history_of(const std::vector<std::string>& val_losses) {
  std::string text;
  for (std::size_t epoch = 0; epoch < val_losses.size(); ++epoch) {
    const std::string at =
        "\"epoch\":" + std::to_string(epoch) + ",\"step\":" + std::to_string(2 * epoch + 2) + ",\"metrics\":{";
    text += R"({"event":"on_validation_end",)" + at + "\"val_loss\":" + val_losses[epoch] + "}}\n" +
            R"({"event":"on_train_epoch_end",)" + at + "}}\n";
  }
  return text;
}

constexpr const char* best =
    R"({"plugin":"checkpoint","id":"best","config":{"filename":"{epoch}","monitor":"val_loss","save_top_k":3}})";
constexpr const char* stop = R"({"plugin":"early_stopping","id":"stop","config":{"monitor":"val_loss","patience":3}})";

void write_manifest(const Workplace& here, const std::string& callbacks, const std::string& trainer = "{}") {
  here.write("run.json", R"({"trainer":)" + trainer + R"(,"callbacks":[)" + callbacks + "]}");
}

struct Replay {
  Outcome outcome;
  std::vector<std::string> decisions;  ///< "best save checkpoints/epoch=0.ckpt @2"
  json::object summary;

  const json::object& account(const char* id) const { return summary.at("callbacks").at(id).as_object(); }
};

Replay replay(const Workplace& here, const std::string& more = "") {
  Replay result{here.run("replay run.json --metrics h.jsonl --out out --json " + more), {}, {}};
  for (const std::string& line : lines(result.outcome.out)) {
    const json::object o = json::parse(line).as_object();
    if (const json::value* summary = o.if_contains("summary")) result.summary = summary->as_object();
    if (!o.contains("action")) continue;
    std::string text = std::string(o.at("callback").as_string()) + " " + std::string(o.at("action").as_string());
    for (const char* key : {"path", "target"})
      if (const json::value* path = o.if_contains(key)) text += " " + std::string(path->as_string());
    result.decisions.push_back(text + " @" + json::serialize(o.at("step")));
  }
  return result;
}

void check_decisions(const Replay& result, const std::vector<std::string>& expected) {
  BOOST_CHECK_EQUAL_COLLECTIONS(result.decisions.begin(), result.decisions.end(), expected.begin(), expected.end());
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_would_have_been_saved_pruned_and_stopped_is_told_line_by_line) {
  const Workplace here;
  write_manifest(here, std::string(stop) + "," + best);
  here.write("h.jsonl", history_of({"6", "5", "5.5", "5", "5", "5", "4"}));
  const Replay result = replay(here);
  BOOST_REQUIRE_MESSAGE(result.outcome.code == 0, result.outcome.err);
  check_decisions(result, {"best save checkpoints/epoch=0.ckpt @2", "best save checkpoints/epoch=1.ckpt @4",
                           "best save checkpoints/epoch=2.ckpt @6", "best save checkpoints/epoch=3.ckpt @8",
                           "best remove checkpoints/epoch=0.ckpt @8", "best save checkpoints/epoch=4.ckpt @10",
                           "best remove checkpoints/epoch=2.ckpt @10", "stop stop @10"});
  BOOST_CHECK_EQUAL(
      lines(result.outcome.out).front(),
      R"({"callback":"best","action":"save","path":"checkpoints/epoch=0.ckpt","epoch":0,"step":2,"reason":"val_loss 6 enters the best 3"})");
  BOOST_CHECK_EQUAL(result.summary.at("end"), "stopped");
  BOOST_CHECK_EQUAL(result.summary.at("epochs"), 5);
  BOOST_CHECK_EQUAL(result.summary.at("steps"), 10);
  BOOST_CHECK_EQUAL(result.account("stop").at("stopping_reason"), "patience");
  BOOST_CHECK_EQUAL(result.account("stop").at("stopped_epoch"), 4);
  BOOST_CHECK_EQUAL(result.account("best").at("saved"), 5);
  BOOST_CHECK_EQUAL(result.account("best").at("best_model_path"), "checkpoints/epoch=1.ckpt");
}

BOOST_AUTO_TEST_CASE(its_checkpoints_are_really_written_without_tensors_and_cannot_be_resumed_from) {
  const Workplace here;
  write_manifest(here, best);
  here.write("h.jsonl", history_of({"3", "4", "2", "1"}));
  BOOST_REQUIRE_EQUAL(replay(here).outcome.code, 0);
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(here / "out/checkpoints"))
    if (entry.path().extension() == ".ckpt") names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  BOOST_CHECK((names == std::vector<std::string>{"epoch=0.ckpt", "epoch=2.ckpt", "epoch=3.ckpt"}));
  const fs::path one = here / "out/checkpoints/epoch=3.ckpt";
  BOOST_CHECK(!fs::exists(one / "model.safetensors"));
  BOOST_CHECK_EQUAL(json::parse(read(one / "checkpoint.json")).at("replay"), true);
  const Outcome shown = here.run("checkpoint verify " + one.string());
  BOOST_CHECK_EQUAL(shown.code, 0);
}

BOOST_AUTO_TEST_CASE(other_options_answer_what_they_would_have_done) {
  const Workplace here;
  write_manifest(here, std::string(stop) + "," + best);
  here.write("h.jsonl", history_of({"6", "5", "5.5", "5", "5", "5", "4"}));
  const Replay result = replay(here, "--set callbacks.stop.config.patience=5 --set callbacks.best.config.save_top_k=1");
  BOOST_CHECK_EQUAL(result.summary.at("end"), "history");
  BOOST_CHECK_EQUAL(result.summary.at("epochs"), 7);
  BOOST_CHECK_EQUAL(json::serialize(result.account("best").at("kept")), R"(["checkpoints/epoch=6.ckpt"])");
  BOOST_CHECK(result.account("stop").at("stopping_reason").is_null());
}

BOOST_AUTO_TEST_CASE(the_trainers_limits_hold) {
  const Workplace here;
  here.write("h.jsonl", history_of({"6", "5", "4", "3"}));
  const auto end = [&](const std::string& trainer) {
    write_manifest(here, best, trainer);
    const Replay result = replay(here);
    BOOST_REQUIRE_MESSAGE(result.outcome.code == 0, result.outcome.err);
    return json::serialize(result.summary.at("end")) + " " + json::serialize(result.summary.at("epochs")) + " " +
           json::serialize(result.summary.at("steps"));
  };
  BOOST_CHECK_EQUAL(end(R"({"max_epochs":2})"), "\"finished\" 2 4");
  BOOST_CHECK_EQUAL(end(R"({"max_epochs":4})"), "\"finished\" 4 8");
  BOOST_CHECK_EQUAL(end(R"({"max_epochs":5})"), "\"history\" 4 8");
  BOOST_CHECK_EQUAL(end(R"({"max_steps":3})"), "\"finished\" 2 3");
  // What shaped the history is not done to it again.
  BOOST_CHECK_EQUAL(end(R"({"max_epochs":5,"limit_train_batches":1,"limit_val_batches":0,"val_check_interval":0.5,
              "accumulate_grad_batches":4,"gradient_clip_val":1.0,"num_sanity_val_steps":-1})"),
                    "\"history\" 4 8");
}

BOOST_AUTO_TEST_CASE(a_history_that_ends_inside_an_epoch_cuts_it_short) {
  const Workplace here;
  write_manifest(here, best);
  here.write("h.jsonl",
             history_of({"6"}) + R"({"event":"on_validation_end","epoch":1,"step":3,"metrics":{"val_loss":5}})");
  const Replay result = replay(here);
  check_decisions(result, {"best save checkpoints/epoch=0.ckpt @2", "best save checkpoints/epoch=1.ckpt @3"});
  BOOST_CHECK_EQUAL(result.summary.at("end"), "history");
  BOOST_CHECK_EQUAL(result.summary.at("epochs"), 2);
  BOOST_CHECK_EQUAL(result.summary.at("steps"), 3);
}

BOOST_AUTO_TEST_CASE(a_recorded_failure_goes_the_way_of_a_failure_and_replay_succeeds) {
  const Workplace here;
  write_manifest(
      here,
      R"({"plugin":"checkpoint","id":"x","config":{"filename":"{epoch}-{step}","every_n_epochs":7,"save_on_exception":true}})");
  here.write("h.jsonl", history_of({"6"}) +
                            R"({"event":"on_exception","epoch":1,"step":3,"metrics":{},"message":"out of memory"})");
  const Replay result = replay(here);
  BOOST_CHECK_EQUAL(result.outcome.code, 0);
  check_decisions(result, {"x save checkpoints/epoch=1-step=3.ckpt @3"});
  BOOST_CHECK_EQUAL(result.summary.at("end"), "failed");
  BOOST_CHECK_EQUAL(result.summary.at("detail"), "out of memory");
  BOOST_CHECK_EQUAL(result.summary.at("epochs"), 1);
}

BOOST_AUTO_TEST_CASE(the_log_of_a_replay_is_the_history_that_it_was_given) {
  const Workplace here;
  write_manifest(here, R"({"plugin":"jsonl_logger"})", R"({"log_every_n_steps":1})");
  const std::string history =
      R"({"event":"on_train_batch_end","epoch":0,"step":1,"time":7.0,"metrics":{"train_loss":0.9}}
{"event":"on_train_batch_end","epoch":0,"step":2,"time":14.5,"metrics":{"train_loss":"nan","lr":0.1}}
{"event":"on_validation_end","epoch":0,"step":2,"time":15.0,"metrics":{"val_loss":0.7}}
{"event":"on_train_epoch_end","epoch":0,"step":2,"time":15.0,"metrics":{"train_loss_epoch":0.8}}
{"event":"on_validation_end","epoch":1,"step":2,"time":17.0,"metrics":{"val_loss":0.5}}
{"event":"on_validation_end","epoch":1,"step":2,"time":18.0,"metrics":{"val_loss":"-inf"}}
{"event":"on_train_batch_end","epoch":1,"step":9,"time":19.0,"metrics":{"train_loss":0.6}}
{"event":"on_train_epoch_end","epoch":1,"step":10,"time":19.0,"metrics":{}}
{"event":"on_exception","epoch":2,"step":10,"time":20.0,"metrics":{},"message":"out of \"memory\""}
)";
  here.write("h.jsonl", history);
  BOOST_REQUIRE_EQUAL(replay(here).outcome.code, 0);
  BOOST_CHECK_EQUAL(read(here / "out/metrics.jsonl"), history);
}

BOOST_AUTO_TEST_CASE(a_step_between_two_times_stands_between_them_and_without_any_the_clock_stands) {
  const Workplace here;
  write_manifest(here, best, R"({"max_time":"00:00:00:30"})");
  std::string history = history_of({"6", "5", "4", "3"});
  here.write("h.jsonl", history);
  BOOST_CHECK_EQUAL(replay(here).summary.at("end"), "history");
  history.insert(history.rfind("\"metrics\""), "\"time\":80.0,");  // the 8th and last step: 10 seconds each
  here.write("h.jsonl", history);
  const Replay result = replay(here);
  BOOST_CHECK_EQUAL(result.summary.at("end"), "finished");
  BOOST_CHECK_EQUAL(result.summary.at("steps"), 3);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_the_command_or_the_history_is_told_with_the_cure) {
  const Workplace here;
  write_manifest(here, best);
  const auto refused = [&](const std::string& arguments, int code, const std::string& why) {
    const Outcome outcome = here.run(arguments);
    BOOST_CHECK_EQUAL(outcome.code, code);
    BOOST_CHECK_MESSAGE(outcome.err.find(why) != std::string::npos, outcome.err);
    BOOST_CHECK(!fs::exists(here / "out"));
  };
  refused("replay run.json --out out", 2, "--metrics");
  refused("replay run.json --out out --metrics none.jsonl", 2, "'none.jsonl': cannot be opened: No such file");
  refused("replay run.json --out out --metrics .", 2, "name the file that jsonl_logger has written, ./metrics.jsonl");
  here.write("h.jsonl", history_of({"6"}) + "{\"event\":\"on_train_end\"}\n");
  refused("replay run.json --out out --metrics h.jsonl", 2, "'h.jsonl': line 3: the event \"on_train_end\" is none");
  refused("replay run.json --out out --metrics h.jsonl --set callbacks.best.config.mode=max", 2, "line 3");
}

BOOST_AUTO_TEST_CASE(a_person_reads_a_line_for_each_decision_and_the_account) {
  const Workplace here;
  write_manifest(here, best);
  here.write("h.jsonl", history_of({"6"}));
  const Outcome outcome = here.run("replay run.json --metrics h.jsonl --out out");
  BOOST_CHECK_EQUAL(outcome.code, 0);
  BOOST_CHECK_EQUAL(outcome.out,
                    "epoch 0, step 2       best  save     checkpoints/epoch=0.ckpt  (val_loss 6 enters the best 3)\n"
                    "\n"
                    "the history ended after 1 epoch, 2 steps\n"
                    "  best (checkpoint): saved 1, best_model_path checkpoints/epoch=0.ckpt, best_model_score 6\n"
                    "    kept     checkpoints/epoch=0.ckpt\n"
                    "replay folder: " +
                        (here / "out").string() + "\n");
  const Outcome again = here.run("replay run.json --metrics h.jsonl --out out");
  BOOST_CHECK(again.err.find("this run goes to") != std::string::npos);
  BOOST_CHECK(fs::exists(here / "out-v1/checkpoints/epoch=0.ckpt"));
}

}  // namespace replay_test
