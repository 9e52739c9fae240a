// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/batch_reader.hpp"

#include <ATen/ops/arange.h>

#include <algorithm>
#include <stdexcept>
#include <tenon/failure.hpp>
#include <utility>

#include "torch/data_order.hpp"
#include "torch/error_text.hpp"

namespace tenon::torch_engine {

BatchReader::BatchReader(Loader loader, std::uint64_t seed, std::string what)
    : loader_(std::move(loader)), seed_(seed), what_(std::move(what)) {
  if (!loader_.dataset) throw Failure(ExitCode::task, what_ + ": the loader has no dataset");
  if (loader_.batch_size == 0) throw Failure(ExitCode::task, what_ + ": batch_size is 0; it must be at least 1");
  samples_ = loader_.dataset->size();
  if (batches() == 0)
    throw Failure(ExitCode::task, what_ + ": " + std::to_string(samples_) + " samples make no batch of " +
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

std::optional<Batch> BatchReader::next() {
  const std::uint64_t count = std::min(loader_.batch_size, samples_ - position_);
  if (count == 0 || (loader_.drop_last && count < loader_.batch_size)) return std::nullopt;
  try {
    const auto first = static_cast<std::int64_t>(position_);
    Batch batch = loader_.dataset->get_batch(order_.slice(0, first, first + static_cast<std::int64_t>(count)),
                                             Augmentation(seed_, epoch_));
    position_ += count;
    batch.samples = count;
    return batch;
  } catch (const std::exception& error) {
    throw std::runtime_error(what_ + ", epoch " + std::to_string(epoch_) + ", batch " +
                             std::to_string(position_ / loader_.batch_size) + ": " + error_text(error));
  }
}

}  // namespace tenon::torch_engine
