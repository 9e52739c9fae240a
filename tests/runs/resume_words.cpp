// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// `--resume` through the program: who may go on in a folder, and what is said where nothing is left to do.
#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdio>
#include <functional>
#include <thread>

#include "program.hpp"

namespace runs_test {

namespace {

const std::string slow_plugin =
    R"(, "plugins": {"paths": [")" + (build_folder / "tests/plugins_misbehaving").string() + "\"]}";
const std::string slow =
    R"({"plugin": "csv_logger"}, {"plugin": "misbehaving", "config": {"hook": "on_train_batch_end", "how": "slow"}})";

/// Within twenty seconds.
void wait_for(const std::function<bool()>& there) {
  for (int i = 0; i < 2000 && !there(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  BOOST_REQUIRE(there());
}

int owner_of(const fs::path& folder) {
  int process = 0;
  std::sscanf(read(folder / ".tenon-run-lock").c_str(), "process %d ", &process);
  return process;
}

/// A run in `<here>/r` that takes its time, in a thread until `body` is over.
void beside_a_run(const Workplace& here, const std::function<void(int process)>& body) {
  here.manifest(slow, slow_plugin);
  const Workplace elsewhere;  // of its own, for the program's output
  std::thread running(
      [&] { elsewhere.run("train '" + (here / "run.json").string() + "' --out '" + (here / "r").string() + "'"); });
  struct Join {
    std::thread& thread;
    ~Join() { thread.join(); }
  } const join{running};
  wait_for([&] { return fs::exists(here / "r/run.json") && owner_of(here / "r") > 0; });
  body(owner_of(here / "r"));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(resume_words)

BOOST_AUTO_TEST_CASE(the_second_process_in_a_run_s_folder_is_refused_with_the_first_ones_pid) {
  const Workplace here;
  beside_a_run(here, [&](int process) {
    const Outcome second = here.run("train run.json --out r --resume auto");
    BOOST_TEST(second.code == 7);
    BOOST_TEST(second.err.find("r' is in use: process " + std::to_string(process) + " on host '") != std::string::npos,
               second.err);
    const std::string id(boost::json::parse(read(here / "r/run.json")).at("run_id").as_string());
    BOOST_TEST(second.err.find("(run '" + id + "') trains there") != std::string::npos, second.err);
    ::kill(process, SIGKILL);
  });
}

BOOST_AUTO_TEST_CASE(auto_takes_the_folder_of_a_killed_run_over_and_empties_its_logs) {
  const Workplace here;
  std::string first;
  beside_a_run(here, [&](int process) {
    first = boost::json::parse(read(here / "r/run.json")).at("run_id").as_string();
    ::kill(process, SIGKILL);
  });
  std::ofstream(here / "r/metrics.csv", std::ios::app) << "what the dead run has logged\n";
  here.manifest(R"({"plugin": "csv_logger"})");
  const Outcome second = here.run("train run.json --out r --resume auto");
  BOOST_TEST(second.code == 0, second.err);
  const boost::json::value record = boost::json::parse(read(here / "r/run.json"));
  BOOST_TEST(std::string(record.at("run_id").as_string()) == first);
  BOOST_TEST(record.at("attempt") == boost::json::value(2));
  BOOST_TEST(record.at_pointer("/ended/reason") == boost::json::value("finished"));
  BOOST_REQUIRE_EQUAL(here.run("train run.json --out control").code, 0);
  BOOST_TEST(lines(read(here / "r/metrics.csv")).size() == lines(read(here / "control/metrics.csv")).size());
  BOOST_TEST(!fs::exists(here / "r/.tenon-run-lock"));
}

BOOST_AUTO_TEST_CASE(a_finished_run_says_how_to_go_on_and_exits_0) {
  const Workplace here;
  here.manifest(R"({"plugin": "checkpoint"})");
  BOOST_REQUIRE_EQUAL(here.run("train run.json --out r").code, 0);
  const std::string before = read(here / "r/run.json");
  for (const char* word : {"auto", "last", "best"}) {
    const Outcome again = here.run(std::string("train run.json --out r --resume ") + word);
    BOOST_TEST(again.code == 0);
    BOOST_TEST(again.out.find("is finished: 2 epochs, 10 steps. To train on, raise its limit, as in `--set "
                              "trainer.max_epochs=4`") != std::string::npos,
               again.out);
  }
  const Outcome json = here.run("train run.json --out r --resume auto --json");
  BOOST_TEST(boost::json::parse(json.out).at_pointer("/summary/end") == boost::json::value("finished"));
  BOOST_TEST(read(here / "r/run.json") == before);
}

BOOST_AUTO_TEST_CASE(a_new_run_from_another_runs_checkpoint_has_nothing_of_what_callbacks_held_there) {
  const Workplace here;
  here.manifest(R"({"plugin": "checkpoint", "id": "best", "config": {"monitor": "val_loss", "save_top_k": 2}},
    {"plugin": "checkpoint", "id": "steps", "config": {"every_n_train_steps": 1, "save_top_k": -1, "dirpath": "all"}},
    {"plugin": "checkpoint", "id": "light", "config": {"monitor": "val_loss", "save_weights_only": true, "dirpath": "light"}})");
  BOOST_REQUIRE_EQUAL(here.run("train run.json --out r").code, 0);
  for (const char* parts : {"", " --restore callbacks"}) {
    const Outcome second = here.run("train run.json --out new --set trainer.max_epochs=3 --json --resume " +
                                    (here / "r/all/epoch=0-step=5.ckpt").string() + parts);
    BOOST_TEST(second.code == 0, second.err);
    const boost::json::value summary = boost::json::parse(lines(second.out).back()).at("summary");
    const fs::path folder(std::string(summary.at("run_folder").as_string()));
    for (const char* id : {"best", "light"}) {
      const boost::json::object& account = summary.at("callbacks").at(id).as_object();
      BOOST_TEST(!account.at("kept").as_array().empty());
      BOOST_TEST(account.at("saved").to_number<int>() - account.at("removed").to_number<int>() ==
                 static_cast<int>(account.at("kept").as_array().size()));
      BOOST_TEST(fs::exists(folder / std::string(account.at("best_model_path").as_string())));
    }
  }
}

BOOST_AUTO_TEST_CASE(another_seed_is_refused_and_the_run_stays_as_it_was) {
  const Workplace here;
  here.manifest(R"({"plugin": "checkpoint"})");
  BOOST_REQUIRE_EQUAL(here.run("train run.json --out r").code, 0);
  const std::string before = read(here / "r/run.json");
  const Outcome other =
      here.run("train run.json --out r --resume last --set trainer.max_epochs=3 --set trainer.seed=5");
  BOOST_TEST(other.code == 8);
  BOOST_TEST(other.err.find("seed") != std::string::npos, other.err);
  BOOST_TEST(read(here / "r/run.json") == before);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace runs_test
