// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A consistent copy of the training state at one commit point, shared by everyone who saves there, and the memory that
// such copies live in.
#ifndef TENON_LOOP_SNAPSHOT_HPP
#define TENON_LOOP_SNAPSHOT_HPP

#include <tenon/services/tensors.h>

#include <boost/json/object.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "checkpoint/content.hpp"
#include "loop/engine.hpp"

namespace tenon::loop {

class Snapshot {
 public:
  /// Parameters, then buffers, in the engine's order. Names, types and shapes may be read at once, bytes after wait().
  const std::vector<checkpoint::TensorRecord>& model() const { return model_; }
  const std::vector<checkpoint::TensorRecord>& training() const { return training_; }
  const boost::json::object& document() const { return document_; }
  std::uint64_t parameters() const { return parameters_; }

  /// [any-thread] Returns when every byte is copied.
  void wait() const {}

 private:
  friend class Snapshots;
  std::vector<std::shared_ptr<const void>> memory_;  // that the records borrow from
  std::vector<checkpoint::TensorRecord> model_, training_;
  boost::json::object document_;
  std::uint64_t parameters_ = 0;
};

/// [loop-thread] Makes snapshots in at most two arenas, which are reused: fresh memory costs many times the copy.
class Snapshots {
 public:
  Snapshots();

  /// Parameters and buffers, and with `full` the engine's training state, as they are now. What only a step changes is
  /// not copied again while none has happened; the document always is. Waits while both arenas are in use. Throws what
  /// the engine throws.
  std::shared_ptr<const Snapshot> take(Engine& engine, bool full);

  /// Before anything writes what only a step changes: optimizer_step, a restore, a tensor written by hand.
  void wait();

 private:
  struct Source;
  class Arenas;
  /// Where each tensor's copy goes; those that `latest_` has are taken over from it. Answers the bytes needed.
  std::size_t plan(std::vector<Source>& sources) const;
  std::shared_ptr<std::byte> memory_for(std::vector<Source>& sources);

  std::shared_ptr<Arenas> arenas_;
  std::shared_ptr<const Snapshot> latest_;  // until the next step
};

/// safetensors' type of a DLPack type; throws std::invalid_argument for one that has none.
checkpoint::DType to_dtype(tenon_dtype dtype);
tenon_dtype from_dtype(checkpoint::DType dtype);
/// Numbers of a shape; 1 for a scalar.
std::uint64_t element_count(const tenon_tensor_view& view);

}  // namespace tenon::loop

#endif
