// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// All tensors of a file, in memory of their own.
#ifndef TENON_CHECKPOINT_LOADED_TENSORS_HPP
#define TENON_CHECKPOINT_LOADED_TENSORS_HPP

#include <map>
#include <string>
#include <vector>

#include "checkpoint/content.hpp"
#include "checkpoint/memory.hpp"
#include "checkpoint/safetensors_file.hpp"

namespace tenon::checkpoint {

struct LoadedTensors {
  std::vector<TensorRecord> records;  ///< in the order of the file; their bytes lie in `storage`
  std::vector<Memory> storage;
  std::map<std::string, std::string> metadata;
};

/// Reads the file by two threads and tells `found` each tensor's XXH3-128 in the file's order. Each element lies at a
/// multiple of its size. Throws what `found` throws, and ReadError: of several errors the first in the file's order.
LoadedTensors load_tensors(const SafetensorsFile& file, const FoundTensor& found);

}  // namespace tenon::checkpoint

#endif
