// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/gradients.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/_foreach_clamp_max.h>
#include <ATen/ops/_foreach_clamp_min.h>
#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/add.h>
#include <ATen/ops/clamp_max.h>
#include <ATen/ops/div.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>

#include <vector>

namespace tenon::torch_engine {

void clip_gradients(std::span<const at::Tensor> parameters, double bound, ClipAlgorithm algorithm) {
  const at::NoGradGuard no_gradients;
  std::vector<at::Tensor> gradients;
  gradients.reserve(parameters.size());
  for (const at::Tensor& parameter : parameters)
    if (parameter.grad().defined()) gradients.push_back(parameter.grad());
  if (gradients.empty()) return;
  if (algorithm == ClipAlgorithm::value) {
    at::_foreach_clamp_min_(gradients, -bound);
    at::_foreach_clamp_max_(gradients, bound);
    return;
  }
  const at::Tensor norm = at::linalg_vector_norm(at::stack(at::_foreach_norm(gradients, 2)), 2);
  const at::Tensor factor = at::div(at::scalar_tensor(bound, norm.options()), norm.add(1e-6));
  at::_foreach_mul_(gradients, factor.clamp_max(1.0));
}

}  // namespace tenon::torch_engine
