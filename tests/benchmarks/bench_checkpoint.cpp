// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What saving and restoring a training's state costs, beside what the disk and the memory give.
#include <cstdio>
#include <cstring>
#include <exception>

#include "checkpoint_disk.hpp"
#ifdef TENON_BENCHMARKS_TRAINING
#include "checkpoint_training.hpp"
#endif
#include "report.hpp"

namespace tb = tenon::benchmarks;

namespace {

int measure(bool as_json, const char* place) {
  const tb::ScratchPlace folder(place);
  tb::Report report;
  // Weights and AdamW's two moments: 240 MiB, and the digits example's.
  tb::measure_disk(report, "", tb::AdamwState(20, 1024, 1024), folder.path());
  tb::measure_disk(report, "_digits", tb::AdamwState(2, 64, 37), folder.path());
  tb::measure_kept(report, folder.path());
#ifdef TENON_BENCHMARKS_TRAINING
  tb::measure_training(report, folder.path());
#endif
  report.print(as_json);
  return 0;
}

}  // namespace

/// bench_checkpoint [--json] [FOLDER]: what is measured is the disk of FOLDER, or else of the build.
int main(int count, char** arguments) {
  try {
#ifdef TENON_BENCHMARKS_TRAINING
    if (count == 4 && std::strcmp(arguments[1], "--heap-growth") == 0)  // for measure_training
      return std::printf("%.9g\n", tb::heap_growth_per_save(arguments[2], arguments[3])) < 0;
#endif
    const bool as_json = count > 1 && std::strcmp(arguments[1], "--json") == 0;
    const int place = as_json ? 2 : 1;
    return measure(as_json, count > place ? arguments[place] : TENON_BINARY_DIR);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_checkpoint: %s\n", error.what());
    return 1;
  }
}
