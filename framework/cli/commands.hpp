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
ExitCode manifest_check(const CommandLine& line);
ExitCode plugins_list(const CommandLine& line);
ExitCode plugins_show(const CommandLine& line);
ExitCode plugins_chain(const CommandLine& line);

}  // namespace tenon::cli

#endif
