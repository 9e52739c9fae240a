// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/tensor_source.hpp"

#include <fcntl.h>

#include <new>
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
  LoadedTensors loaded;
  loaded.metadata = lone_->header().metadata;
  for (const TensorEntry& entry : lone_->header().tensors) {
    try {
      loaded.storage.push_back(std::make_unique_for_overwrite<std::byte[]>(entry.size));
    } catch (const std::bad_alloc&) {
      throw ReadError(ReadError::Reason::io, "'" + lone_->name() + "': no memory for the " +
                                                 std::to_string(entry.size) + " bytes of tensor '" + entry.name + "'");
    }
    const std::span<std::byte> bytes(loaded.storage.back().get(), entry.size);
    lone_->read(entry, bytes);
    loaded.records.push_back({entry.name, entry.dtype, entry.shape, bytes});
  }
  return loaded;
}

}  // namespace tenon::checkpoint
