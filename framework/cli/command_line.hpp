// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What the user typed.
#ifndef TENON_CLI_COMMAND_LINE_HPP
#define TENON_CLI_COMMAND_LINE_HPP

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "loop/restore_parts.hpp"

namespace tenon::cli {

enum class Command {
  help,
  version,
  train,
  validate,
  test,
  predict,
  replay,
  manifest_check,
  manifest_schema,
  plugins_list,
  plugins_show,
  plugins_chain,
  checkpoint_list,
  checkpoint_show,
  checkpoint_verify,
  checkpoint_diff,
  checkpoint_export
};

struct CommandLine {
  Command command = Command::help;
  std::string help;                            ///< the text, for Command::help
  std::filesystem::path manifest;              ///< as typed; empty where `plugins list` and `show` have none
  std::vector<std::string> sets;               ///< "path=value"
  std::filesystem::path out;                   ///< absolute; empty: runs/<manifest name>
  std::filesystem::path metrics;               ///< of `replay`, as typed
  std::vector<std::filesystem::path> trusted;  ///< folders of --trust, absolute
  std::vector<std::filesystem::path> plugins;  ///< folders of --plugins, absolute
  std::filesystem::path weights;               ///< absolute; empty: those that the task makes
  std::string resume;                          ///< a word, or an absolute path; empty: a new run
  std::uint32_t restore = loop::restore_everything;
  bool csv = false;                          ///< of `predict`
  std::vector<std::filesystem::path> paths;  ///< of `checkpoint ...`, absolute
  std::string plugin;                        ///< of `plugins show`
  bool json = false;
};

/// Throws Failure (ExitCode::usage) with the nearest command or option where a word is unknown. `--json` is looked for
/// even then, so that the refusal itself can be told as JSON.
CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace tenon::cli

#endif
