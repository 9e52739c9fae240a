// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_BENCHMARKS_RAW_LOOP_HPP
#define TENON_BENCHMARKS_RAW_LOOP_HPP

#include <cstdint>

struct RawLoop;

/// What the library raw_loop.so exports: the hand-written training, and its next steps.
extern "C" {
__attribute__((visibility("default"))) RawLoop* raw_loop_make(const char* csv, std::uint64_t seed,
                                                              std::uint64_t repeat);
__attribute__((visibility("default"))) void raw_loop_run(RawLoop* loop, std::uint64_t steps);
}

#endif
