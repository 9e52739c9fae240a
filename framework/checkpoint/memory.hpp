// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Large pieces of memory that are written once from front to back.
#ifndef TENON_CHECKPOINT_MEMORY_HPP
#define TENON_CHECKPOINT_MEMORY_HPP

#include <cstddef>
#include <cstdlib>
#include <memory>

namespace tenon::checkpoint {

/// What O_DIRECT asks of addresses, offsets and sizes on every file system that is known to have it.
inline constexpr std::size_t page_size = 4096;

struct FreeMemory {
  void operator()(std::byte* memory) const noexcept { std::free(memory); }
};
using Memory = std::unique_ptr<std::byte[], FreeMemory>;

/// `size` bytes, not set to anything, at a multiple of page_size; large ones in huge pages where the system has them,
/// because the first touch of a small page costs more than the copy into it. Throws std::bad_alloc.
Memory allocate(std::size_t size);

}  // namespace tenon::checkpoint

#endif
