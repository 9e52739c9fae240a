// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A callback that notes how long a fit took, from on_fit_start to on_fit_end, as lightning_digits.py's does.
#include <chrono>
#include <fstream>
#include <string>
#include <tenon/plugin.hpp>

namespace {

class FitClock {
 public:
  static constexpr const char* id = "org.tenon.benchmarks.fit_clock";
  static constexpr const char* name = "fit_clock";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Notes how long a fit took";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema = R"({
    "type": "object", "additionalProperties": false, "required": ["file"],
    "properties": {"file": {"type": "string", "description": "Where the seconds and the steps are written, absolute"}}})";

  explicit FitClock(tenon::Host host) : file_(tenon::Options(host).get<std::string>("/file")) {}

  void on_fit_start() { start_ = std::chrono::steady_clock::now(); }
  void on_fit_end(const tenon_end_args& args) {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start_;
    std::ofstream(file_) << seconds.count() << ' ' << args.progress->step << '\n';
  }

 private:
  std::string file_;
  std::chrono::steady_clock::time_point start_;
};

}  // namespace

TENON_PLUGINS(FitClock);
