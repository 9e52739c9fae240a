// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a killed run leaves behind: temporary folders, links and trash, all called `.tenon-tmp-<pid>-<number>`,
// checkpoints that were set aside, called `.tenon-aside-<name>.ckpt`, and sub-folders in which no checkpoint is left.
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

/// Marks an open sub-folder as one that Tenon has made for checkpoints and that goes when it is empty, whoever finds it
/// so; by an extended attribute, `user.tenon.made`. Where the file system has none it stays unmarked.
void mark_as_made(FileSystem& files, int folder) noexcept;
bool is_marked_as_made(FileSystem& files, int folder) noexcept;

/// Removes everything temporary in a folder whose lock the caller holds, and marked sub-folders that are empty; what
/// was set aside there or in a sub-folder gets its name back where that is free, else it is removed. A sub-folder that
/// somebody else has locked is passed over; `run_id` is what others are told while one is looked at whose owner is
/// dead. Throws std::system_error.
void sweep(FileSystem& files, int folder, const std::string& run_id);

}  // namespace tenon::checkpoint

#endif
