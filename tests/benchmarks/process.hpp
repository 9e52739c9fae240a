// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_BENCHMARKS_PROCESS_HPP
#define TENON_BENCHMARKS_PROCESS_HPP

#include <string>
#include <vector>

namespace tenon::benchmarks {

/// Seconds on the steady clock, which all processes of a machine share.
double seconds();

/// Runs a program to its end and answers what it wrote to standard output, which nobody else sees. Throws
/// std::runtime_error when it cannot be started or does not exit with 0.
std::string run_quietly(const std::vector<std::string>& command);

}  // namespace tenon::benchmarks

#endif
