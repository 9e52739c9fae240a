// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_BATCH_READER_HPP
#define TENON_TORCH_BATCH_READER_HPP

#include <cstdint>
#include <string>
#include <tenon/data.hpp>

namespace tenon::torch_engine {

/// Goes through a dataset in its order. The position is the number of samples consumed of the epoch's order.
class BatchReader {
 public:
  /// `what` ("training data") heads the message. Throws Failure (ExitCode::task) when there is nothing to read.
  BatchReader(Loader loader, std::uint64_t seed, const std::string& what);

  std::uint64_t batches() const noexcept;  ///< of a whole epoch
  std::uint64_t samples() const noexcept { return samples_; }
  const Loader& loader() const noexcept { return loader_; }

  /// To sample `skip` of `epoch`'s order; its cost does not depend on `skip`.
  void start(std::uint64_t epoch, std::uint64_t skip);

  /// Samples of the next batch, known before it is read; 0 at the end.
  std::uint64_t upcoming() const noexcept;

  /// The next batch; upcoming() is not 0. Throws std::runtime_error with what the dataset threw, the epoch and the
  /// batch.
  Batch read();

 private:
  Loader loader_;
  std::uint64_t seed_;
  std::uint64_t samples_ = 0;
  at::Tensor order_;
  std::uint64_t epoch_ = 0;
  std::uint64_t position_ = 0;
};

}  // namespace tenon::torch_engine

#endif
