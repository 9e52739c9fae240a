// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_SCHEDULERS_PARAMETERS_HPP
#define TENON_TORCH_SCHEDULERS_PARAMETERS_HPP

#include <string>
#include <tenon/schedulers.hpp>
#include <vector>

namespace tenon {

/// Throws std::invalid_argument("<scheduler>: <parameter> is <value>; <cure>").
void require(bool holds, const char* scheduler, const char* parameter, double value, const char* cure);

/// One value for each group.
std::vector<double> for_groups(const char* scheduler, const char* parameter, const PerGroup& values,
                               std::size_t groups);

}  // namespace tenon

#endif
