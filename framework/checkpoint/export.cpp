// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/export.hpp"

#include <fcntl.h>

#include "checkpoint/file_writer.hpp"
#include "checkpoint/safetensors_header.hpp"
#include "checkpoint/sweep.hpp"

namespace tenon::checkpoint {

void write_new_file(const std::filesystem::path& file, const std::function<void(const Append&)>& fill,
                    FileSystem& files) {
  const std::filesystem::path parent = std::filesystem::absolute(file).parent_path();
  const std::string name = file.filename().string();
  const Descriptor folder = open_file(files, AT_FDCWD, parent.string(), O_RDONLY | O_DIRECTORY);
  const auto refuse_taken = [&] {
    errno = EEXIST;
    throw_system_error("create", file.string());
  };
  if (status_at(files, folder.number(), name)) refuse_taken();
  const std::string temporary = temporary_name(0);
  try {
    FileWriter writer(files, folder.number(), temporary);
    fill([&](std::span<const std::byte> bytes) { writer.append(bytes); });
    writer.finish(true);
    // Where the system cannot rename without replacing, the look above has to do.
    const auto rename = [&](auto call) {
      return uninterrupted(
          [&] { return (files.*call)(folder.number(), temporary.c_str(), folder.number(), name.c_str()); });
    };
    if (rename(&FileSystem::rename_new_at) == -1) {
      if (errno == EEXIST) refuse_taken();
      if ((errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) || rename(&FileSystem::rename_at) == -1)
        throw_system_error("create", file.string());
    }
  } catch (...) {
    uninterrupted([&] { return files.unlink_at(folder.number(), temporary.c_str(), 0); });
    throw;
  }
  sync(files, folder.number(), parent.string());
}

bool is_pt_type(DType dtype) {
  switch (dtype) {
    case DType::boolean:
    case DType::u8:
    case DType::i8:
    case DType::i16:
    case DType::i32:
    case DType::i64:
    case DType::f16:
    case DType::bf16:
    case DType::f32:
    case DType::f64:
    case DType::c64:
      return true;
    default:
      return false;
  }
}

void append_safetensors(const std::vector<TensorRecord>& tensors, const std::map<std::string, std::string>& metadata,
                        const Append& append) {
  const std::vector<const TensorRecord*> ordered = writing_order(tensors);
  const std::string header = make_safetensors_header(ordered, metadata);
  append(std::as_bytes(std::span(header)));
  for (const TensorRecord* tensor : ordered) append(tensor->bytes);
}

}  // namespace tenon::checkpoint
