// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The commands. Each prints to stdout and answers the exit code, or throws Failure.
#ifndef TENON_CLI_COMMANDS_HPP
#define TENON_CLI_COMMANDS_HPP

#include "cli/command_line.hpp"
#include "tenon/failure.hpp"

namespace tenon::cli {

/// train, validate, test and predict.
ExitCode run_manifest(const CommandLine& line);
/// ExitCode::ok, too, where the recorded run failed.
ExitCode replay_manifest(const CommandLine& line);
ExitCode manifest_check(const CommandLine& line);
ExitCode plugins_list(const CommandLine& line);
ExitCode plugins_show(const CommandLine& line);
ExitCode plugins_chain(const CommandLine& line);
ExitCode checkpoint_list(const CommandLine& line);
ExitCode checkpoint_show(const CommandLine& line);
/// ExitCode::checkpoint where it is not whole.
ExitCode checkpoint_verify(const CommandLine& line);
/// ExitCode::failed where they differ.
ExitCode checkpoint_diff(const CommandLine& line);
/// Loads LibTorch for a .pt file.
ExitCode checkpoint_export(const CommandLine& line);

}  // namespace tenon::cli

#endif
