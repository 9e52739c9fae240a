// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_LOOP_OPEN_ENGINE_HPP
#define TENON_LOOP_OPEN_ENGINE_HPP

#include <memory>
#include <span>

#include "checkpoint/export.hpp"
#include "loop/engine.hpp"

namespace tenon::loop {

/// Loads libtenon_torch, and LibTorch with it, from beside this library and asks it for an engine. It is never
/// unloaded. Throws Failure (ExitCode::task).
std::unique_ptr<Engine> open_torch_engine(const EngineRequest& request);

/// The same library's checkpoint::AppendPt.
void append_pt(std::span<const checkpoint::TensorRecord> tensors, const checkpoint::Append& append);

}  // namespace tenon::loop

#endif
