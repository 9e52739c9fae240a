// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Tensors on disk, whoever wrote them: a checkpoint's, or those of one safetensors file.
#ifndef TENON_CHECKPOINT_TENSOR_SOURCE_HPP
#define TENON_CHECKPOINT_TENSOR_SOURCE_HPP

#include <filesystem>
#include <optional>
#include <string_view>

#include "checkpoint/checkpoint.hpp"

namespace tenon::checkpoint {

/// Every error is a ReadError.
class TensorSource {
 public:
  /// A checkpoint's folder or a ref; anything else is read as a safetensors file, which stands for the model's.
  explicit TensorSource(const std::filesystem::path& path, FileSystem& files = real_file_system());

  /// model_file or training_file of format.hpp; nullptr where there is none.
  const SafetensorsFile* file(std::string_view name) const noexcept;
  /// nullptr for a lone file.
  const Checkpoint* checkpoint() const noexcept { return checkpoint_ ? &*checkpoint_ : nullptr; }
  /// Fills `to`, of entry.size bytes; a checkpoint's are verified.
  void read(const SafetensorsFile& file, const TensorEntry& entry, std::span<std::byte> to) const;
  /// The model's tensors, with memory of their own.
  LoadedTensors load_model() const;

 private:
  std::optional<Checkpoint> checkpoint_;
  std::optional<SafetensorsFile> lone_;
};

}  // namespace tenon::checkpoint

#endif
