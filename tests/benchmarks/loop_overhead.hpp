// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_BENCHMARKS_LOOP_OVERHEAD_HPP
#define TENON_BENCHMARKS_LOOP_OVERHEAD_HPP

#include <cstdint>

namespace tenon::benchmarks {

/// One epoch of `steps` steps of an engine that computes nothing and logs `metrics` numbers each step, with `callbacks`
/// callbacks that listen to every hook of a step.
struct LoopRun {
  double seconds = 0;
  std::uint64_t allocations = 0;
};
LoopRun run_loop(std::uint64_t steps, int callbacks, int metrics = 1);

/// Calls of malloc, calloc and realloc so far, by anybody in this process.
std::uint64_t allocations() noexcept;

}  // namespace tenon::benchmarks

#endif
