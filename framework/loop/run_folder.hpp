// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_LOOP_RUN_FOLDER_HPP
#define TENON_LOOP_RUN_FOLDER_HPP

#include <filesystem>
#include <string>

namespace tenon::loop {

/// Takes a folder for this process alone, until it ends: `wanted` where it is new or empty, else the first of
/// `wanted`-v1, -v2, ... that is. Two runs that start at once get two folders. Throws Failure (ExitCode::output) where
/// it cannot be made or written.
std::filesystem::path claim_run_folder(const std::filesystem::path& wanted);

/// Removes what this run has put into its folder; it stays claimed.
void make_empty(const std::filesystem::path& claimed) noexcept;

/// Unique without any registry: the time and a random number, "20261122-081500-3f9a2c71".
std::string new_run_id();

}  // namespace tenon::loop

#endif
