// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a checkpoint may be called.
#ifndef TENON_CHECKPOINT_NAMES_HPP
#define TENON_CHECKPOINT_NAMES_HPP

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace tenon::checkpoint {

inline constexpr std::string_view checkpoint_suffix = ".ckpt";
inline constexpr std::string_view ref_file_suffix = ".ref";
/// Files and folders of our own that are no checkpoints begin with it.
inline constexpr std::string_view private_prefix = ".tenon-";

/// Why `name` (without ".ckpt") cannot be a checkpoint's, for a person; nothing when it can. Spaces, '=' and any
/// printable UTF-8 are fine; '/' makes sub-folders. A name that leaves the folder, lies inside a checkpoint, begins a
/// part with ".tenon-" or has control characters is refused.
std::optional<std::string> problem_with_name(std::string_view name);

/// The name for try 0, 1, 2, ...: "a", "a-v1", "a-v2".
std::string versioned_name(std::string_view name, unsigned long version);
/// The way back: name and version of "a-v3"; nothing for what versioned_name() does not make of a version above 0.
std::optional<std::pair<std::string_view, unsigned long>> split_version(std::string_view name);

/// "a/b/c" as {"a/b", "c.ckpt"}: the folder it lies in, and its own entry there.
std::pair<std::string, std::string> split_name(std::string_view name);

}  // namespace tenon::checkpoint

#endif
