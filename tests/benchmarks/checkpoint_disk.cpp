// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint_disk.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <system_error>
#include <vector>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/folder.hpp"
#include "checkpoint/format.hpp"
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

/// A folder in which as many checkpoints are kept, and one more for a moment.
class Keeper {
 public:
  Keeper(const fs::path& path, int kept, const AdamwState& state)
      : folder_(Folder::open(path, "benchmark", true, files_)), state_(state), kept_(kept) {
    while (next_ < kept) save();
    files_.on = true;
  }
  double seconds_of_a_save() {
    const double start = seconds();
    save();
    folder_->remove(name(next_ - 1 - kept_));
    return seconds() - start;
  }

 private:
  static std::string name(int step) { return "step=" + std::to_string(step); }
  void save() {
    folder_->write(state_.content(name(next_)));
    folder_->set_ref("last", name(next_++));
  }

  SwitchedSync files_;
  std::unique_ptr<Folder> folder_;
  const AdamwState& state_;
  int kept_;
  int next_ = 0;
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
  const AdamwState state(1, 8, 8);
  Keeper few(place / "few", 10, state), many(place / "many", 10'000, state);
  ::sync();
  std::vector<double> with_few, with_many;
  for (int round = 0; round < 101; ++round) {
    with_few.push_back(few.seconds_of_a_save());
    with_many.push_back(many.seconds_of_a_save());
  }
  report.add("save_ms_with_10_kept", 1000 * median(with_few), "a small save, the ref and the removal of the oldest");
  report.add("save_ms_with_10000_kept", 1000 * median(with_many), "goal at most 1.5 of that");
}

}  // namespace tenon::benchmarks
