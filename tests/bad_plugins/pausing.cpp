// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// pausing - holds a training up at the start of some epochs, so that a test can change the world under it: it makes the
// file `at-<epoch>` and waits for `go-<epoch>`.
//   {"folder": "/tmp/signs", "epochs": [2, 5]}
#include <tenon/plugin.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <thread>

namespace {

class Pausing {
 public:
  static constexpr const char* id = "org.example.pausing";
  static constexpr const char* name = "pausing";
  static constexpr const char* version = "0.1.0";
  static constexpr const char* description = "Waits at the start of some epochs for a file";
  static constexpr const char* license = "Apache-2.0";
  static constexpr const char* options_schema = R"({
    "type": "object", "additionalProperties": false, "required": ["folder", "epochs"],
    "properties": {"folder": {"type": "string"}, "epochs": {"type": "array", "items": {"type": "integer"}}}})";

  explicit Pausing(tenon::Host host) : folder_(tenon::Options(host).get<std::string>("/folder")) {
    const tenon::Options options(host);
    for (std::size_t i = 0; const auto epoch = options.find<std::uint64_t>("/epochs/" + std::to_string(i)); ++i)
      epochs_.insert(*epoch);
  }

  void on_train_epoch_start(const tenon_event_args& args) {
    const std::uint64_t epoch = args.progress->epoch;
    if (epochs_.count(epoch) == 0) return;
    std::ofstream(folder_ / ("at-" + std::to_string(epoch)));
    while (!std::filesystem::exists(folder_ / ("go-" + std::to_string(epoch))))
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }

 private:
  std::filesystem::path folder_;
  std::set<std::uint64_t> epochs_;
};

}  // namespace

TENON_PLUGINS(Pausing);
