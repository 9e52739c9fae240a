// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/dtype.hpp"

#include <array>
#include <cstddef>

namespace tenon::checkpoint {
namespace {

struct Facts {
  std::string_view name;
  std::uint32_t bits;
};

constexpr std::array<Facts, 22> facts = {{
    {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6}, {"F6_E3M2", 6},     {"U8", 8},          {"I8", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"I16", 16},
    {"U16", 16},    {"F16", 16},    {"BF16", 16},   {"I32", 32},        {"U32", 32},        {"F32", 32},
    {"C64", 64},    {"F64", 64},    {"I64", 64},    {"U64", 64},
}};
static_assert(facts[static_cast<std::size_t>(DType::u64)].name == "U64");
static_assert(facts[static_cast<std::size_t>(DType::i16)].name == "I16");

}  // namespace

std::uint32_t bits(DType dtype) noexcept { return facts[static_cast<std::size_t>(dtype)].bits; }

std::string_view name(DType dtype) noexcept { return facts[static_cast<std::size_t>(dtype)].name; }

std::optional<DType> dtype_from(std::string_view name) noexcept {
  for (std::size_t index = 0; index < facts.size(); ++index) {
    if (facts[index].name == name) return static_cast<DType>(index);
  }
  return std::nullopt;
}

}  // namespace tenon::checkpoint
