// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_BENCHMARKS_REPORT_HPP
#define TENON_BENCHMARKS_REPORT_HPP

#include <string>
#include <utility>
#include <vector>

namespace tenon::benchmarks {

double median(std::vector<double> values);

/// Named numbers in the order they were added.
class Report {
 public:
  void add(std::string name, double value, std::string meaning) {
    rows_.push_back({std::move(name), value, std::move(meaning)});
  }

  /// One flat JSON object, or a table for a person, to standard output.
  void print(bool as_json) const;

 private:
  struct Row {
    std::string name;
    double value;
    std::string meaning;
  };
  std::vector<Row> rows_;
};

}  // namespace tenon::benchmarks

#endif
