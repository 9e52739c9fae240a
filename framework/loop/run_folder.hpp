// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_LOOP_RUN_FOLDER_HPP
#define TENON_LOOP_RUN_FOLDER_HPP

#include <filesystem>
#include <string>

namespace tenon::loop {

/// Makes the folder and tries to write in it. Throws Failure (ExitCode::output).
void make_run_folder(const std::filesystem::path& folder);

/// Unique without any registry: the time and a random number, "20261122-081500-3f9a2c71".
std::string new_run_id();

}  // namespace tenon::loop

#endif
