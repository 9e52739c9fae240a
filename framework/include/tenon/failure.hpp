// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What ends a command before or instead of training: a message for a person, and the program's exit code.
#ifndef TENON_FAILURE_HPP
#define TENON_FAILURE_HPP

#include <stdexcept>
#include <string>

namespace tenon {

/// Exit codes of the `tenon` program; documented in README.md.
enum class ExitCode : int {
  ok = 0,            ///< finished, or stopped by a callback
  failed = 1,        ///< the training failed: the task, the engine, or a callback whose `on_error` is abort
  usage = 2,         ///< the command line is wrong
  manifest = 3,      ///< the manifest is refused: syntax, an unknown key, a wrong option
  plugin = 4,        ///< a plugin is missing, not trusted, damaged or of another ABI
  task = 5,          ///< the task is missing, built for another LibTorch, or its data is bad
  callback = 6,      ///< a callback refused to start: create, on_setup or on_fit_start
  output = 7,        ///< the run's folder or standard output cannot be written, or the folder is another run's
  checkpoint = 8,    ///< a checkpoint or a file of weights is missing, damaged, or does not fit the task
  interrupted = 75,  ///< by SIGINT or SIGTERM, its state saved: --resume auto goes on
  internal = 70,     ///< a mistake of Tenon's own
};

/// Thrown where a command cannot go on. `what()` says what was wrong, where, and what to do.
class Failure : public std::runtime_error {
 public:
  Failure(ExitCode code, const std::string& what) : std::runtime_error(what), code_(code) {}
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

}  // namespace tenon

#endif
