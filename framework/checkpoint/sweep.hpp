// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a killed run leaves behind: temporary folders, links and trash, all called `.tenon-tmp-<pid>-<number>`.
#ifndef TENON_CHECKPOINT_SWEEP_HPP
#define TENON_CHECKPOINT_SWEEP_HPP

#include <string>
#include <string_view>

#include "checkpoint/file_system.hpp"

namespace tenon::checkpoint {

/// A name for something that is not yet, or no longer, a checkpoint of this process.
std::string temporary_name(unsigned long number);
/// Exactly such a name, of any process.
bool is_temporary(std::string_view name) noexcept;

/// Removes a file, a link or a folder with all that is in it; follows no link. Throws std::system_error.
void remove_tree(FileSystem& files, int folder, const std::string& name);

/// Removes everything temporary in a folder whose lock the caller holds. Throws std::system_error.
void sweep(FileSystem& files, int folder);

}  // namespace tenon::checkpoint

#endif
