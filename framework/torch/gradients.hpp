// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_GRADIENTS_HPP
#define TENON_TORCH_GRADIENTS_HPP

#include <ATen/core/Tensor.h>

#include <span>
#include <tenon/trainer_options.hpp>

namespace tenon::torch_engine {

/// Bounds the gradients of `parameters` in place. `norm`: all are scaled by min(1, bound / (n + 1e-6)) where n is the
/// 2-norm of all their numbers together, as torch::nn::utils::clip_grad_norm_ does, to the bit; `value`: each number is
/// limited to
/// [-bound, bound], as clip_grad_value_. Parameters without a gradient are passed over; nothing waits for the device.
void clip_gradients(std::span<const at::Tensor> parameters, double bound, ClipAlgorithm algorithm);

}  // namespace tenon::torch_engine

#endif
