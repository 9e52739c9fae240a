// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A file is read by two threads and looked at in order: the time goes into copying out of the page cache and into
// touching new memory, hashing costs little beside it.
#ifndef TENON_CHECKPOINT_ORDERED_READ_HPP
#define TENON_CHECKPOINT_ORDERED_READ_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "checkpoint/input_file.hpp"

namespace tenon::checkpoint {

using Look = std::function<void(std::span<const std::byte>)>;

/// Reads `to.size()` bytes of the file from `begin` on and shows them to `look`, one piece at a time, in the file's
/// order, on either thread. What reading or looking throws ends it and is thrown: the first error in the file's order.
void read_in_order(const InputFile& file, std::uint64_t begin, std::span<std::byte> to, const Look& look);

/// The same for the whole file, of which nothing is kept.
void read_in_order(const InputFile& file, const Look& look);

}  // namespace tenon::checkpoint

#endif
