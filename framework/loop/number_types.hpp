// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// One number of any element type, to and from double; rounding is to nearest, ties to even, as IEEE 754 has it.
#ifndef TENON_LOOP_NUMBER_TYPES_HPP
#define TENON_LOOP_NUMBER_TYPES_HPP

#include <tenon/tensor.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "checkpoint/small_floats.hpp"

namespace tenon::loop {

/// `bits` of mantissa, exponents from `least`; the encoding of a small IEEE-like format from a double.
template <int mantissa, int exponent>
std::uint16_t small_float_from(double x) noexcept {
  constexpr int bias = (1 << (exponent - 1)) - 1;
  constexpr std::uint32_t infinity = ((1u << exponent) - 1) << mantissa;
  const std::uint32_t sign = std::signbit(x) ? 1u << (mantissa + exponent) : 0u;
  if (std::isnan(x)) return static_cast<std::uint16_t>(sign | infinity | 1u << (mantissa - 1));
  const double size = std::fabs(x);
  if (std::isinf(x)) return static_cast<std::uint16_t>(sign | infinity);
  if (size == 0) return static_cast<std::uint16_t>(sign);
  const int e = std::max(std::ilogb(size), 1 - bias);
  const auto q = static_cast<std::uint32_t>(std::nearbyint(std::ldexp(size, mantissa - e)));
  // q counts units in the last place from 0; a carry into the next exponent adds up by itself.
  const std::uint32_t encoded = (static_cast<std::uint32_t>(e + bias - 1) << mantissa) + q;
  return static_cast<std::uint16_t>(sign | std::min(encoded, infinity));
}

inline std::uint16_t half_from(double x) noexcept { return small_float_from<10, 5>(x); }
inline double half_to(std::uint16_t bits) noexcept { return checkpoint::to_double(checkpoint::float16, bits); }
inline double bfloat_to(std::uint16_t bits) noexcept { return checkpoint::to_double(checkpoint::bfloat16, bits); }
inline std::uint16_t bfloat_from(double x) noexcept { return small_float_from<7, 8>(x); }

/// From float, where most weights come from, without the double's way around.
inline std::uint16_t bfloat_from(float x) noexcept {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if (x != x) return static_cast<std::uint16_t>((bits >> 16 & 0x8000u) | 0x7FC0u);
  return static_cast<std::uint16_t>((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}

}  // namespace tenon::loop

#endif
