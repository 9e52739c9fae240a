// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The files of one checkpoint, in a folder that nobody sees yet.
#ifndef TENON_CHECKPOINT_CHECKPOINT_WRITER_HPP
#define TENON_CHECKPOINT_CHECKPOINT_WRITER_HPP

#include <cstdint>
#include <string>

#include "checkpoint/content.hpp"
#include "checkpoint/file_system.hpp"

namespace tenon::checkpoint {

/// Throws std::invalid_argument for content that no checkpoint can hold; touches no disk.
void check_content(const Content& content);

/// Writes and (if content.durable) fsyncs the tensor files, then checkpoint.json; not the folder itself.
/// Answers the sum of the files' sizes. Throws std::system_error, std::invalid_argument.
std::uint64_t write_files(FileSystem& files, int folder, const Content& content, const std::string& run_id);

}  // namespace tenon::checkpoint

#endif
