// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/tensor_source.hpp"

#include <fcntl.h>

#include <system_error>

#include "checkpoint/format.hpp"

namespace tenon::checkpoint {

TensorSource::TensorSource(const std::filesystem::path& path, FileSystem& files) {
  std::error_code ignored;  // what cannot be looked at cannot be opened either, and that is told
  if (std::filesystem::is_directory(path, ignored))
    checkpoint_ = Checkpoint::open(path, files);
  else
    lone_.emplace(files, AT_FDCWD, path.string());
}

const SafetensorsFile* TensorSource::file(std::string_view name) const noexcept {
  if (checkpoint_) return checkpoint_->file(name);
  return name == model_file ? &*lone_ : nullptr;
}

void TensorSource::read(const SafetensorsFile& file, const TensorEntry& entry, std::span<std::byte> to) const {
  if (checkpoint_)
    checkpoint_->read(file, entry, to);
  else
    file.read(entry, to);
}

LoadedTensors TensorSource::load_model() const {
  if (checkpoint_) return checkpoint_->load(model_file);
  return load_tensors(*lone_, [](const TensorEntry&, std::string_view) {});
}

}  // namespace tenon::checkpoint
