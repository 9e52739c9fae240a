// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The header of a safetensors file (https://huggingface.co/docs/safetensors): 8 bytes little-endian N, N bytes of JSON,
// then the tensors' bytes without a gap.
#ifndef TENON_CHECKPOINT_SAFETENSORS_HEADER_HPP
#define TENON_CHECKPOINT_SAFETENSORS_HEADER_HPP

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/content.hpp"

namespace tenon::checkpoint {

inline constexpr std::uint64_t largest_header = 100'000'000;
inline constexpr std::string_view metadata_key = "__metadata__";
/// The data of what we write begins at a multiple of a page: it can be mapped, and written past the page cache.
inline constexpr std::uint64_t data_alignment = 4096;

struct TensorEntry {
  std::string name;
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;  ///< of its bytes within the file
  std::uint64_t size = 0;   ///< in bytes
};

struct SafetensorsHeader {
  std::vector<TensorEntry> tensors;  ///< in the order of their bytes
  std::map<std::string, std::string> metadata;
  std::uint64_t size = 0;  ///< of the length, the text and its padding: where the data begins
};

/// Bytes of a tensor; throws std::invalid_argument ("...") when they cannot be counted or the last is not full.
std::uint64_t byte_size(DType dtype, const std::vector<std::int64_t>& shape);

/// Checks all that the format demands of a header and of the file's size around it, and some that the reference reader
/// lets pass: a name, a metadata key or a field given twice, unknown fields, metadata that is no object.
/// `text` are the N bytes. Throws std::invalid_argument that says what is wrong with which tensor.
SafetensorsHeader parse_safetensors_header(std::string_view text, std::uint64_t file_size);

/// The reference writer's order: by dtype, wider elements first, so that each is aligned, then by name.
std::vector<const TensorRecord*> writing_order(const std::vector<TensorRecord>& tensors);

/// The header as bytes, padded with spaces so that the data begins at a multiple of `alignment` (of at least 8).
/// Throws std::invalid_argument for a name twice, a name `__metadata__`, a text that is not UTF-8, bytes that are not
/// those of dtype and shape, and a header above largest_header.
std::string make_safetensors_header(const std::vector<const TensorRecord*>& ordered,
                                    const std::map<std::string, std::string>& metadata,
                                    std::uint64_t alignment = data_alignment);

}  // namespace tenon::checkpoint

#endif
