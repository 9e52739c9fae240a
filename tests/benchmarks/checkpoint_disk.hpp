// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A checkpoint's way to the disk and back, without a training.
#ifndef TENON_BENCHMARKS_CHECKPOINT_DISK_HPP
#define TENON_BENCHMARKS_CHECKPOINT_DISK_HPP

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "checkpoint/content.hpp"
#include "checkpoint/memory.hpp"
#include "report.hpp"

namespace tenon::benchmarks {

/// An empty folder of its own below a place, removed at the end.
class ScratchPlace {
 public:
  explicit ScratchPlace(const std::filesystem::path& place);
  ~ScratchPlace();
  ScratchPlace(const ScratchPlace&) = delete;
  ScratchPlace& operator=(const ScratchPlace&) = delete;
  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

/// The state of a model of `layers` linear layers of float32 and their AdamW, in one arena.
class AdamwState {
 public:
  AdamwState(std::uint64_t layers, std::int64_t outputs, std::int64_t inputs);
  std::span<const std::byte> bytes() const noexcept { return {memory_.get(), size_}; }
  checkpoint::Content content(std::string name) const;

 private:
  std::size_t size_;
  checkpoint::Memory memory_;
  checkpoint::Content content_;
};

/// write_gbps, disk_gbps, write_over_disk, restore_over_memcpy, each followed by `suffix`.
void measure_disk(Report& report, const std::string& suffix, const AdamwState& state,
                  const std::filesystem::path& place);

/// save_ms_with_10_kept, save_ms_with_10000_kept.
void measure_kept(Report& report, const std::filesystem::path& place);

}  // namespace tenon::benchmarks

#endif
