// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <sstream>
#include <tenon/failure.hpp>

#include "replay/history.hpp"

namespace replay_test {

using namespace tenon;
using replay::Event;
using replay::EventKind;
using replay::History;

namespace {

History read(const std::string& text) {
  std::istringstream in(text);
  return replay::read_history(in, "h.jsonl");
}

/// "b1 v2 e2": the kind and the step of each event, in the order in which they are played.
std::string order(const History& history) {
  std::string text;
  for (const Event& event : history.events)
    text +=
        (text.empty() ? "" : " ") + std::string(1, "bvex"[static_cast<int>(event.kind)]) + std::to_string(event.step);
  return text;
}

std::string line(const char* event, int epoch, int step, const std::string& rest = R"("metrics":{})") {
  return R"({"event":")" + std::string(event) + R"(","epoch":)" + std::to_string(epoch) + R"(,"step":)" +
         std::to_string(step) + "," + rest + "}\n";
}
std::string batch(int epoch, int step) { return line("on_train_batch_end", epoch, step); }
std::string validation(int epoch, int step) { return line("on_validation_end", epoch, step); }
std::string end(int epoch, int step) { return line("on_train_epoch_end", epoch, step); }

std::string refusal(const std::string& text) {
  try {
    read(text);
  } catch (const Failure& failure) {
    BOOST_CHECK(failure.code() == ExitCode::usage);
    return failure.what();
  }
  return "nothing was refused";
}

void check_refused(const std::string& text, const std::string& why) {
  const std::string told = refusal(text);
  BOOST_CHECK_MESSAGE(told.find(why) != std::string::npos, "expected '" << why << "' in: " << told);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_line_is_read_with_all_that_it_says) {
  const History h =
      read(line("on_train_batch_end", 0, 1, R"("time":7.5,"metrics":{"a":0.1,"b":null,"c":"nan","d":"-inf","e":3})") +
           line("on_exception", 0, 1, R"("metrics":{},"message":"out of memory")"));
  BOOST_REQUIRE_EQUAL(h.events.size(), 2u);
  BOOST_CHECK_EQUAL(h.events[0].seconds, 7.5);
  BOOST_REQUIRE_EQUAL(h.events[0].value_count, 4u);
  BOOST_CHECK_EQUAL(h.names[h.values[0].name], "a");
  BOOST_CHECK_EQUAL(h.values[0].value, 0.1);
  BOOST_CHECK(std::isnan(h.values[1].value));
  BOOST_CHECK_EQUAL(h.values[2].value, -INFINITY);
  BOOST_CHECK_EQUAL(h.values[3].value, 3.0);
  BOOST_CHECK(std::isnan(h.events[1].seconds));
  BOOST_CHECK_EQUAL(h.messages.at(h.events[1].message), "out of memory");
  BOOST_CHECK(!h.has_validation);
}

BOOST_AUTO_TEST_CASE(an_epoch_ends_where_its_line_stands_or_where_the_next_begins) {
  BOOST_CHECK_EQUAL(order(read(batch(0, 1) + end(0, 3) + batch(1, 5))), "b1 e3 b5");
  BOOST_CHECK_EQUAL(order(read(batch(0, 1) + batch(1, 5) + end(1, 6))), "b1 e1 b5 e6");
  BOOST_CHECK_EQUAL(order(read(validation(0, 2) + validation(1, 4))), "v2 e2 v4");
}

BOOST_AUTO_TEST_CASE(epochs_without_a_line_share_the_steps_up_to_the_next_one) {
  BOOST_CHECK_EQUAL(order(read(validation(1, 4) + validation(3, 8))), "e2 v4 e4 e6 v8");
  BOOST_CHECK_EQUAL(order(read(validation(2, 9))), "e3 e6 v9");
  BOOST_CHECK_EQUAL(order(read(end(0, 2) + end(2, 6))), "e2 e4 e6");
}

BOOST_AUTO_TEST_CASE(an_end_that_was_told_before_a_resume_is_passed_over) {
  BOOST_CHECK_EQUAL(order(read(batch(0, 1) + end(0, 2) + batch(0, 3) + end(0, 4) + batch(1, 5))), "b1 b3 e4 b5");
  BOOST_CHECK_EQUAL(order(read(end(0, 2) + end(0, 2) + end(1, 4))), "e2 e4");
}

BOOST_AUTO_TEST_CASE(a_validation_that_was_written_behind_the_end_of_its_epoch_comes_before_it) {
  BOOST_CHECK_EQUAL(order(read(batch(0, 2) + end(0, 2) + validation(0, 2) + end(1, 4) + validation(1, 4))),
                    "b2 v2 e2 v4 e4");
}

BOOST_AUTO_TEST_CASE(a_line_that_is_not_right_is_refused_with_its_number_and_the_cure) {
  check_refused(batch(0, 1) + "{\"event\":\n", "h.jsonl: line 2: not valid JSON");
  check_refused(R"({"event":"on_validation_end","epoch":0,"step":2,"metrics":{"x":NaN}})"
                "\n",
                "as the texts \"nan\", \"inf\"");
  check_refused("\n[1]\n", "line 2: a JSON object is needed");
  check_refused(line("on_validation", 0, 1), "did you mean 'on_validation_end'?");
  check_refused(line("on_test_end", 0, 1), "the event \"on_test_end\" is none of a training's");
  check_refused("{\"epoch\":0,\"step\":1}\n", "\"event\" is missing: name one of on_train_batch_end");
  check_refused("{\"event\":\"on_exception\",\"step\":1}\n", "\"epoch\" is missing: an integer from 0 on");
  check_refused("{\"event\":\"on_exception\",\"epoch\":0,\"step\":1.5}\n", "\"step\" is 1.5: an integer from 0 on");
  check_refused("{\"event\":\"on_exception\",\"epoch\":-1,\"step\":1}\n", "\"epoch\" is -1");
  check_refused(line("on_exception", 0, 1, R"("metric":{})"), "unknown key 'metric'; did you mean 'metrics'?");
  check_refused(line("on_exception", 0, 1, R"("metrics":[])"), "\"metrics\" is []: an object is needed");
  check_refused(line("on_exception", 0, 1, R"("metrics":{"a":true})"), "the metric 'a' is true: a number is needed");
  check_refused(line("on_exception", 0, 1, R"("metrics":{"a":"NaN"})"), "the metric 'a' is \"NaN\": a number");
  check_refused(line("on_exception", 0, 1, R"("time":-1)"), "\"time\" is -1: seconds since the start");
  check_refused(line("on_exception", 0, 1, R"("message":1)"), "\"message\" is 1: a text is needed");
}

BOOST_AUTO_TEST_CASE(a_key_that_stands_twice_is_refused) {
  check_refused(line("on_train_batch_end", 0, 1, R"("step":2,"metrics":{})"), "line 1: a key stands twice");
  check_refused(line("on_train_batch_end", 0, 1, R"("metrics":{"a":1,"b":2,"a":3})"), "line 1: a key stands twice");
}

BOOST_AUTO_TEST_CASE(a_number_too_small_for_any_but_0_is_0) {
  const History h = read(line("on_train_batch_end", 0, 1, R"("metrics":{"a":1e-400,"b":-1e-400,"c":1e-310})"));
  BOOST_REQUIRE_EQUAL(h.values.size(), 3u);
  BOOST_CHECK_EQUAL(h.values[0].value, 0.0);
  BOOST_CHECK(h.values[1].value == 0.0 && std::signbit(h.values[1].value));
  BOOST_CHECK_EQUAL(h.values[2].value, 1e-310);
}

BOOST_AUTO_TEST_CASE(a_line_that_goes_back_in_time_is_refused) {
  check_refused(batch(0, 2) + batch(0, 900'000'000), "line 2: step 900000000 is more than 100000000");
  check_refused(batch(0, 2) + batch(0, 1), "line 2: step 1 comes after step 2; lines stand in the order");
  check_refused(batch(1, 2) + batch(0, 3), "line 2: epoch 0 comes after epoch 1");
  check_refused(line("on_train_batch_end", 0, 1, R"("time":5)") + line("on_train_batch_end", 0, 2, R"("time":4)"),
                "line 2: its time is before that of a line above");
  check_refused(validation(0, 0), "a validation at step 0");
  check_refused(batch(0, 1) + batch(9, 3), "epoch 9 comes before epoch 1 can have had a step");
}

BOOST_AUTO_TEST_CASE(what_a_killed_run_has_not_finished_writing_is_left_out) {
  const History h = read(batch(0, 1) + R"({"event":"on_train_ba)");
  BOOST_CHECK_EQUAL(order(h), "b1");
  BOOST_REQUIRE_EQUAL(h.remarks.size(), 1u);
  BOOST_CHECK_EQUAL(h.remarks[0], "h.jsonl: the last line is not whole and is left out");
  check_refused(R"({"event":"on_train_ba)"
                "\n",
                "line 1: not valid JSON");
  for (const char* other : {"hello", "[1, 2]", "\"text\""}) check_refused(other, "line 1: ");
}

BOOST_AUTO_TEST_CASE(what_follows_a_failure_is_not_replayed_and_told) {
  const History h = read(batch(0, 1) + line("on_exception", 0, 1) + "\n" + batch(0, 2));
  BOOST_CHECK_EQUAL(order(h), "b1 x1");
  BOOST_REQUIRE_EQUAL(h.remarks.size(), 1u);
  BOOST_CHECK(h.remarks[0].find("what stands behind line 2, where the run failed") != std::string::npos);
}

}  // namespace replay_test
