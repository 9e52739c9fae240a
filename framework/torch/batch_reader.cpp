// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/batch_reader.hpp"

#include <ATen/ops/arange.h>

#include <algorithm>
#include <tenon/failure.hpp>
#include <utility>

#include "torch/data_order.hpp"

namespace tenon::torch_engine {

BatchReader::BatchReader(Loader loader, std::uint64_t seed, const std::string& what)
    : loader_(std::move(loader)), seed_(seed) {
  if (!loader_.dataset) throw Failure(ExitCode::task, what + ": the loader has no dataset");
  if (loader_.batch_size == 0) throw Failure(ExitCode::task, what + ": batch_size is 0; it must be at least 1");
  samples_ = loader_.dataset->size();
  if (batches() == 0)
    throw Failure(ExitCode::task, what + ": " + std::to_string(samples_) + " samples make no batch of " +
                                      std::to_string(loader_.batch_size) +
                                      (loader_.drop_last ? " with drop_last" : ""));
  order_ = at::arange(static_cast<std::int64_t>(samples_), at::kLong);
}

std::uint64_t BatchReader::batches() const noexcept {
  return samples_ / loader_.batch_size + (!loader_.drop_last && samples_ % loader_.batch_size != 0 ? 1 : 0);
}

void BatchReader::start(std::uint64_t epoch, std::uint64_t skip) {
  epoch_ = epoch;
  position_ = std::min(skip, samples_);
  if (loader_.shuffle) shuffled_order(seed_, epoch, {order_.mutable_data_ptr<std::int64_t>(), samples_});
}

std::uint64_t BatchReader::upcoming() const noexcept {
  const std::uint64_t left = samples_ - position_;
  if (left < loader_.batch_size && loader_.drop_last) return 0;
  return std::min(loader_.batch_size, left);
}

Batch BatchReader::read() {
  const std::uint64_t count = upcoming();
  const auto first = static_cast<std::int64_t>(position_);
  Batch batch = loader_.dataset->get_batch(order_.slice(0, first, first + static_cast<std::int64_t>(count)),
                                           Augmentation(seed_, epoch_));
  position_ += count;
  batch.samples = count;
  return batch;
}

}  // namespace tenon::torch_engine
