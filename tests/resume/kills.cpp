// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The digits example, killed at random moments with `kill -9` and started again with `--resume auto` until it is done:
// the same bytes as a run that nobody disturbed. TENON_KILLS says how often, TENON_SEED repeats a sequence of moments.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <random>
#include <thread>

#include "runs/program.hpp"
#include "same_run.hpp"

namespace runs_test {

namespace {

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// The step of the last whole line of a log, 0 where there is none. Looks at its end alone.
std::uint64_t last_step(const fs::path& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  const std::streamoff size = in ? static_cast<std::streamoff>(in.tellg()) : 0;
  in.seekg(std::max<std::streamoff>(0, size - 2048));
  const std::string end(std::istreambuf_iterator<char>(in), {});
  const std::size_t at = end.substr(0, end.rfind('\n')).rfind("\"step\":");
  return at == std::string::npos ? 0 : std::strtoull(end.c_str() + at + 7, nullptr, 10);
}

/// Whether a checkpoint was being written, or removed, when the process ended.
bool was_at_work(const fs::path& run) {
  if (!fs::exists(run)) return false;
  for (const auto& entry : fs::recursive_directory_iterator(run))
    if (entry.path().filename().string().starts_with(".tenon-tmp")) return true;
  return false;
}

/// The last line of what a run has printed as JSON.
std::string ending_of(const std::string& out) {
  return tenon::tests::ending(boost::json::parse(lines(out).back()).at("summary").as_object());
}

class Attempt {
 public:
  Attempt(const Workplace& here, const std::string& out) {
    std::fflush(nullptr);
    child_ = fork();
    if (child_ == 0) {
      if (chdir(here.root().c_str()) != 0) _exit(99);
      if (!freopen("/dev/null", "r", stdin) || !freopen("out.txt", "a", stdout) || !freopen("err.txt", "a", stderr))
        _exit(99);
      const std::string program = (build_folder / "bin/tenon").string();
      execl(program.c_str(), "tenon", "train", "run.json", "--out", out.c_str(), "--resume", "auto", "--json", nullptr);
      _exit(98);
    }
  }
  /// Whether it has ended; its exit code then.
  bool has_ended(int& code) {
    int status = 0;
    if (waitpid(child_, &status, WNOHANG) != child_) return false;
    code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
  }
  /// The exit code of one that had ended before, else -1.
  int kill_now() {
    kill(child_, SIGKILL);
    int status = 0;
    waitpid(child_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t child_;
};

/// `stop` counts the epochs through all the kills, since no value is ever better by so much, and ends the run; then
/// `watch` puts the weights back that were the best.
void write_manifest(const Workplace& here, std::uint64_t epochs) {
  here.write("run.json", R"({
    "task": {"library": "digits", "config": {"hidden": 32}},
    "trainer": {"max_epochs": )" +
                             std::to_string(2 * epochs) + R"(, "seed": 7, "threads": 1, "log_every_n_steps": 5},
    "callbacks": [
      {"plugin": "csv_logger"}, {"plugin": "jsonl_logger"},
      {"plugin": "early_stopping", "id": "stop", "config": {"monitor": "val_loss", "min_delta": 1000, "patience": )" +
                             std::to_string(epochs - 1) + R"(}},
      {"plugin": "early_stopping", "id": "watch", "config": {"monitor": "val_acc", "patience": 100000, "restore_best_weights": true}},
      {"plugin": "checkpoint", "id": "best", "config": {"monitor": "val_acc", "save_top_k": 3, "save_last": true, "filename": "{epoch:02d}-{val_acc:.4f}"}},
      {"plugin": "checkpoint", "id": "often", "config": {"dirpath": "often", "every_n_train_steps": 7, "save_top_k": 1, "filename": "{step}"}},
      {"plugin": "transform_saver", "id": "deploy", "config": {"dirpath": "deploy", "monitor": "val_acc", "filename": "d-{epoch}", "transforms": [{"cast": "f16"}]}}
    ]})");
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_run_killed_at_random_moments_ends_with_the_bytes_of_one_that_never_stopped) {
  const std::uint64_t kills = number_from("TENON_KILLS", 5);
  const std::uint64_t seed = number_from("TENON_SEED", std::random_device{}());
  BOOST_TEST_MESSAGE("TENON_SEED=" << seed);
  // What a kill leaves is the same in memory, and many kills at least should meet a disk.
  if (kills < 20 && access("/dev/shm", W_OK) == 0) setenv("TMPDIR", "/dev/shm", 1);
  const Workplace here;
  // Long enough for all kills: each leaves some time to train behind the program's start.
  const std::uint64_t epochs = 20 * (kills + 1);
  write_manifest(here, epochs);
  const Outcome straight = here.run("train run.json --out straight --json");
  BOOST_REQUIRE_MESSAGE(straight.code == 0, straight.err);
  const std::uint64_t steps = last_step(here / "straight/metrics.jsonl");
  BOOST_REQUIRE(steps > 10 * kills);

  std::mt19937_64 random(seed);
  std::uint64_t killed = 0, attempts = 0, at_work = 0;
  for (int code = -1; code != 0;) {
    BOOST_REQUIRE_MESSAGE(++attempts < 3 * kills + 20, "TENON_SEED=" << seed << ": it never ends");
    Attempt attempt(here, "killed");
    const bool is_last = killed >= kills;
    // One in four dies at any moment of its start, the others some steps behind the kill before, so that there are as
    // many kills on any machine.
    bool ended = false;
    if (!is_last && random() % 4 == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 400));
    } else {
      const fs::path log = here / "killed/metrics.jsonl";
      const std::uint64_t wanted = last_step(log) + 1 + random() % (steps / (2 * kills + 2));
      while (!(ended = attempt.has_ended(code)) && (is_last || last_step(log) < wanted))
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    if (!ended) code = attempt.kill_now();
    if (code == -1) {
      ++killed;
      at_work += was_at_work(here / "killed");
    }
    BOOST_REQUIRE_MESSAGE(code == -1 || code == 0, "TENON_SEED=" << seed << ": exit code " << code << "\n"
                                                                 << read(here / "err.txt"));
  }
  BOOST_TEST_MESSAGE(killed << " kills in " << attempts << " attempts, " << at_work << " in the middle of a save");
  BOOST_TEST(killed == kills, "TENON_SEED=" << seed);

  BOOST_TEST_CONTEXT("TENON_SEED=" << seed) {
    const std::string end = ending_of(straight.out);
    BOOST_TEST(end.find(R"("stopped_epoch":)" + std::to_string(epochs - 1)) != std::string::npos, end);
    BOOST_TEST(ending_of(read(here / "out.txt")) == end);
    using namespace tenon::tests;
    check_same(everything(here / "straight", Told::when_the_disk_was_done),
               everything(here / "killed", Told::when_the_disk_was_done));
  }
}

}  // namespace runs_test
