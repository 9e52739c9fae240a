// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/hash.hpp"

#include <xxhash.h>
#ifdef TENON_XXHASH_DISPATCH  // the library's own choice of the processor's instructions: three times as fast and more
#include <xxh_x86dispatch.h>
#endif

#include <array>
#include <cstdio>
#include <new>

namespace tenon::checkpoint {
namespace {

std::string hex_of(const XXH128_hash_t& hash) {
  std::array<char, 33> text{};
  std::snprintf(text.data(), text.size(), "%016llx%016llx", static_cast<unsigned long long>(hash.high64),
                static_cast<unsigned long long>(hash.low64));
  return text.data();
}

}  // namespace

Hash::Hash() : state_(XXH3_createState()) {
  if (!state_) throw std::bad_alloc();
  reset();
}

void Hash::Free::operator()(XXH3_state_s* state) const noexcept { XXH3_freeState(state); }

void Hash::reset() { XXH3_128bits_reset(state_.get()); }

void Hash::update(std::span<const std::byte> bytes) { XXH3_128bits_update(state_.get(), bytes.data(), bytes.size()); }

std::string Hash::hex() const { return hex_of(XXH3_128bits_digest(state_.get())); }

std::string hash_of(std::span<const std::byte> bytes) { return hex_of(XXH3_128bits(bytes.data(), bytes.size())); }

}  // namespace tenon::checkpoint
