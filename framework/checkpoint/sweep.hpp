// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a killed run leaves behind: temporary folders, links and trash, all called `.tenon-tmp-<pid>-<number>`, and
// checkpoints that were set aside, called `.tenon-aside-<name>.ckpt`.
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

/// What "<name>.ckpt" is called while it is set aside.
std::string aside_name(const std::string& entry);

/// Removes everything temporary in a folder whose lock the caller holds; what was set aside there or in a sub-folder
/// gets its name back where that is free, else it is removed. Throws std::system_error.
void sweep(FileSystem& files, int folder);

}  // namespace tenon::checkpoint

#endif
