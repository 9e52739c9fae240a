// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "report.hpp"

#include <algorithm>
#include <cstdio>

namespace tenon::benchmarks {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

void Report::print(bool as_json) const {
  if (!as_json) {
    for (const Row& row : rows_) std::printf("%-24s %12.4f  %s\n", row.name.c_str(), row.value, row.meaning.c_str());
    return;
  }
  const char* separator = "{";
  for (const Row& row : rows_) {
    std::printf("%s\"%s\": %.6g", separator, row.name.c_str(), row.value);
    separator = ", ";
  }
  std::printf("}\n");
}

}  // namespace tenon::benchmarks
