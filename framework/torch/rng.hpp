// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_RNG_HPP
#define TENON_TORCH_RNG_HPP

#include <ATen/core/Tensor.h>

namespace tenon::torch_engine {

/// A copy of the CPU generator's whole state (uint8), the second number of a pair of normals included.
at::Tensor cpu_rng_state();
void set_cpu_rng_state(const at::Tensor& state);

}  // namespace tenon::torch_engine

#endif
