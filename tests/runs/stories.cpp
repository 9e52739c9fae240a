// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What users of other trainers tell: best models that were the first ones, and runs that ended with nothing saved.
#include <algorithm>
#include <boost/test/unit_test.hpp>

#include "program.hpp"

using namespace runs_test;

namespace {

struct Story : Workplace {
  /// Twenty epochs of stories_task; `task` and `saver` are the insides of their configs.
  Outcome told(const std::string& task, const std::string& saver) const {
    write("run.json", R"({"task": {"library": ")" + (build_folder / "tests/tasks/stories_task.so").string() +
                          R"(", "config": {)" + task +
                          R"(}}, "trainer": {"max_epochs": 20, "threads": 1, "num_sanity_val_steps": 0},
  "callbacks": [{"plugin": "checkpoint", "id": "best", "config": {)" +
                          saver + "}}]}");
    std::error_code ignored;
    fs::remove_all(*this / "runs", ignored);
    return run("train run.json");
  }
  std::vector<std::string> kept() const {
    std::vector<std::string> out;
    if (!fs::exists(*this / "runs/run/checkpoints")) return out;
    for (const auto& entry : fs::directory_iterator(*this / "runs/run/checkpoints"))
      if (entry.path().filename().native().front() != '.') out.push_back(entry.path().filename().native());
    std::sort(out.begin(), out.end());
    return out;
  }
};

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }
const std::vector<std::string> last_three = {"epoch=17.ckpt", "epoch=18.ckpt", "epoch=19.ckpt"};

}  // namespace

BOOST_AUTO_TEST_SUITE(stories)

BOOST_AUTO_TEST_CASE(three_best_of_a_rising_accuracy_are_the_last_three_whatever_is_written_for_mode) {
  const Story story;
  for (const std::string declares : {"true", "false"}) {
    const std::string right = declares == "true" ? "" : R"(, "mode": "max")";
    for (const std::string& mode : {right, std::string(R"(, "mode": "min")")}) {
      BOOST_TEST_CONTEXT("declares " << declares << mode) {
        const Outcome outcome = story.told("\"declares\": " + declares,
                                           R"("filename": "{epoch}", "monitor": "val_acc", "save_top_k": 3)" + mode);
        if (has(mode, "min")) {
          BOOST_TEST(outcome.code == 6);
          BOOST_TEST(has(outcome.err, R"("mode": "min" contradicts the )"));
          BOOST_TEST(has(outcome.err, "leave mode out"));
          BOOST_TEST(story.kept().empty());
          continue;
        }
        BOOST_TEST_REQUIRE(outcome.code == 0, outcome.err);
        BOOST_TEST(story.kept() == last_three, boost::test_tools::per_element());
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(where_nothing_says_which_way_is_better_the_direction_is_asked_for_and_a_wrong_one_is_noticed) {
  const Story story;
  const std::string saver = R"("filename": "{epoch}", "monitor": "wobble", "save_top_k": 3)";
  const Outcome silent = story.told(R"("metric": "wobble")", saver);
  BOOST_TEST(silent.code == 6);
  BOOST_TEST(has(silent.err, "'mode' is missing"));
  BOOST_TEST(story.told(R"("metric": "wobble")", saver + R"(, "mode": "max")").code == 0);
  BOOST_TEST(story.kept() == last_three, boost::test_tools::per_element());
  const Outcome wrong = story.told(R"("metric": "wobble")", saver + R"(, "mode": "min")");
  BOOST_TEST(wrong.code == 0);
  BOOST_TEST(has(wrong.out + wrong.err, "each of the 20 values of wobble was worse than the one before"));
}

BOOST_AUTO_TEST_CASE(an_optimizer_that_is_stepped_by_hand_saves_or_ends_the_run_with_the_cause) {
  const Story story;
  const Outcome counted = story.told(R"("stepped_by": "handle")", R"("filename": "{epoch}-{step}", "save_top_k": 1)");
  BOOST_TEST_REQUIRE(counted.code == 0, counted.err);
  BOOST_TEST(story.kept() == (std::vector<std::string>{"epoch=19-step=40.ckpt"}), boost::test_tools::per_element());
  const Outcome hidden = story.told(R"("stepped_by": "nobody's business")", R"("filename": "{epoch}-{step}")");
  BOOST_TEST(hidden.code == 1);
  BOOST_TEST(has(hidden.err, "no step was counted"));
  BOOST_TEST(has(hidden.err, "behind the trainer's back, so nothing would ever be saved"));
  BOOST_TEST(has(hidden.err, "count_step()"));
}

BOOST_AUTO_TEST_SUITE_END()
