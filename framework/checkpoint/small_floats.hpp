// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Floating-point formats of 8 and 16 bits as numbers. Sources: IEEE 754 (float16), the OCP 8-bit floating point
// specification 1.0 (e4m3, e5m2), OCP microscaling 1.0 (e8m0), arXiv 2206.02915 (the "fnuz" pair).
#ifndef TENON_CHECKPOINT_SMALL_FLOATS_HPP
#define TENON_CHECKPOINT_SMALL_FLOATS_HPP

#include <cmath>
#include <cstdint>
#include <limits>

namespace tenon::checkpoint {

struct SmallFloat {
  enum class Special {
    ieee,          ///< the highest exponent: infinity, or not a number
    one_nan,       ///< all bits below the sign: not a number; no infinity
    negative_zero  ///< the sign alone: not a number; no infinity
  };
  int exponent_bits, mantissa_bits, bias;
  Special special;
};

inline constexpr SmallFloat float16{5, 10, 15, SmallFloat::Special::ieee};
inline constexpr SmallFloat bfloat16{8, 7, 127, SmallFloat::Special::ieee};
inline constexpr SmallFloat float8_e5m2{5, 2, 15, SmallFloat::Special::ieee};
inline constexpr SmallFloat float8_e4m3{4, 3, 7, SmallFloat::Special::one_nan};
inline constexpr SmallFloat float8_e4m3fnuz{4, 3, 8, SmallFloat::Special::negative_zero};
inline constexpr SmallFloat float8_e5m2fnuz{5, 2, 16, SmallFloat::Special::negative_zero};
/// A power of two alone, without sign, zero or subnormals.
inline constexpr SmallFloat float8_e8m0{8, 0, 127, SmallFloat::Special::one_nan};

inline double to_double(const SmallFloat& format, std::uint32_t bits) {
  const std::uint32_t mantissas = 1U << format.mantissa_bits, exponents = 1U << format.exponent_bits;
  const std::uint32_t magnitude = bits & (mantissas * exponents - 1);
  const std::uint32_t exponent = magnitude / mantissas, mantissa = magnitude % mantissas;
  const bool is_negative = bits != magnitude;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  if (format.mantissa_bits == 0)
    return bits == exponents - 1 ? nan : std::ldexp(1.0, static_cast<int>(bits) - format.bias);
  if (format.special == SmallFloat::Special::one_nan && magnitude == mantissas * exponents - 1) return nan;
  if (format.special == SmallFloat::Special::negative_zero && is_negative && magnitude == 0) return nan;
  double value = 0.0;
  if (format.special == SmallFloat::Special::ieee && exponent == exponents - 1)
    value = mantissa == 0 ? std::numeric_limits<double>::infinity() : nan;
  else if (exponent == 0)
    value = std::ldexp(static_cast<double>(mantissa), 1 - format.bias - format.mantissa_bits);
  else
    value = std::ldexp(static_cast<double>(mantissa + mantissas),
                       static_cast<int>(exponent) - format.bias - format.mantissa_bits);
  return is_negative ? -value : value;
}

}  // namespace tenon::checkpoint

#endif
