// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/memory.hpp"

#include <sys/mman.h>

#include <limits>
#include <new>

namespace tenon::checkpoint {
namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;

}  // namespace

Memory allocate(std::size_t size) {
  const std::size_t alignment = size < 2 * huge_page ? page_size : huge_page;
  if (size > std::numeric_limits<std::size_t>::max() - alignment) throw std::bad_alloc();
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  Memory memory(static_cast<std::byte*>(std::aligned_alloc(alignment, rounded)));
  if (!memory && rounded != 0) throw std::bad_alloc();
  if (alignment == huge_page) ::madvise(memory.get(), rounded, MADV_HUGEPAGE);  // a wish: it works without
  return memory;
}

}  // namespace tenon::checkpoint
