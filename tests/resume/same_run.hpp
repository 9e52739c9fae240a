// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// All that a run which was interrupted and went on has in common with one that never stopped, byte for byte.
#ifndef TENON_TESTS_RESUME_SAME_RUN_HPP
#define TENON_TESTS_RESUME_SAME_RUN_HPP

#include <boost/json/object.hpp>
#include <filesystem>
#include <map>
#include <string>

namespace tenon::tests {

/// Whether callbacks are told at the same commit points in both runs how their saves have ended.
enum class Told {
  at_the_same_commit_points,
  when_the_disk_was_done,  ///< what they have not been told yet is left out of the comparison
};

/// Of every checkpoint its document, its weights and each tensor of its training state, and of the run every ref, every
/// log and what nobody should have left; by path below `run`. What has to differ is not in it: see same_run.cpp.
std::map<std::string, std::string> everything(const std::filesystem::path& run, Told told);

/// How the run has ended and each callback's account, from a run's summary; without the run's folder and the reasons
/// that an account has of its own attempt alone.
std::string ending(boost::json::object summary);

/// Fails the test at each difference, and names it.
void check_same(const std::map<std::string, std::string>& straight, const std::map<std::string, std::string>& resumed);

}  // namespace tenon::tests

#endif
