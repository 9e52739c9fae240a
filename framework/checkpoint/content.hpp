// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a checkpoint is made of, as the commit point hands it over.
#ifndef TENON_CHECKPOINT_CONTENT_HPP
#define TENON_CHECKPOINT_CONTENT_HPP

#include <boost/json/object.hpp>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/dtype.hpp"

namespace tenon::checkpoint {

/// A tensor in main memory, row-major without gaps. Shape [] is a scalar. The bytes are borrowed.
struct TensorRecord {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;
};

struct Content {
  std::string name;                    ///< wanted folder name without ".ckpt"; '/' makes sub-folders
  bool versioned = true;               ///< a taken name gets the lowest free of -v1, -v2, ...; false: WriteError
  bool full = true;                    ///< false: weights only, no training.safetensors
  bool durable = true;                 ///< false under replay: no tensor files, nothing fsynced, marked `replay`
  std::vector<TensorRecord> model;     ///< names are unique here, and in `training`
  std::vector<TensorRecord> training;  ///< empty when not full
  std::map<std::string, std::string> model_metadata;  ///< `__metadata__` of model.safetensors
  /// The caller's part of checkpoint.json, without the keys that the writer sets: format, format_version, run_id,
  /// kind, replay, files, tensors, xxh3_128. Non-finite numbers are written as the texts "nan", "inf", "-inf".
  boost::json::object document;
};

struct Written {
  std::string name;            ///< as given, or with -v<number>; without ".ckpt"
  std::filesystem::path path;  ///< of the folder
  std::uint64_t bytes = 0;     ///< of its files
};

}  // namespace tenon::checkpoint

#endif
