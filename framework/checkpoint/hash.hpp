// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// XXH3-128, the checksum of everything in a checkpoint: it finds damage, it is no protection against an attacker.
#ifndef TENON_CHECKPOINT_HASH_HPP
#define TENON_CHECKPOINT_HASH_HPP

#include <cstddef>
#include <memory>
#include <span>
#include <string>

struct XXH3_state_s;

namespace tenon::checkpoint {

/// Of a stream of bytes, however it is cut.
class Hash {
 public:
  Hash();
  void reset();
  void update(std::span<const std::byte> bytes);
  /// 32 lower-case hexadecimal digits, most significant first, as `xxhsum -H128` prints them.
  std::string hex() const;

 private:
  struct Free {
    void operator()(XXH3_state_s* state) const noexcept;
  };
  std::unique_ptr<XXH3_state_s, Free> state_;
};

std::string hash_of(std::span<const std::byte> bytes);

}  // namespace tenon::checkpoint

#endif
