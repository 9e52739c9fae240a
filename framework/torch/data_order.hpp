// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_DATA_ORDER_HPP
#define TENON_TORCH_DATA_ORDER_HPP

#include <cstdint>
#include <span>

namespace tenon::torch_engine {

/// The order of a shuffled epoch, a pure function of (seed, epoch, out.size()) that may never change: a resumed run
/// must find the order it left. 0 .. n-1 are shuffled by Fisher and Yates from the last place down, place i with place
/// below(i + 1), drawn from Random::of({seed, 0x6f72646572, epoch}) (random.hpp; the number spells "order").
/// Hand-written because std::shuffle differs between standard libraries and LibTorch's sampler draws from the generator
/// that dropout uses.
void shuffled_order(std::uint64_t seed, std::uint64_t epoch, std::span<std::int64_t> out) noexcept;

}  // namespace tenon::torch_engine

#endif
