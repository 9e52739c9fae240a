// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_PRECISION_HPP
#define TENON_TORCH_PRECISION_HPP

#include <ATen/core/Tensor.h>

#include <tenon/data.hpp>
#include <tenon/trainer_options.hpp>

namespace tenon::torch_engine {

/// The type that models, and the floating-point tensors of batches, are converted to.
at::ScalarType scalar_type_of(Precision precision);

/// What new tensors are made of, for as long as it lives, so that a model that makes some fits itself.
class DefaultType {
 public:
  explicit DefaultType(Precision precision);
  ~DefaultType();
  DefaultType(const DefaultType&) = delete;
  DefaultType& operator=(const DefaultType&) = delete;

 private:
  at::ScalarType before_;
};

/// Autocast to bfloat16 on the calling thread while it lives; nothing for other precisions. The cache of converted
/// weights is emptied at its end, for the next step changes them.
class Autocast {
 public:
  Autocast(Precision precision, at::DeviceType device);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool on_;
  at::DeviceType device_;
  bool before_ = false;
  at::ScalarType type_before_ = at::kBFloat16;
};

/// The batch on the device, its floating-point tensors in the precision's type; what fits already is not copied.
void convert(Batch& batch, const at::Device& device, Precision precision);

}  // namespace tenon::torch_engine

#endif
