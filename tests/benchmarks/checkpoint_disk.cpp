// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint_disk.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <future>
#include <memory>
#include <mutex>
#include <random>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/folder.hpp"
#include "checkpoint/format.hpp"
#include "loop_fixture.hpp"
#include "process.hpp"

namespace tenon::benchmarks {
namespace {

namespace fs = std::filesystem;
using namespace checkpoint;

constexpr int rounds = 11;

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

/// The same bytes in one file, as fast as the disk takes them: room reserved, O_DIRECT in pieces of 8 MiB, fsync.
double raw_write_seconds(std::span<const std::byte> bytes, const fs::path& file) {
  constexpr std::size_t largest = std::size_t{8} << 20;
  const double start = seconds();
  int number = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_DIRECT, 0666);
  if (number == -1) number = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0666);  // a disk without O_DIRECT
  if (number == -1) fail("create a file for the raw disk");
  const std::size_t pages = (bytes.size() + page_size - 1) / page_size * page_size;
  if (::fallocate(number, 0, 0, static_cast<off_t>(pages)) == -1 && errno != EOPNOTSUPP) fail("fallocate");
  for (std::size_t done = 0; done < pages;) {
    const ssize_t written = ::write(number, bytes.data() + done, std::min(largest, pages - done));
    if (written <= 0) fail("write past the page cache");
    done += static_cast<std::size_t>(written);
  }
  if (::fsync(number) == -1) fail("fsync");
  ::close(number);
  const double taken = seconds() - start;
  fs::remove(file);
  return taken;
}

/// A plain copy of everything into memory that nobody has touched yet.
double copy_seconds(std::span<const std::byte> bytes) {
  void* const fresh = ::mmap(nullptr, bytes.size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (fresh == MAP_FAILED) fail("mmap");
  const double start = seconds();
  std::memcpy(fresh, bytes.data(), bytes.size());
  const double taken = seconds() - start;
  ::munmap(fresh, bytes.size());
  return taken;
}

double restore_seconds(const fs::path& path) {
  const double start = seconds();
  const Checkpoint opened = Checkpoint::open(path);
  const LoadedTensors model = opened.load(model_file), training = opened.load(training_file);
  return seconds() - start;
}

/// Its fsyncs can be left out, for what is only to be there.
class SwitchedSync : public FileSystem {
 public:
  bool on = false;
  int sync(int file) override { return on ? FileSystem::sync(file) : 0; }
};

/// Two trainings that measure in turns, so that a disk's moods meet both.
class Turns {
 public:
  void take(int who) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return whose_ == who || left_; });
  }
  void pass(int who) {
    const std::lock_guard lock(mutex_);
    whose_ = 1 - who;
    changed_.notify_all();
  }
  void leave() {
    const std::lock_guard lock(mutex_);
    left_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int whose_ = 0;
  bool left_ = false;
};

/// The seconds of a commit point that saves, moves `last` and lets go of the oldest, with everything on the disk behind
/// it, in a training whose callback keeps as many.
class Keeper {
 public:
  Keeper(const fs::path& folder, std::uint64_t kept, Turns& turns, int who)
      : kept_(kept), turns_(turns), who_(who), engine_(kept + measured) {
    probe_.on[TENON_HOOK(on_train_batch_end)] = [this](const void* args) {
      files_.on = static_cast<const tenon_batch_args*>(args)->progress->step > kept_;
      if (files_.on) turns_.take(who_);
      save();
      begun_ = seconds();
    };
    probe_.on[TENON_HOOK(on_train_batch_start)] = [this](const void*) { end_commit_point(); };
    loop::RunFacts facts;
    facts.run_id = "benchmark";
    facts.run_folder = folder;
    facts.task_name = "benchmark";
    facts.manifest_json = "{}";
    facts.options.num_sanity_val_steps = 0;
    facts.options.max_epochs = 1;
    facts.wait_for_saves = true;
    facts.files = &files_;
    loop::Fit fit(engine_, facts, folder);
    tests::next_probe = &probe_;
    fit.chain().add({"keeper", "keeper", chain::OnError::abort, {}, "benchmark"}, tests::probe::descriptor, {});
    const loop::FitResult result = fit.run();
    turns_.leave();
    if (result.reason != TENON_END_FINISHED) throw std::runtime_error(result.detail);
  }
  const std::vector<double>& seconds_of_a_save() const { return seconds_of_a_save_; }

