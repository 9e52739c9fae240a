// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/schedulers/parameters.hpp"

#include <charconv>
#include <stdexcept>

namespace tenon {

void require(bool holds, const char* scheduler, const char* parameter, double value, const char* cure) {
  if (holds) return;
  char digits[32];
  const std::string text(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  throw std::invalid_argument(std::string(scheduler) + ": " + parameter + " is " + text + "; " + cure);
}

std::vector<double> for_groups(const char* scheduler, const char* parameter, const PerGroup& values,
                               std::size_t groups) {
  const std::vector<double>& given = values.values();
  if (given.size() == groups) return given;
  if (given.size() == 1) return std::vector<double>(groups, given.front());
  throw std::invalid_argument(std::string(scheduler) + ": " + parameter + " has " + std::to_string(given.size()) +
                              " values, but the optimizer has " + std::to_string(groups) +
                              " parameter groups; give one value for all of them, or one for each");
}

}  // namespace tenon
