// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Signals to the real program: the state is saved, the code says so, and the run goes on as if nothing had been.
#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <thread>

#include "program.hpp"

namespace runs_test {

namespace {

/// The program in the background, until it has logged `rows` rows.
class Background {
 public:
  Background(const Workplace& here, const std::string& out, std::size_t rows) : log_(here / (out + "/metrics.jsonl")) {
    std::fflush(nullptr);
    child_ = fork();
    if (child_ == 0) {
      if (chdir(here.root().c_str()) != 0 || !freopen("/dev/null", "r", stdin) || !freopen("out.txt", "w", stdout) ||
          !freopen("err.txt", "w", stderr))
        _exit(99);
      execl((build_folder / "bin/tenon").c_str(), "tenon", "train", "run.json", "--out", out.c_str(), nullptr);
      _exit(98);
    }
    wait_for(rows);
  }
  void wait_for(std::size_t rows) {
    while (lines(read(log_)).size() < rows && waitpid(child_, &status_, WNOHANG) == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  std::size_t rows() const { return lines(read(log_)).size(); }
  void send(int signal) const { kill(child_, signal); }
  int end() {
    waitpid(child_, &status_, 0);
    return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  }

 private:
  fs::path log_;
  pid_t child_;
  int status_ = 0;
};

void write_manifest(const Workplace& here, int epochs) {
  here.write("run.json", R"({"task": {"library": "digits"}, "trainer": {"seed": 3, "threads": 1, "log_every_n_steps": 1,
    "max_epochs": )" + std::to_string(epochs) +
                             R"(}, "callbacks": [{"plugin": "jsonl_logger"},
    {"plugin": "checkpoint", "id": "best", "config": {"monitor": "val_loss", "filename": "m", "save_last": true}}]})");
}

std::string weights(const Workplace& here, const std::string& run) {
  return read(here / (run + "/checkpoints/last.ckpt/model.safetensors"));
}

}  // namespace

BOOST_AUTO_TEST_CASE(sigterm_and_sigint_leave_with_the_state_saved_and_the_run_goes_on_as_if_nothing_had_been) {
  const Workplace here;
  write_manifest(here, 200);
  for (const int signal : {SIGTERM, SIGINT}) {
    const std::string out = signal == SIGTERM ? "terminated" : "interrupted";
    Background run(here, out, 60);
    run.send(signal);
    BOOST_TEST(run.end() == 75, read(here / "err.txt"));
    const std::string name = signal == SIGTERM ? "SIGTERM" : "SIGINT";
    BOOST_TEST(read(here / "err.txt").find(name + ": finishing the batch and saving") != std::string::npos);
    BOOST_TEST(read(here / "err.txt").find("--resume auto goes on from there") != std::string::npos);
    BOOST_TEST(read(here / "out.txt").find("interrupted after") != std::string::npos);
    BOOST_TEST(std::distance(fs::directory_iterator(here / (out + "/recovery")), {}) >= 1);
  }
  const std::string steps = " --set trainer.max_steps=700";
  BOOST_REQUIRE_EQUAL(here.run("train run.json --out straight" + steps).code, 0);
  for (const std::string out : {"terminated", "interrupted"}) {
    const Outcome rest = here.run("train run.json --resume auto --out " + out + steps);
    BOOST_REQUIRE_MESSAGE(rest.code == 0, rest.err);
    BOOST_TEST((weights(here, out) == weights(here, "straight")), out);
  }
}

BOOST_AUTO_TEST_CASE(sigusr1_saves_and_training_goes_on) {
  const Workplace here;
  write_manifest(here, 300);
  Background run(here, "run", 30);
  run.send(SIGUSR1);
  while (!fs::exists(here / "run/recovery") || fs::is_empty(here / "run/recovery"))
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  const std::size_t before = run.rows();
  run.wait_for(before + 30);
  BOOST_TEST(run.rows() >= before + 30);
  run.send(SIGTERM);
  BOOST_TEST(run.end() == 75);
  std::size_t kept = 0;  // the newest of both
  for (const auto& entry : fs::directory_iterator(here / "run/recovery")) kept += entry.path().extension() == ".ckpt";
  BOOST_TEST(kept == 1u);
}

BOOST_AUTO_TEST_CASE(a_second_signal_leaves_at_once) {
  const Workplace here;
  write_manifest(here, 300);
  Background run(here, "run", 30);
  run.send(SIGSTOP);  // both are there before it can finish a batch
  run.send(SIGTERM);
  run.send(SIGINT);
  run.send(SIGCONT);
  const int code = run.end();
  BOOST_TEST((code == 128 + SIGINT || code == 128 + SIGTERM), code);
}

}  // namespace runs_test
