// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A callback that notes when a run reaches its stations, on the clock that its parent process reads too. Where it is
// given the hand-written loop, the two take turns, some steps each, so that both meet the machine in the same state.
#include <dlfcn.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <tenon/plugin.hpp>

#include "raw_loop.hpp"

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

class Stopwatch {
 public:
  static constexpr const char* id = "org.tenon.benchmarks.stopwatch";
  static constexpr const char* name = "stopwatch";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Notes when a run reaches its stations";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema = R"({
    "type": "object", "additionalProperties": false, "required": ["file"],
    "properties": {
      "file": {"type": "string", "description": "Where the times are written at the end, absolute"},
      "raw": {"type": "object", "description": "The hand-written loop to take turns with",
        "additionalProperties": false, "required": ["library", "csv", "seed", "repeat"],
        "properties": {
          "library": {"type": "string"}, "csv": {"type": "string"}, "seed": {"type": "integer"}, "repeat": {"type": "integer"}}}}})";

  explicit Stopwatch(tenon::Host host) : options_(host), file_(options_.get<std::string>("/file")) {}

  /// LibTorch is there by now.
  void on_fit_start() {
    const auto library = options_.find<std::string>("/raw/library");
    if (!library) return;
    void* const loaded = dlopen(library->c_str(), RTLD_NOW | RTLD_LOCAL);
    if (loaded == nullptr) throw std::runtime_error(dlerror());
    run_ = reinterpret_cast<decltype(&raw_loop_run)>(dlsym(loaded, "raw_loop_run"));
    raw_ = reinterpret_cast<decltype(&raw_loop_make)>(dlsym(loaded, "raw_loop_make"))(
        options_.get<std::string>("/raw/csv").c_str(), options_.get<std::uint64_t>("/raw/seed"),
        options_.get<std::uint64_t>("/raw/repeat"));
  }
  void on_train_batch_end() {
    if (first_step_ == 0) first_step_ = now();
    if (raw_ == nullptr || ++steps_ % turn != 0) return;
    const double start = now();
    run_(raw_, turn);
    raw_seconds_ += now() - start;
    if (steps_ > turn) return;
    // LibTorch has warmed up: from here on it counts.
    raw_seconds_ = 0;
    counted_from_ = now();
  }
  void on_validation_start() { validation_ = now(); }
  /// The last epoch's validation and commit point are behind us.
  void on_train_end() {
    std::ofstream out(file_);
    out.precision(17);
    out << first_step_;
    if (counted_from_ != 0)
      out << ' ' << steps_ - turn << ' ' << now() - counted_from_ - raw_seconds_ << ' ' << steps_ / turn * turn - turn
          << ' ' << raw_seconds_ << ' ' << now() - validation_;
  }

 private:
  static constexpr std::uint64_t turn = 100;

  tenon::Options options_;
  std::string file_;
  double first_step_ = 0;
  RawLoop* raw_ = nullptr;
  decltype(&raw_loop_run) run_ = nullptr;
  std::uint64_t steps_ = 0;
  double counted_from_ = 0;
  double raw_seconds_ = 0;
  double validation_ = 0;
};

}  // namespace

TENON_PLUGINS(Stopwatch);
