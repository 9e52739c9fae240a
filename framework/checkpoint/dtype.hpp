// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The element types of safetensors, under its names and in the order of its reference implementation, by which files
// are sorted.
#ifndef TENON_CHECKPOINT_DTYPE_HPP
#define TENON_CHECKPOINT_DTYPE_HPP

#include <cstdint>
#include <optional>
#include <string_view>

namespace tenon::checkpoint {

enum class DType : std::uint8_t {
  boolean,  ///< BOOL, one byte for each element
  f4,
  f6_e2m3,
  f6_e3m2,
  u8,
  i8,
  f8_e5m2,
  f8_e4m3,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz,
  i16,
  u16,
  f16,
  bf16,
  i32,
  u32,
  f32,
  c64,  ///< complex of two f32
  f64,
  i64,
  u64,
};

/// Bits of one element; those of f4 and f6 are packed without gaps.
std::uint32_t bits(DType dtype) noexcept;
/// "F32", "BOOL", ...
std::string_view name(DType dtype) noexcept;
/// Nothing for a text that is not exactly one of the names.
std::optional<DType> dtype_from(std::string_view name) noexcept;

}  // namespace tenon::checkpoint

#endif
