// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same on every platform and for ever, and that disturb nobody else's: what decides the
// data order and what an augmentation draws from.
#ifndef TENON_RANDOM_HPP
#define TENON_RANDOM_HPP

#include <bit>
#include <cstdint>
#include <initializer_list>
#include <limits>

namespace tenon {

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014) as a counter-based generator:
/// number k of a key is mix(key + k * 0x9E3779B97F4A7C15), k from 1. A UniformRandomBitGenerator; but what the standard
/// library's distributions make of it differs between libraries, so results that must last use the members below.
class Random {
 public:
  using result_type = std::uint64_t;

  explicit constexpr Random(std::uint64_t key) noexcept : state_(key) {}

  /// The stream that belongs to these numbers, in this order: {seed, epoch, index}.
  static constexpr Random of(std::initializer_list<std::uint64_t> numbers) noexcept {
    std::uint64_t key = 0;
    for (std::uint64_t number : numbers) key = mix(key + number + step);
    return Random(key);
  }

  constexpr std::uint64_t operator()() noexcept { return mix(state_ += step); }
  static constexpr std::uint64_t min() noexcept { return 0; }
  static constexpr std::uint64_t max() noexcept { return std::numeric_limits<std::uint64_t>::max(); }

  /// Uniform over 0 .. bound-1; `bound` is at least 1. Draws again what the next power of two has too many.
  constexpr std::uint64_t below(std::uint64_t bound) noexcept {
    const std::uint64_t mask = std::numeric_limits<std::uint64_t>::max() >> std::countl_zero((bound - 1) | 1);
    for (;;) {
      const std::uint64_t drawn = (*this)() & mask;
      if (drawn < bound) return drawn;
    }
  }

  /// Uniform over [0, 1), a multiple of 2^-53.
  constexpr double uniform() noexcept { return static_cast<double>((*this)() >> 11) * 0x1.0p-53; }

 private:
  static constexpr std::uint64_t step = 0x9E3779B97F4A7C15u;
  static constexpr std::uint64_t mix(std::uint64_t z) noexcept {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

}  // namespace tenon

#endif
