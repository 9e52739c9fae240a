// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// How long one waits: for the commands that load no LibTorch, and for the first step of a training.
#include <boost/dll/shared_library.hpp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "digits_run.hpp"
#include "process.hpp"
#include "report.hpp"

namespace tb = tenon::benchmarks;

namespace {

/// In a process of its own, as a training does it.
int load_libtorch() {
  const double start = tb::seconds();
  const boost::dll::shared_library library(TENON_BINARY_DIR "/lib/libtenon_torch.so", boost::dll::load_mode::rtld_now);
  std::printf("%.9f\n", tb::seconds() - start);
  return 0;
}

double timed(const std::vector<std::string>& command) {
  const double start = tb::seconds();
  tb::run_quietly(command);
  return tb::seconds() - start;
}

int measure(const std::string& self, bool as_json) {
  const std::string tenon = TENON_BINARY_DIR "/bin/tenon";
  const tb::DigitsRun digits("startup", {{"max_steps", 1}}, {});
  std::vector<double> version, plugins_list, first_step, libtorch;
  for (int round = 0; round < 11; ++round) {
    version.push_back(timed({tenon, "--version"}));
    plugins_list.push_back(timed({tenon, "plugins", "list"}));
    libtorch.push_back(std::strtod(tb::run_quietly({self, "--load-libtorch"}).c_str(), nullptr));
    const tb::DigitsRun::Times times = digits.run();
    first_step.push_back(times.first_step - times.started);
  }
  tb::Report report;
  report.add("version_ms", 1000 * tb::median(version), "tenon --version, goal 30");
  report.add("plugins_list_ms", 1000 * tb::median(plugins_list), "tenon plugins list, goal 30");
  report.add("train_first_step_ms", 1000 * tb::median(first_step),
             "tenon train of the digits, to the end of its first step");
  report.add("libtorch_load_ms", 1000 * tb::median(libtorch), "of that, loading LibTorch");
  report.print(as_json);
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    if (count > 1 && std::strcmp(arguments[1], "--load-libtorch") == 0) return load_libtorch();
    return measure(arguments[0], count > 1 && std::strcmp(arguments[1], "--json") == 0);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_startup: %s\n", error.what());
    return 1;
  }
}
