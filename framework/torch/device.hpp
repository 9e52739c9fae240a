// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_DEVICE_HPP
#define TENON_TORCH_DEVICE_HPP

#include <c10/core/Device.h>

#include <string>

namespace tenon::torch_engine {

/// The device that `trainer.device` names: cpu, cuda, cuda:N, or auto, the first GPU or else the CPU. For a GPU
/// LibTorch's CUDA library, which is not linked, is opened from beside its CPU library; it registers the device. Throws
/// Failure (ExitCode::manifest) with what is missing.
c10::Device open_device(const std::string& name);

}  // namespace tenon::torch_engine

#endif
