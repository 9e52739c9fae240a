// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_UNCOUNTED_STEPS_HPP
#define TENON_TORCH_UNCOUNTED_STEPS_HPP

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "torch/tensor_view.hpp"

namespace tenon::torch_engine {

class Model;
class Optimizers;

/// Finds out that weights are trained behind the host's back: a run whose steps nobody counts would never save, stop or
/// end. Version counters do not tell (LibTorch's SGD writes past them), so up to 1 024 numbers of each parameter are
/// compared, for as long as its optimizer has no step on record.
class UncountedSteps {
 public:
  /// Watches each optimizer's parameters; without any optimizer all that are trained.
  UncountedSteps(const Model& model, const Optimizers& optimizers);

  void counted(std::uint32_t optimizer);  ///< it has stepped through its handle
  void all_counted() { watched_.clear(); }
  bool are_all_counted() const noexcept { return watched_.empty(); }
  /// The host has replaced weights: what is watched is compared with them from now on.
  void weights_replaced();

  /// After batch `batch` of the run (from 1) or, with 0, at an epoch's end. Looks after batches 1, 10, 100 and where an
  /// epoch ends. Throws std::runtime_error with the cause and the cure.
  void check(std::uint64_t batch);

 private:
  struct Watched {
    std::string optimizer;  ///< empty: none
    std::vector<NamedTensor> parameters;
    std::vector<at::Tensor> before;
    bool done = false;
  };
  std::vector<Watched> watched_;
};

}  // namespace tenon::torch_engine

#endif
