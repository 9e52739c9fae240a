// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_RNG_HPP
#define TENON_TORCH_RNG_HPP

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

namespace tenon::torch_engine {

/// Those whose random numbers a training on `device` may draw: the CPU's, and its own.
std::vector<c10::Device> random_devices(const c10::Device& device);
/// A copy of the whole state (uint8, in main memory) of a device's default generator, on the CPU the second number of a
/// pair of normals included.
at::Tensor rng_state(const c10::Device& device);
void set_rng_state(const c10::Device& device, const at::Tensor& state);
/// Why a generator of that device cannot have this state, "" when it can.
std::string rng_state_refusal(const c10::Device& device, const at::Tensor& state);

}  // namespace tenon::torch_engine

#endif
