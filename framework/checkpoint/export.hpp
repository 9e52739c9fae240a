// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Weights as one file for others: complete under its name or not there.
#ifndef TENON_CHECKPOINT_EXPORT_HPP
#define TENON_CHECKPOINT_EXPORT_HPP

#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/content.hpp"
#include "checkpoint/file_system.hpp"

namespace tenon::checkpoint {

using Append = std::function<void(std::span<const std::byte>)>;

/// Writes what `fill` appends under a temporary name in the file's folder, fsyncs and renames it; whatever goes wrong,
/// nothing is left. Throws std::system_error (EEXIST where the name is taken), and what `fill` throws.
void write_new_file(const std::filesystem::path& file, const std::function<void(const Append&)>& fill,
                    FileSystem& files = real_file_system());

/// In the order of the reference writer. Tensors may share bytes. Throws std::invalid_argument too.
void append_safetensors(const std::vector<TensorRecord>& tensors, const std::map<std::string, std::string>& metadata,
                        const Append& append);

/// Of which PyTorch has storages; its newer types are pickled in a way that LibTorch does not write.
bool is_pt_type(DType dtype);

/// Exported by libtenon_torch as `tenon_append_pt`: a file that `torch.load(weights_only=True)` reads as a dictionary
/// of tensors. Those that share bytes share storage. All are of types that is_pt_type() lets through.
using AppendPt = void(std::span<const TensorRecord> tensors, const Append& append);

}  // namespace tenon::checkpoint

#endif
