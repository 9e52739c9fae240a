// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The recorded cases, in Tenon's words: callbacks and trainer options of a manifest, and what is logged when.
#ifndef TENON_TESTS_CONFORMANCE_BEHAVIOUR_CASE_HPP
#define TENON_TESTS_CONFORMANCE_BEHAVIOUR_CASE_HPP

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace conformance_test {

namespace json = boost::json;

/// One fit.
struct CaseRun {
  json::array callbacks;  ///< entries of a manifest; `dirpath` is relative to the case's folder
  json::object trainer;
  json::array metrics;  ///< what is logged: name, at, values, index
  json::object raise_at;
  std::uint64_t train_batches = 2, validation_batches = 1;
  bool manual = false;  ///< the task steps by hand

  std::uint64_t optimizers = 1;
  std::uint64_t stop_after_epoch = UINT64_MAX;  ///< somebody else asks for the end there
  double seconds_per_batch = 0.0;
  std::string resume_from;  ///< a word of --resume, or a path in the case's folder
  std::vector<std::string> delete_before;
};

struct BehaviourCase {
  std::string id;
  std::vector<CaseRun> runs;
  std::vector<std::string> initial_files;
  bool shares_folder = false;  ///< its checkpoints do not lie in the run's own folder
  json::object expected;       ///< see expectation.hpp
  json::array checks;          ///< of early stopping: what each makes of best_score and wait_count
};

std::ostream& operator<<(std::ostream& out, const BehaviourCase& which);

/// Those of when the loop may stop, as they are recorded.
std::vector<json::object> recorded_stops();
/// The ids of all recorded cases.
std::vector<std::string> recorded_ids();
/// Those that can be put into Tenon's words, with what is expected of Tenon.
const std::vector<BehaviourCase>& behaviour_cases();

}  // namespace conformance_test

#endif
