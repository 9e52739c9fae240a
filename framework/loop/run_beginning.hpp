// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a run begins with beside its manifest: for its record, and for whoever begins it again.
#ifndef TENON_LOOP_RUN_BEGINNING_HPP
#define TENON_LOOP_RUN_BEGINNING_HPP

#include <cstdint>
#include <filesystem>
#include <string>

#include "checkpoint/checkpoint.hpp"
#include "loop/engine.hpp"
#include "loop/run_record.hpp"

namespace tenon::loop {

/// Of a new run that takes over these parts of a checkpoint's state. The hash is that of its document, which has all
/// of its checksums.
RunBeginning begun_with_checkpoint(const checkpoint::Checkpoint& from, std::uint32_t parts);

/// Of a new run that begins with the weights of a checkpoint or a .safetensors file, which the engine gets. The hash is
/// that of their names, types, shapes and bytes. Throws as load_weights() does.
RunBeginning begin_with_weights(Engine& engine, const std::filesystem::path& from);

/// For a person: "with the weights of 'X'"; empty where it began with the task's.
std::string beginning_text(const RunBeginning& begun);

/// The same again, for the run of that folder. Both throw Failure (ExitCode::checkpoint) with the cure where it is
/// gone, cannot be read or is not what it was.
checkpoint::Checkpoint open_again(const RunBeginning& begun, const std::filesystem::path& run_folder);
void begin_with_weights_again(Engine& engine, const RunBeginning& begun, const std::filesystem::path& run_folder);

/// Throws that Failure: `why` ends a sentence about what it began with.
[[noreturn]] void refuse_beginning(const RunBeginning& begun, const std::filesystem::path& run_folder,
                                   const std::string& why);

}  // namespace tenon::loop

#endif
