// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What Lightning's Trainer did (tests/conformance/lightning), told in the words of this loop.
#ifndef TENON_TESTS_LOOP_LIGHTNING_RECORDING_HPP
#define TENON_TESTS_LOOP_LIGHTNING_RECORDING_HPP

#include <boost/json/object.hpp>
#include <iosfwd>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::tests {

struct LightningCase {
  std::string id;
  boost::json::object recorded;
  std::vector<std::string> events;  ///< "code:epoch.batch.step[.evaluation batch.loader]", what this loop has to do
  std::uint64_t sanity_batches = 0;
  std::uint64_t zero_grads = 0;
  bool refused = false;   ///< Lightning trains nothing, because the options contradict the data
  std::string deviation;  ///< why `events` differ from what Lightning did; empty: they do not

  /// A count at the end: "epoch", "step", "training_steps", "evaluation_steps", "optimizer_steps".
  std::uint64_t final(std::string_view count) const {
    return recorded.at("final").at(count).to_number<std::uint64_t>();
  }
  /// A member of `script`, `model` or `data`; NULL: not given.
  const boost::json::value* part(std::string_view object, std::string_view key) const;
};
std::ostream& operator<<(std::ostream& out, const LightningCase& which);

struct LightningRecording {
  std::map<std::string, std::string> codes;  ///< this loop's hook -> the code that stands for it in `events`
  std::vector<LightningCase> cases;
};

/// Read once.
const LightningRecording& lightning_recording();

/// Where the epoch is no longer under way, "te:_.4.8": Lightning's number has moved on by then, ours has not.
std::string without_epoch(const std::string& event);

}  // namespace tenon::tests

#endif
