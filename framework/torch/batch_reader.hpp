// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_BATCH_READER_HPP
#define TENON_TORCH_BATCH_READER_HPP

#include <boost/json/object.hpp>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <tenon/data.hpp>
#include <vector>

#include "torch/batch_pass.hpp"
#include "torch/epoch_order.hpp"

namespace tenon::torch_engine {

class Restoration;

/// Goes through a loader's data in its order, on the calling thread or with workers: the batches are the same. The
/// position is the number of samples consumed of the epoch's order. All members belong to one thread.
class BatchReader {
 public:
  /// `what` ("training data") heads the message. Throws Failure (ExitCode::task) when there is nothing to read or the
  /// loader contradicts itself. No thread is started yet.
  BatchReader(Loader loader, std::uint64_t seed, const std::string& what);

  std::uint64_t batches() const noexcept;  ///< of a whole epoch; TENON_UNKNOWN for a stream
  const Loader& loader() const noexcept { return loader_; }
  /// What a checkpoint says of it; of a stream also {"epoch","consumed","state"}, where it stands.
  boost::json::object describe() const;
  /// Compares with what describe() gave. A stream's own state is then used by the start() at that place. `what`
  /// ("training data") begins the lines of the table.
  void restore(const boost::json::object& described, const std::string& what, Restoration& restoration);

  /// To sample `skip` of `epoch`'s order; its cost does not depend on `skip`, except for a stream. Workers begin at
  /// once, and live until the reader does. Throws std::runtime_error.
  void start(std::uint64_t epoch, std::uint64_t skip);

  /// Samples of the next batch; 0 at the end. Of a dataset it is known before it is read; a stream is read one ahead,
  /// and where that failed the answer is TENON_UNKNOWN and read() throws.
  std::uint64_t upcoming();

  /// The next batch; upcoming() is not 0. Throws std::runtime_error naming the sample, and the position stays.
  Batch read();

  /// Lets go of what was prepared ahead; start() begins anew.
  void stop();

 private:
  MadeBatch make_next();
  void start_workers();
  void check_generator();

  Loader loader_;
  std::uint64_t seed_;
  std::optional<EpochOrder> order_;                 // of a dataset
  std::vector<std::shared_ptr<Dataset>> datasets_;  // one for each worker, or one for the calling thread
  std::shared_ptr<BatchPass> pass_;
  std::uint64_t number_ = 0;                // batches of the pass that were read
  std::uint64_t position_ = 0;              // in a dataset's order
  std::optional<MadeBatch> ahead_;          // of a stream
  std::uint64_t epoch_ = 0, consumed_ = 0;  // where a stream stands
  struct Place {
    std::uint64_t epoch, consumed;
    boost::json::object state;
  };
  std::optional<Place> restored_;  // a stream's, to be gone on from
  std::exception_ptr ahead_failed_;
  at::Tensor generator_;  // LibTorch's as it was before the workers' first batch; undefined once compared
  bool generator_compared_ = false;
  std::unique_ptr<OrderedWorkers<MadeBatch>> workers_;  // last: its threads end before anything they use
};

}  // namespace tenon::torch_engine

#endif