 private:
  static constexpr std::uint64_t measured = 101;
  void save() {
    const Checkpoints checkpoints{Host(probe_.host)};
    const std::string name = "step=" + std::to_string(next_++);
    const tenon_ticket ticket = checkpoints.request(Checkpoints::save(TENON_CHECKPOINT_FULL, name, "measured"));
    checkpoints.set_ref("last", ticket);
    held_.push_back(ticket);
    if (held_.size() <= kept_) return;
    checkpoints.release(held_.front(), ticket, "the oldest");
    held_.pop_front();
  }
  void end_commit_point() {
    if (!files_.on) return;
    seconds_of_a_save_.push_back(seconds() - begun_);
    turns_.pass(who_);
  }

  const std::uint64_t kept_;
  Turns& turns_;
  const int who_;
  SwitchedSync files_;
  tests::TestEngine engine_;
  tests::Probe probe_;
  std::deque<tenon_ticket> held_;
  std::uint64_t next_ = 0;
  double begun_ = 0;
  std::vector<double> seconds_of_a_save_;
};

}  // namespace

ScratchPlace::ScratchPlace(const fs::path& place) {
  std::string pattern = (fs::absolute(place) / "bench-checkpoint-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) fail("make a folder to measure in");
  path_ = pattern;
}

ScratchPlace::~ScratchPlace() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

AdamwState::AdamwState(std::uint64_t layers, std::int64_t outputs, std::int64_t inputs)
    : size_(layers * 3 * static_cast<std::size_t>(outputs * (inputs + 1)) * sizeof(float)), memory_(allocate(size_)) {
  std::mt19937_64 random(1);
  for (std::size_t at = 0; at + sizeof(std::uint64_t) <= size_; at += sizeof(std::uint64_t)) {
    const std::uint64_t bits = random();
    std::memcpy(memory_.get() + at, &bits, sizeof bits);
  }
  std::size_t at = 0;
  const auto add = [&](std::vector<TensorRecord>& to, std::string name, std::vector<std::int64_t> shape) {
    std::size_t size = sizeof(float);
    for (const std::int64_t length : shape) size *= static_cast<std::size_t>(length);
    to.push_back({std::move(name), DType::f32, std::move(shape), bytes().subspan(at, size)});
    at += size;
  };
  for (std::uint64_t layer = 0; layer < layers; ++layer) {
    const std::string name = "layers." + std::to_string(layer);
    add(content_.model, name + ".weight", {outputs, inputs});
    add(content_.model, name + ".bias", {outputs});
    for (const char* moment : {"/exp_avg", "/exp_avg_sq"}) {
      add(content_.training, "optimizer/0/" + name + ".weight" + moment, {outputs, inputs});
      add(content_.training, "optimizer/0/" + name + ".bias" + moment, {outputs});
    }
  }
}

Content AdamwState::content(std::string name) const {
  Content content = content_;
  content.name = std::move(name);
  return content;
}

void measure_disk(Report& report, const std::string& suffix, const AdamwState& state, const fs::path& place) {
  const auto folder = Folder::open(place / ("disk" + suffix), "benchmark");
  const fs::path restored = folder->write(state.content("restored")).path;
  restore_seconds(restored);  // it is in the page cache from here on
  const auto size = static_cast<double>(state.bytes().size());
  std::vector<double> write, disk, write_over_disk, restore_over_memcpy;
  for (int round = 0; round < rounds; ++round) {
    const double raw = raw_write_seconds(state.bytes(), place / "raw");
    const double start = seconds();
    const Written written = folder->write(state.content("saved"));
    const double saved = seconds() - start;
    folder->remove(written.name);
    disk.push_back(size / raw / 1e9);
    write.push_back(size / saved / 1e9);
    write_over_disk.push_back(raw / saved);
    restore_over_memcpy.push_back(copy_seconds(state.bytes()) / restore_seconds(restored));
  }
  report.add("write_gbps" + suffix, median(write), "a durable save of everything, checksums and renaming included");
  report.add("disk_gbps" + suffix, median(disk), "the same bytes in one file, O_DIRECT and one fsync");
  report.add("write_over_disk" + suffix, median(write_over_disk), "goal 0.85 for the large state");
  report.add("restore_over_memcpy" + suffix, median(restore_over_memcpy),
             "opened, verified and loaded, warm, beside a copy into fresh memory; goal 0.8 for the large state");
}

void measure_kept(Report& report, const fs::path& place) {
  Turns turns;
  const auto measured = [&](const char* folder, std::uint64_t kept, int who) {
    return std::async(std::launch::async, [&turns, folder = place / folder, kept, who] {
      return median(Keeper(folder, kept, turns, who).seconds_of_a_save());
    });
  };
  std::future<double> many = measured("many", 10'000, 0), few = measured("few", 10, 1);
  report.add("save_ms_with_10_kept", 1000 * few.get(),
             "a small save, the ref and the removal of the oldest, from commit point to disk");
  report.add("save_ms_with_10000_kept", 1000 * many.get(), "goal at most 1.5 of that");
}

}  // namespace tenon::benchmarks
