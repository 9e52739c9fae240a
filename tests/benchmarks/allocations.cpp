// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Counts the process's allocations: glibc lets a program define these in place of its own.
#include <cstddef>

#include "loop_overhead.hpp"

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
}

namespace {
std::uint64_t count;  // only one thread allocates where it is read
}

std::uint64_t tenon::benchmarks::allocations() noexcept { return count; }

extern "C" {

void* malloc(std::size_t size) {
  ++count;
  return __libc_malloc(size);
}

void* calloc(std::size_t number, std::size_t size) {
  ++count;
  return __libc_calloc(number, size);
}

void* realloc(void* old, std::size_t size) {
  ++count;
  return __libc_realloc(old, size);
}
}
