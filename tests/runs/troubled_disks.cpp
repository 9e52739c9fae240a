// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Whole runs whose disk is in trouble for a while: full, read-only, gone. What was saved before stays whole, what is
// not saved is said, the training goes on or stops as the manifest says, and when the trouble is over the run ends with
// the bytes of one that never had any.
#include <signal.h>
#include <sys/stat.h>

#include <boost/test/unit_test.hpp>
#include <chrono>
#include <cstdio>
#include <functional>
#include <thread>

#include "program.hpp"
#include "small_disk.hpp"

namespace runs_test {

namespace {

struct Confined {
  Confined() { Surroundings::get(); }
};
BOOST_TEST_GLOBAL_FIXTURE(Confined);

/// A run that stops at the start of epochs 2 and 5, of 8, until it is told to go on.
class PausedRun {
 public:
  explicit PausedRun(const Workplace& here, const std::string& words = "") : here_(here) {
    std::fflush(nullptr);
    child_ = fork();
    if (child_ == 0) {
      if (chdir(here.root().c_str()) != 0 || !freopen("/dev/null", "r", stdin) || !freopen("out.txt", "w", stdout) ||
          !freopen("err.txt", "w", stderr))
        _exit(99);
      const std::string program = (build_folder / "bin/tenon").string();
      const std::string command = "exec '" + program + "' train run.json --out run " + words;
      execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
      _exit(98);
    }
  }
  ~PausedRun() {
    if (child_ > 0) {
      kill(child_, SIGKILL);
      waitpid(child_, nullptr, 0);
    }
  }
  PausedRun(const PausedRun&) = delete;
  PausedRun& operator=(const PausedRun&) = delete;

  pid_t process() const { return child_; }
  void wait_for(int epoch) {
    const fs::path sign = here_ / ("signs/at-" + std::to_string(epoch));
    for (int i = 0; i < 6000 && !fs::exists(sign); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    BOOST_REQUIRE_MESSAGE(fs::exists(sign), read(here_ / "err.txt"));
  }
  void go_on(int epoch) const { here_.write("signs/go-" + std::to_string(epoch), ""); }
  Outcome end() {
    int status = 0;
    waitpid(child_, &status, 0);
    child_ = -1;
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read(here_ / "out.txt"),
            read(here_ / "err.txt")};
  }

 private:
  const Workplace& here_;
  pid_t child_;
};

void write_manifest(const Workplace& here, const std::string& folder, const std::string& entry = "") {
  fs::create_directories(here / "signs");
  here.write("run.json", R"({"task": {"library": "digits"},
    "plugins": {"paths": [")" +
                             (build_folder / "tests/plugins_misbehaving").string() + R"("]},
    "trainer": {"max_epochs": 8, "threads": 1, "seed": 5, "limit_train_batches": 5, "log_every_n_steps": 1},
    "callbacks": [
      {"plugin": "pausing", "config": {"folder": ")" +
                             (here / "signs").string() + R"(", "epochs": [2, 5]}},
      {"plugin": "jsonl_logger"},
      {"plugin": "checkpoint", "id": "newest")" +
                             entry + R"(, "config": {"dirpath": ")" + folder +
                             R"(", "filename": "{epoch}", "save_last": true, "async": false}}]})");
}

void has(const std::string& text, const std::string& part) {
  BOOST_TEST(text.find(part) != std::string::npos, "'" << part << "' is not in:\n" << text);
}

/// Names in a folder, sorted, hidden ones too but for the lock.
std::vector<std::string> names(const fs::path& folder) {
  std::vector<std::string> all;
  for (const auto& entry : fs::directory_iterator(folder))
    if (const std::string name = entry.path().filename(); name != ".tenon-lock" && name != "filler")
      all.push_back(name);
  std::sort(all.begin(), all.end());
  return all;
}
void holds(const fs::path& folder, const std::vector<std::string>& wanted) {
  BOOST_TEST(names(folder) == wanted, boost::test_tools::per_element());
}

void is_whole(const Workplace& here, const fs::path& checkpoint) {
  const int code = std::system(("'" + (build_folder / "bin/tenon").string() + "' checkpoint verify '" +
                                checkpoint.string() + "' > '" + (here / "verify.txt").string() + "' 2>&1")
                                   .c_str());
  BOOST_TEST(code == 0, read(here / "verify.txt"));
}

