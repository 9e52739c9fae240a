// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_LOOP_PREDICTIONS_HPP
#define TENON_LOOP_PREDICTIONS_HPP

#include <filesystem>
#include <string>

#include "loop/engine.hpp"

namespace tenon::loop {

using tenon::PredictionFormat;

/// Writes what engine.predictions() gives to `predictions.safetensors` or `predictions.csv` in `folder` and answers the
/// file. In a CSV a row is a sample, and a tensor of one number for each sample a column of its name, of more of them
/// `<name>_0`, `<name>_1`, ...; numbers are in the shortest form that reads back the same. Throws Failure
/// (ExitCode::output), or ExitCode::task where the tensors cannot be told in a CSV: their samples differ in number.
std::filesystem::path write_predictions(Engine& engine, const std::filesystem::path& folder, PredictionFormat format);

}  // namespace tenon::loop

#endif
