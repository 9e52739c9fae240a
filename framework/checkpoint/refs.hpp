// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Refs: names such as `last` that point at a checkpoint of the same folder.
#ifndef TENON_CHECKPOINT_REFS_HPP
#define TENON_CHECKPOINT_REFS_HPP

#include <functional>
#include <map>
#include <optional>
#include <string>

#include "checkpoint/file_system.hpp"

namespace tenon::checkpoint {

/// The checkpoint's name (without ".ckpt") that `<ref>.ckpt`, else `<ref>.ref`, names; nothing when there is neither or
/// when it names something that is no checkpoint of this folder. Throws std::system_error.
std::optional<std::string> read_ref(FileSystem& files, int folder, const std::string& ref);

/// All refs of a folder. Throws std::system_error.
std::map<std::string, std::string, std::less<>> read_refs(FileSystem& files, int folder);

/// Points `ref` at `target` by one rename; a symbolic link, or a text file where the system has no links. Fsyncs the
/// folder if `durable`, and puts the ref back where it was when that fails. Throws std::invalid_argument when the name
/// is taken by something that is no ref, std::system_error. `temporary` answers a new private name at each call.
void place_ref(FileSystem& files, int folder, const std::string& ref, const std::string& target,
               const std::function<std::string()>& temporary, bool durable);

/// Fsyncs the folder if `durable`. Where there is no such ref nothing happens. Throws std::system_error.
void remove_ref(FileSystem& files, int folder, const std::string& ref, bool durable);

}  // namespace tenon::checkpoint

#endif
