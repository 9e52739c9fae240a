// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A callback that notes when a run reaches its stations, on the clock that its parent process reads too.
#include <chrono>
#include <cstdint>
#include <fstream>
#include <tenon/plugin.hpp>

namespace {

class Stopwatch {
 public:
  static constexpr const char* id = "org.tenon.benchmarks.stopwatch";
  static constexpr const char* name = "stopwatch";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Notes when a run reaches its stations";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema = R"({
    "type": "object", "additionalProperties": false, "required": ["file"],
    "properties": {"file": {"type": "string", "description": "Where the times are written at the end, absolute"}}})";

  explicit Stopwatch(tenon::Host host) : file_(tenon::Options(host).get<std::string>("/file")) {}

  void on_train_epoch_start() {
    if (first_epoch_ == 0) first_epoch_ = now();
  }
  void on_train_batch_end() {
    if (first_step_ == 0) first_step_ = now();
  }
  /// The last epoch's validation and commit point are behind us.
  void on_train_end(const tenon_end_args& args) {
    std::ofstream(file_) << first_epoch_ << ' ' << first_step_ << ' ' << now() << ' ' << args.progress->step << '\n';
  }

 private:
  static std::int64_t now() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
  }

  std::string file_;
  std::int64_t first_epoch_ = 0;
  std::int64_t first_step_ = 0;
};

}  // namespace

TENON_PLUGINS(Stopwatch);
