// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/uncounted_steps.hpp"

#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "torch/model.hpp"
#include "torch/optimizers.hpp"

namespace tenon::torch_engine {
namespace {

constexpr std::int64_t most = 1024;

/// Numbers from all over the tensor, in main memory; an embedding of which one step moves a row is seen at the next.
at::Tensor sample(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().reshape({-1});
  const std::int64_t apart = std::max<std::int64_t>(1, flat.numel() / most);
  return flat.slice(0, 0, std::min(flat.numel(), apart * most), apart).to(at::kCPU).clone().contiguous();
}

/// Bytes, so that a NaN equals itself.
bool same(const at::Tensor& a, const at::Tensor& b) {
  return a.nbytes() == b.nbytes() && std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0;
}

[[noreturn]] void refuse(const std::string& parameter, const std::string& optimizer) {
  const std::string whose = optimizer.empty() ? "" : ", which optimizer '" + optimizer + "' trains,";
  throw std::runtime_error(
      "parameter '" + parameter + "'" + whose +
      " has changed, but no step was counted: it was updated behind the trainer's back, so nothing would ever be saved "
      "or stopped by step. Step through the handle, optimizer(i).step(), with the optimizer that "
      "configure_optimizers() "
      "gave; for weights that are updated without an optimizer say count_step() in training_step()");
}

}  // namespace

UncountedSteps::UncountedSteps(const Model& model, const Optimizers& optimizers) {
  for (std::uint32_t i = 0; i < optimizers.count(); ++i)
    watched_.push_back({optimizers.name(i), optimizers.parameters(i), {}, false});
  if (watched_.empty()) {
    watched_.emplace_back();
    for (const NamedTensor& named : model.parameters())
      if (named.tensor.requires_grad()) watched_.back().parameters.push_back(named);
  }
  weights_replaced();
}

void UncountedSteps::weights_replaced() {
  for (Watched& one : watched_) {
    one.before.clear();
    if (one.done) continue;
    for (const NamedTensor& named : one.parameters) one.before.push_back(sample(named.tensor));
  }
}

void UncountedSteps::counted(std::uint32_t optimizer) {
  if (optimizer >= watched_.size() || watched_[optimizer].done) return;
  watched_[optimizer].done = true;
  watched_[optimizer].before.clear();
}

void UncountedSteps::check(std::uint64_t batch) {
  if (batch != 0 && batch != 1 && batch != 10 && batch != 100) return;
  for (const Watched& one : watched_) {
    if (one.done) continue;
    for (std::size_t i = 0; i < one.parameters.size(); ++i)
      if (!same(one.before[i], sample(one.parameters[i].tensor))) refuse(one.parameters[i].name, one.optimizer);
  }
}

}  // namespace tenon::torch_engine
