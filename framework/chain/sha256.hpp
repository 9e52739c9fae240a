// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) of a plugin's bytes. Written here because a crypto library would cost more at start-up than it
// does.
#ifndef TENON_CHAIN_SHA256_HPP
#define TENON_CHAIN_SHA256_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace tenon::chain {

class Sha256 {
 public:
  void update(std::span<const std::byte> bytes) noexcept;
  /// Of all bytes so far, as 64 lower-case hexadecimal digits; nothing may follow.
  std::string finish();

 private:
  void block(const std::byte* bytes) noexcept;

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, 64> rest_{};
  std::uint64_t size_ = 0;
};

}  // namespace tenon::chain

#endif
