// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Checkpoints in words: what the commands of `tenon checkpoint` share.
#ifndef TENON_CLI_CHECKPOINT_WORDS_HPP
#define TENON_CLI_CHECKPOINT_WORDS_HPP

#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "checkpoint/read_error.hpp"

namespace tenon::cli {

/// "5 B", "3.2 KiB", "240.0 MiB".
std::string size_text(std::uint64_t bytes);

/// "0.00123": short, and enough to tell two apart.
std::string number_text(double value);

/// At a path such as "progress/step"; "" where there is none.
std::string text_at(const boost::json::object& document, std::string_view path);

/// "full", "weights"; "replay" of what a replay has made, which has no tensors.
std::string kind_text(const boost::json::object& document);

/// "best (val_acc 0.986), last": who asked for the checkpoint.
std::string holders_text(const boost::json::object& document);

/// Throws checkpoint::ReadError, which names the cure, where nothing is at the path, or a folder that is no checkpoint
/// but may hold some.
void require_checkpoint(const std::filesystem::path& path);

/// Throws it as a Failure (ExitCode::checkpoint).
[[noreturn]] void refuse_unreadable(const checkpoint::ReadError& error);

}  // namespace tenon::cli

#endif
