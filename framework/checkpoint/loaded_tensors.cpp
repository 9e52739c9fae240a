// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/loaded_tensors.hpp"

#include <cstring>
#include <new>
#include <utility>

namespace tenon::checkpoint {
namespace {

/// Of elements that are no whole number of bytes: 1.
std::uint64_t element_bytes(DType dtype) { return bits(dtype) % 8 == 0 ? bits(dtype) / 8 : 1; }

Memory memory_for(const SafetensorsFile& file, std::uint64_t size, const std::string& what) {
  try {
    return allocate(size);
  } catch (const std::bad_alloc&) {
    throw ReadError(ReadError::Reason::io,
                    "no memory for the " + std::to_string(size) + " bytes of " + what + " '" + file.name() + "'");
  }
}

}  // namespace

LoadedTensors load_tensors(const SafetensorsFile& file, const FoundTensor& found) {
  const std::uint64_t size = file.size() - file.header().size;
  LoadedTensors loaded;
  loaded.metadata = file.header().metadata;
  loaded.storage.push_back(memory_for(file, size, "the tensors of"));
  const std::span<std::byte> all(loaded.storage.front().get(), size);
  file.read_all(all, found);
  for (const TensorEntry& entry : file.header().tensors) {
    std::span<const std::byte> bytes = all.subspan(entry.begin - file.header().size, entry.size);
    // Not in a file of our own, whose wider elements come first.
    if ((entry.begin - file.header().size) % element_bytes(entry.dtype) != 0 && !bytes.empty()) {
      loaded.storage.push_back(memory_for(file, entry.size, "tensor '" + entry.name + "' of"));
      std::memcpy(loaded.storage.back().get(), bytes.data(), bytes.size());
      bytes = {loaded.storage.back().get(), bytes.size()};
    }
    loaded.records.push_back({entry.name, entry.dtype, entry.shape, bytes});
  }
  return loaded;
}

}  // namespace tenon::checkpoint
