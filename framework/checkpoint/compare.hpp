// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What `tenon checkpoint diff` finds, without the words for a terminal.
#ifndef TENON_CHECKPOINT_COMPARE_HPP
#define TENON_CHECKPOINT_COMPARE_HPP

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/tensor_source.hpp"

namespace tenon::checkpoint {

/// How the numbers of two tensors of one type and shape differ.
struct NumberDifference {
  std::uint64_t count = 0;  ///< elements whose bits differ; of types below 8 bits, bytes
  /// The largest |a - b|; 0 where only zeros' signs differ; not a number where one is not; nothing for types below
  /// 8 bits.
  std::optional<double> largest;
};
NumberDifference difference(DType dtype, std::span<const std::byte> a, std::span<const std::byte> b);

struct TensorDifference {
  enum class Kind { only_first, only_second, other_type, numbers };
  std::string file;  ///< model_file or training_file of format.hpp
  std::string name;
  Kind kind = Kind::numbers;
  std::string first, second;  ///< "F32 [2, 3]"; empty where it is missing
  std::uint64_t elements = 0;
  NumberDifference numbers;  ///< of Kind::numbers
};

struct Comparison {
  std::uint64_t compared = 0;                 ///< tensors that both have
  std::vector<TensorDifference> differences;  ///< model first; in each file by name
};

/// "F32 [2, 3]".
std::string describe(const TensorEntry& entry);

/// Bit for bit, one tensor after the other. A lone file is compared with the other's model. Throws ReadError.
Comparison compare(const TensorSource& first, const TensorSource& second);

}  // namespace tenon::checkpoint

#endif
