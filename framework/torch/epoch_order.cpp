// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/epoch_order.hpp"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "torch/data_order.hpp"
#include "torch/sample_error.hpp"

namespace tenon::torch_engine {

EpochOrder::EpochOrder(const Loader& loader, std::uint64_t samples, std::uint64_t seed)
    : order_(loader.order), shuffle_(loader.shuffle), samples_(samples), seed_(seed), length_(samples) {
  if (!order_) {
    last_ = at::arange(static_cast<std::int64_t>(samples), at::kLong);
    last_epoch_ = UINT64_MAX;
    return;
  }
  last_ = custom(0);
  length_ = static_cast<std::uint64_t>(last_.numel());
}

at::Tensor EpochOrder::of(std::uint64_t epoch) {
  if (epoch == last_epoch_ || (!order_ && !shuffle_)) return last_;
  if (order_) {
    at::Tensor order = custom(epoch);
    if (static_cast<std::uint64_t>(order.numel()) != length_)
      throw std::runtime_error("the loader's order has " + std::to_string(order.numel()) + " indices in epoch " +
                               std::to_string(epoch) + " and " + std::to_string(length_) +
                               " in epoch 0: it must be as long in each");
    last_ = std::move(order);
  } else {
    // A worker may still be at a batch of an epoch that was left.
    if (last_.use_count() > 1) last_ = at::empty({static_cast<std::int64_t>(samples_)}, at::kLong);
    shuffled_order(seed_, epoch, {last_.mutable_data_ptr<std::int64_t>(), samples_});
  }
  last_epoch_ = epoch;
  return last_;
}

at::Tensor EpochOrder::custom(std::uint64_t epoch) const {
  const auto about = [&] { return "the loader's order, epoch " + std::to_string(epoch); };
  const std::vector<std::int64_t> indices = naming_samples(about, [&] { return order_(seed_, epoch); });
  for (std::size_t place = 0; place < indices.size(); ++place)
    if (indices[place] < 0 || static_cast<std::uint64_t>(indices[place]) >= samples_)
      throw std::runtime_error(about() + ": index " + std::to_string(indices[place]) + " at place " +
                               std::to_string(place) + ", but the dataset has " + std::to_string(samples_) +
                               " samples");
  at::Tensor order = at::empty({static_cast<std::int64_t>(indices.size())}, at::kLong);
  std::copy(indices.begin(), indices.end(), order.mutable_data_ptr<std::int64_t>());
  return order;
}

}  // namespace tenon::torch_engine
