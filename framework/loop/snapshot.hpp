// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A consistent copy of the training state at one commit point, shared by everyone who saves there.
#ifndef TENON_LOOP_SNAPSHOT_HPP
#define TENON_LOOP_SNAPSHOT_HPP

#include <tenon/services/tensors.h>

#include <boost/json/object.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "checkpoint/content.hpp"
#include "loop/engine.hpp"

namespace tenon::loop {

class Snapshot {
 public:
  /// Copies parameters and buffers, and with `full` the engine's training state. Memory is reused from call to call.
  void take(Engine& engine, bool full);

  /// Parameters, then buffers, in the engine's order.
  const std::vector<checkpoint::TensorRecord>& model() const { return model_; }
  const std::vector<checkpoint::TensorRecord>& training() const { return training_; }
  const boost::json::object& document() const { return document_; }
  std::uint64_t parameters() const { return parameters_; }

 private:
  struct Source {
    std::string name;
    tenon_tensor_view view;
    std::size_t offset, bytes;
  };
  void copy(Engine& engine, const std::vector<Source>& sources, std::vector<checkpoint::TensorRecord>& out);

  std::vector<std::byte> arena_;
  std::vector<checkpoint::TensorRecord> model_, training_;
  boost::json::object document_;
  std::uint64_t parameters_ = 0;
};

/// safetensors' type of a DLPack type; throws std::invalid_argument for one that has none.
checkpoint::DType to_dtype(tenon_dtype dtype);
tenon_dtype from_dtype(checkpoint::DType dtype);
/// Numbers of a shape; 1 for a scalar.
std::uint64_t element_count(const tenon_tensor_view& view);

}  // namespace tenon::loop

#endif