/// The weights at the end of the same training on a disk without trouble.
std::string undisturbed(const Workplace& here) {
  write_manifest(here, "checkpoints");
  for (const char* sign : {"go-2", "go-5"}) here.write(std::string("signs/") + sign, "");
  const Outcome run = here.run("train run.json --out straight");
  BOOST_REQUIRE_MESSAGE(run.code == 0, run.err);
  return read(here / "straight/checkpoints/last.ckpt/model.safetensors");
}

/// `run` is resumed and ends as if there had been no trouble.
void goes_on(const Workplace& here, const fs::path& folder) {
  const Outcome rest = here.run("train run.json --out run --resume auto");
  BOOST_REQUIRE_MESSAGE(rest.code == 0, rest.err);
  holds(folder, {"epoch=7.ckpt", "last.ckpt"});
  is_whole(here, folder / "last.ckpt");
  const std::string got = read(folder / "last.ckpt/model.safetensors");
  BOOST_TEST((got == undisturbed(here)));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_disk_that_is_full_for_a_while_costs_the_checkpoints_of_that_time_and_nothing_else) {
  const Workplace here;
  const SmallDisk disk(here / "disk");
  const fs::path folder = disk.path() / "checkpoints";
  write_manifest(here, folder);
  PausedRun run(here);
  run.wait_for(2);
  holds(folder, {"epoch=1.ckpt", "last.ckpt"});
  disk.fill(run.process());
  run.go_on(2);
  run.wait_for(5);
  holds(folder, {"epoch=1.ckpt", "last.ckpt"});
  is_whole(here, folder / "last.ckpt");
  disk.give_space(run.process());
  run.go_on(5);
  const Outcome end = run.end();
  BOOST_TEST(end.code == 0, end.err);
  for (const char* epoch : {"2", "3", "4"})
    has(end.err, "'" + (folder / "epoch=").string() + epoch + ".ckpt' was not saved: ");
  has(end.err, disk.reason());
  has(end.err, "what was saved before is intact");
  has(end.out, "newest (checkpoint): saved 5, removed 4, failed 3");
  has(end.out, "    WARNING  cannot write the checkpoint 'epoch=….ckpt' in '" + folder.string() + "': ");
  has(end.out, "(3 times)");
  holds(folder, {"epoch=7.ckpt", "last.ckpt"});
  is_whole(here, folder / "epoch=7.ckpt");
  BOOST_TEST((read(folder / "last.ckpt/model.safetensors") == undisturbed(here)));
}

BOOST_AUTO_TEST_CASE(with_on_error_abort_a_full_disk_ends_the_run_and_a_resume_makes_up_for_it) {
  const Workplace here;
  const SmallDisk disk(here / "disk");
  const fs::path folder = disk.path() / "checkpoints";
  write_manifest(here, folder, R"(, "on_error": "abort")");
  PausedRun run(here);
  run.wait_for(2);
  disk.fill(run.process());
  run.go_on(2);
  const Outcome end = run.end();
  BOOST_TEST(end.code == 1, end.err);
  has(end.err, "callback 'newest' (org.tenon.checkpoint 1.0.0) failed in saving");
  has(end.err, "'" + (folder / "epoch=2.ckpt").string() + "' was not saved: ");
  has(end.err, disk.reason());
  holds(folder, {"epoch=1.ckpt", "last.ckpt"});
  is_whole(here, folder / "last.ckpt");
  disk.give_space(0);
  for (const int epoch : {2, 5}) run.go_on(epoch);
  goes_on(here, folder);
}

