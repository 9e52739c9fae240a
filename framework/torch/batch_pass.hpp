// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_BATCH_PASS_HPP
#define TENON_TORCH_BATCH_PASS_HPP

#include <boost/json/object.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <tenon/data.hpp>
#include <vector>

#include "torch/ordered_workers.hpp"

namespace tenon::torch_engine {

/// A batch as it comes out of a pass.
struct MadeBatch {
  Batch batch{};
  std::optional<boost::json::object> before{};  ///< a stream's own state before it gave this batch
};

/// One epoch's batches from a place in it on; batch 0 is the first from there.
class BatchPass {
 public:
  virtual ~BatchPass() = default;

  /// Batch `number`, without gradients; one of no samples is the end. Throws SampleError. [any-thread]
  virtual MadeBatch make(std::size_t worker, std::uint64_t number, const Wanted& wanted) = 0;
};

/// Where in the data a pass begins, and what its batches are like.
struct PassPlan {
  std::uint64_t seed = 0;
  std::uint64_t epoch = 0;
  std::uint64_t skip = 0;  ///< samples of the epoch passed over
  std::uint64_t batch_size = 0;
  bool drop_last = false;
  std::optional<boost::json::object> stream_state{};  ///< that a stream had at `skip`; none: it passes over samples
};

/// Batches of several numbers may be made at once by different workers; worker w uses datasets[w].
std::shared_ptr<BatchPass> pass_over(std::vector<std::shared_ptr<Dataset>> datasets, at::Tensor order,
                                     const PassPlan& plan);

/// Its batches are made one after the other.
std::shared_ptr<BatchPass> pass_over(std::shared_ptr<Stream> stream, const PassPlan& plan);

}  // namespace tenon::torch_engine

#endif
