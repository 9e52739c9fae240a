// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A case run in a folder of its own: each fit through the real loop, with the real plugins, around an engine that only
// counts and logs what the case says.
#ifndef TENON_TESTS_CONFORMANCE_BEHAVIOUR_RUN_HPP
#define TENON_TESTS_CONFORMANCE_BEHAVIOUR_RUN_HPP

#include <filesystem>
#include <string>
#include <vector>

#include "behaviour_case.hpp"
#include "runs/program.hpp"

namespace conformance_test {

/// What became of one run.
struct Told {
  std::vector<std::string> decisions;  ///< JSON objects, a line each; paths are relative to the case's folder
  json::object summary;                ///< the same
  std::string error;                   ///< with which it failed or was refused
  std::uint64_t validations = 0;
  double weights = 0.0;  ///< the step that the model's weights are of
  std::filesystem::path history;
};

class BehaviourRun {
 public:
  explicit BehaviourRun(const BehaviourCase& which) : which_(which) {}

  /// All runs, one after the other.
  std::vector<Told> run();
  /// What a replay of a run's history says with the same callbacks, in a folder of its own.
  Told replay(const CaseRun& run, const Told& recorded);

  /// Of the checkpoints, where `dirpath` is silent.
  std::filesystem::path folder() const;

 private:
  Told run(const CaseRun& run);

  const BehaviourCase& which_;
  runs_test::Workplace here_;
  int replays_ = 0;
};

}  // namespace conformance_test

#endif
