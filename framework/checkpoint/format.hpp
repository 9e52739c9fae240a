// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The names in a checkpoint's folder and in its checkpoint.json; FORMAT.md describes them for readers in any language.
#ifndef TENON_CHECKPOINT_FORMAT_HPP
#define TENON_CHECKPOINT_FORMAT_HPP

#include <array>
#include <cstdint>
#include <string_view>

namespace tenon::checkpoint {

inline constexpr std::string_view format_name = "tenon.checkpoint";
inline constexpr std::int64_t format_version = 1;

inline constexpr std::string_view model_file = "model.safetensors";
inline constexpr std::string_view training_file = "training.safetensors";
inline constexpr std::string_view document_file = "checkpoint.json";

/// Set by the writer alone.
inline constexpr std::array<std::string_view, 8> reserved_keys = {"format", "format_version", "run_id",  "kind",
                                                                  "replay", "files",          "tensors", "xxh3_128"};

/// The last member of checkpoint.json: 32 digits between these two, the XXH3-128 of every byte before the digits.
inline constexpr std::string_view before_self_hash = ",\n  \"xxh3_128\": \"";
inline constexpr std::string_view after_self_hash = "\"\n}\n";

}  // namespace tenon::checkpoint

#endif
