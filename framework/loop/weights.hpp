// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_LOOP_WEIGHTS_HPP
#define TENON_LOOP_WEIGHTS_HPP

#include <filesystem>
#include <string>

#include "loop/engine.hpp"

namespace tenon::loop {

/// Gives the engine's model the weights of a checkpoint (its folder, or a ref such as last.ckpt), all of its checksums
/// verified, or of one .safetensors file of anybody's. Answers the XXH3-128 of their names, types, shapes and bytes.
/// Throws Failure (ExitCode::checkpoint), the model then as before.
std::string load_weights(Engine& engine, const std::filesystem::path& from);

}  // namespace tenon::loop

#endif
