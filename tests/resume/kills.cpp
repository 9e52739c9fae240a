// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The digits example, killed at random moments with `kill -9` and started again with `--resume auto` until it is done:
// the same bytes as a run that nobody disturbed. TENON_KILLS says how often, TENON_SEED repeats a sequence of moments.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "checkpoint/inspect.hpp"
#include "runs/program.hpp"

namespace runs_test {

namespace {

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// A log without its clock: the member "time" of a line of JSON, or the third column of the table.
std::string without_times(const fs::path& file) {
  std::string out;
  for (std::string line : lines(read(file))) {
    if (const std::size_t at = line.find("\"time\":"); at != std::string::npos) {
      line.erase(at, line.find(',', at) - at);
    } else if (file.extension() == ".csv") {
      const std::size_t second = line.find(',', line.find(',') + 1);
      line.erase(second, line.find(',', second + 1) - second);
    }
    out += line + "\n";
  }
  return out;
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

/// The weights of every checkpoint, every ref and every log of a run, by path.
std::map<std::string, std::string> everything(const fs::path& run) {
  std::map<std::string, std::string> all;
  for (fs::recursive_directory_iterator at(run), end; at != end; ++at) {
    const std::string name = at->path().lexically_relative(run).string();
    const std::string extension = at->path().extension().string();
    if (at->is_symlink())
      all[name] = "-> " + fs::read_symlink(at->path()).string();
    else if (at->path().filename() == "model.safetensors")
      all[name] = read(at->path());
    else if (extension == ".jsonl" || extension == ".csv")
      all[name] = without_times(at->path());
    else if (name.find("tenon-tmp") != std::string::npos || name.find(".damaged") != std::string::npos)
      all[name] = "rubbish";
  }
  return all;
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
      execl(program.c_str(), "tenon", "train", "run.json", "--out", out.c_str(), "--resume", "auto", nullptr);
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

void write_manifest(const Workplace& here, std::uint64_t epochs) {
  here.write("run.json", R"({
    "task": {"library": "digits", "config": {"hidden": 32}},
    "trainer": {"max_epochs": )" +
                             std::to_string(epochs) + R"(, "seed": 7, "threads": 1, "log_every_n_steps": 5},
    "callbacks": [
      {"plugin": "csv_logger"}, {"plugin": "jsonl_logger"},
      {"plugin": "early_stopping", "id": "stop", "config": {"monitor": "val_loss", "patience": 100000}},
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
  write_manifest(here, 20 * (kills + 1));
  const Outcome straight = here.run("train run.json --out straight");
  BOOST_REQUIRE_MESSAGE(straight.code == 0, straight.err);
  const std::uint64_t steps = last_step(here / "straight/metrics.jsonl");
  BOOST_REQUIRE(steps > 10 * kills);

  std::mt19937_64 random(seed);
  std::uint64_t killed = 0, attempts = 0;
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
    if (code == -1) ++killed;
    BOOST_REQUIRE_MESSAGE(code == -1 || code == 0, "TENON_SEED=" << seed << ": exit code " << code << "\n"
                                                                 << read(here / "err.txt"));
  }
  BOOST_TEST_MESSAGE(killed << " kills in " << attempts << " attempts");
  BOOST_TEST(killed == kills, "TENON_SEED=" << seed);

  const auto expected = everything(here / "straight"), got = everything(here / "killed");
  for (const auto& [name, content] : expected) {
    BOOST_TEST(got.contains(name), "TENON_SEED=" << seed << ": " << name << " is not there");
    if (got.contains(name)) BOOST_TEST((got.at(name) == content), "TENON_SEED=" << seed << ": " << name << " differs");
  }
  for (const auto& [name, content] : got)
    BOOST_TEST(expected.contains(name), "TENON_SEED=" << seed << ": " << name << " is there too");
  for (const auto& entry : fs::recursive_directory_iterator(here / "killed"))
    if (entry.is_directory() && !entry.is_symlink() && entry.path().extension() == ".ckpt")
      BOOST_CHECK_NO_THROW(tenon::checkpoint::verify(entry.path()));
}

}  // namespace runs_test
