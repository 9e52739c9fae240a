// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What checkpoints cost the training that they are made of.
#ifndef TENON_BENCHMARKS_CHECKPOINT_TRAINING_HPP
#define TENON_BENCHMARKS_CHECKPOINT_TRAINING_HPP

#include <cstdint>
#include <filesystem>
#include <string>

#include "report.hpp"

namespace tenon::benchmarks {

/// stall_ms_p50, stall_ms_p99, memcpy_ms, stall_over_memcpy, throughput_ratio_every_50, heap_growth_per_save,
/// restore_in_place_over_memcpy, torch_save_stall_ms: of a model of 80 MiB, whose AdamW holds twice as much, and, with
/// `_digits` behind the name, of the digits example's.
void measure_training(Report& report, const std::filesystem::path& place);

/// Bytes in use behind 20 saves more than before them, for each, of one of these models: "wide" or the digits
/// example's.
double heap_growth_per_save(const std::string& model, const std::filesystem::path& place);

}  // namespace tenon::benchmarks

#endif
