// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/data_order.hpp"

#include <numeric>
#include <tenon/random.hpp>
#include <utility>

namespace tenon::torch_engine {

void shuffled_order(std::uint64_t seed, std::uint64_t epoch, std::span<std::int64_t> out) noexcept {
  std::iota(out.begin(), out.end(), std::int64_t{0});
  Random random = Random::of({seed, 0x6f72646572u, epoch});
  for (std::size_t i = out.size(); i > 1; --i) std::swap(out[i - 1], out[random.below(i)]);
}

}  // namespace tenon::torch_engine
