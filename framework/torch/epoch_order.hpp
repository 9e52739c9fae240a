// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_EPOCH_ORDER_HPP
#define TENON_TORCH_EPOCH_ORDER_HPP

#include <cstdint>
#include <tenon/data.hpp>

namespace tenon::torch_engine {

/// The order in which a loader goes through a dataset of `samples` samples.
class EpochOrder {
 public:
  /// Asks the loader's own order for epoch 0's. Throws std::runtime_error as of() does.
  EpochOrder(const Loader& loader, std::uint64_t samples, std::uint64_t seed);

  /// Samples of an epoch.
  std::uint64_t length() const noexcept { return length_; }

  /// int64 (length). One that somebody still holds does not change. Throws std::runtime_error where the loader's own
  /// order throws, is of another length than epoch 0's or names a sample that there is not.
  at::Tensor of(std::uint64_t epoch);

 private:
  at::Tensor custom(std::uint64_t epoch) const;

  Order order_;
  bool shuffle_;
  std::uint64_t samples_, seed_, length_;
  at::Tensor last_;
  std::uint64_t last_epoch_ = 0;
};

}  // namespace tenon::torch_engine

#endif