BOOST_AUTO_TEST_CASE(a_folder_that_becomes_read_only_is_written_to_again_when_it_may_be) {
  const Workplace here;
  write_manifest(here, "checkpoints");
  const fs::path folder = here / "run/checkpoints";
  PausedRun run(here);
  run.wait_for(2);
  ::chmod(folder.c_str(), 0555);
  run.go_on(2);
  run.wait_for(5);
  holds(folder, {"epoch=1.ckpt", "last.ckpt"});
  is_whole(here, folder / "last.ckpt");
  ::chmod(folder.c_str(), 0755);
  run.go_on(5);
  const Outcome end = run.end();
  BOOST_TEST(end.code == 0, end.err);
  has(end.err, "'checkpoints/epoch=2.ckpt' was not saved: ");
  has(end.err, folder.string());
  has(end.err, "Permission denied");
  has(end.out, "saved 5, removed 4, failed 3");
  holds(folder, {"epoch=7.ckpt", "last.ckpt"});
  is_whole(here, folder / "last.ckpt");
  BOOST_TEST((read(folder / "last.ckpt/model.safetensors") == undisturbed(here)));
}

BOOST_AUTO_TEST_CASE(a_folder_that_is_removed_under_way_is_named_and_the_run_can_be_made_again) {
  const Workplace here;
  write_manifest(here, "checkpoints");
  const fs::path folder = here / "run/checkpoints";
  PausedRun run(here);
  run.wait_for(2);
  fs::remove_all(folder);
  run.go_on(2);
  run.wait_for(5);
  ::kill(run.process(), SIGKILL);
  const Outcome end = run.end();
  has(end.err, "'checkpoints/epoch=2.ckpt' was not saved: ");
  has(end.err, "in '" + folder.string() + "': ");
  has(end.err, "; the folder was removed while the run writes into it");
  run.go_on(5);
  goes_on(here, folder);
}

BOOST_AUTO_TEST_CASE(a_run_whose_whole_folder_is_removed_trains_on_and_says_what_is_missing) {
  const Workplace here;
  write_manifest(here, "checkpoints");
  for (const char* entry : {"", R"(, "on_error": "abort")"}) {
    fs::remove_all(here / "signs");
    write_manifest(here, "checkpoints", entry);
    PausedRun run(here);
    run.wait_for(2);
    fs::remove_all(here / "run");
    run.go_on(2);
    run.go_on(5);
    const Outcome end = run.end();
    BOOST_TEST(end.code == (*entry ? 1 : 0), end.err);
    has(end.out, *entry ? "failed after 3 epochs" : "finished after 8 epochs, 40 steps");
    has(end.err, "'checkpoints/epoch=2.ckpt' was not saved: ");
    has(end.err, "; the folder was removed while the run writes into it");
    has(end.err, "callback 'jsonl_logger' (org.tenon.jsonl_logger 1.0.0) failed in a task");
    has(end.err, (here / "run").string() + " cannot be opened: No such file or directory");
    has(end.err, "the run's record '" + (here / "run/run.json").string() + "' cannot be written");
  }
}

BOOST_AUTO_TEST_CASE(a_run_whose_whole_folder_is_on_a_full_disk_says_so_and_goes_on_when_there_is_space) {
  const Workplace here;
  const SmallDisk disk(here / "run");
  write_manifest(here, "checkpoints");
  const fs::path folder = here / "run/checkpoints";
  PausedRun run(here);
  run.wait_for(2);
  disk.fill(run.process());
  run.go_on(2);
  run.wait_for(5);
  is_whole(here, folder / "last.ckpt");
  ::kill(run.process(), SIGKILL);
  run.end();
  disk.give_space(0);
  for (const int epoch : {2, 5}) run.go_on(epoch);
  goes_on(here, folder);
}

BOOST_AUTO_TEST_CASE(a_run_is_not_begun_where_nothing_can_be_written) {
  const Workplace here;
  write_manifest(here, "checkpoints");
  fs::create_directory(here / "sealed");
  ::chmod((here / "sealed").c_str(), 0555);
  const Outcome run = here.run("train run.json --out sealed/run");
  BOOST_TEST(run.code == 7);
  has(run.err, "the run's folder '" + (here / "sealed/run").string() + "' cannot be written: Permission denied");
  has(run.err, "--out DIR");
  write_manifest(here, here / "sealed/checkpoints");
  const Outcome other = here.run("train run.json --out run");
  BOOST_TEST(other.code == 7);
  has(other.err, (here / "sealed/checkpoints").string());
  has(other.err, "Permission denied");
  ::chmod((here / "sealed").c_str(), 0755);
  BOOST_TEST(fs::is_empty(here / "sealed"));
}

}  // namespace runs_test
