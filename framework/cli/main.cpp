// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The `tenon` program.
#include <tenon/base.h>
#include <unistd.h>

#include <boost/json/object.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string_view>

#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "manifest/json_text.hpp"
#include "manifest/manifest_schema.hpp"
#include "tenon/harmless_text.hpp"

namespace tenon::cli {
namespace {

namespace json = boost::json;

ExitCode version(const CommandLine& line) {
  const std::string abi = std::to_string(TENON_ABI_MAJOR) + "." + std::to_string(TENON_ABI_MINOR);
  print(line.json ? manifest::json_text(json::object{{"version", TENON_VERSION}, {"abi", abi}}) + "\n"
                  : "tenon " TENON_VERSION " (plugin ABI " + abi + ")\n");
  return ExitCode::ok;
}

ExitCode run(const CommandLine& line) {
  switch (line.command) {
    case Command::help:
      print(line.help);
      return ExitCode::ok;
    case Command::version:
      return version(line);
    case Command::train:
    case Command::validate:
    case Command::test:
    case Command::predict:
      return run_manifest(line);
    case Command::replay:
      return replay_manifest(line);
    case Command::manifest_check:
      return manifest_check(line);
    case Command::manifest_schema:
      print(manifest::manifest_schema_text());
      return ExitCode::ok;
    case Command::plugins_list:
      return plugins_list(line);
    case Command::plugins_show:
      return plugins_show(line);
    case Command::plugins_chain:
      return plugins_chain(line);
    case Command::checkpoint_list:
      return checkpoint_list(line);
    case Command::checkpoint_show:
      return checkpoint_show(line);
    case Command::checkpoint_verify:
      return checkpoint_verify(line);
    case Command::checkpoint_diff:
      return checkpoint_diff(line);
    case Command::checkpoint_export:
      return checkpoint_export(line);
  }
  return ExitCode::internal;
}

/// The text for people on stderr; with --json also as one line on stdout, where programs look.
ExitCode report(ExitCode code, std::string_view text, bool as_json) {
  std::fprintf(stderr, "%s %s\n", styled("tenon:", Style::error, STDERR_FILENO).c_str(), terminal_text(text).c_str());
  if (as_json)
    print(manifest::json_text(
              json::object{{"error", json::object{{"exit_code", static_cast<int>(code)}, {"message", text}}}}) +
          "\n");
  return code;
}

/// A run is not worth less because its lines could not be written: what it made is in its folder.
bool is_run(Command command) {
  return command == Command::train || command == Command::validate || command == Command::test ||
         command == Command::predict;
}

ExitCode guarded(int argc, const char* const* argv) {
  bool as_json = false;
  for (int i = 1; i < argc; ++i) as_json |= std::string_view(argv[i]) == "--json";
  try {
    const CommandLine line = parse_command_line(argc, argv);
    const ExitCode code = run(line);
    if (code == ExitCode::ok && answer_is_lost() && !is_run(line.command))
      throw Failure(ExitCode::output, "the answer could not be written to standard output: is its disk full?");
    return code;
  } catch (const Failure& failure) {
    return report(failure.code(), failure.what(), as_json);
  } catch (const std::exception& error) {
    return report(ExitCode::internal,
                  std::string("this is a mistake of Tenon's own, please report it: ") + error.what(), as_json);
  } catch (...) {
    return report(
        ExitCode::internal,
        "something was thrown that says nothing about itself: it should not have come this far, please report "
        "it with the manifest",
        as_json);
  }
}

}  // namespace
}  // namespace tenon::cli

int main(int argc, char** argv) {
  // A closed terminal or a limit of the file's size is an error to be told, not the end of the training.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  return static_cast<int>(tenon::cli::guarded(argc, argv));
}
