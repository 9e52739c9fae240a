// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/precision.hpp"

#include <ATen/autocast_mode.h>
#include <c10/core/DefaultDtype.h>

namespace tenon::torch_engine {

at::ScalarType scalar_type_of(Precision precision) {
  switch (precision) {
    case Precision::float64:
      return at::kDouble;
    case Precision::bf16:
      return at::kBFloat16;
    default:
      return at::kFloat;
  }
}

DefaultType::DefaultType(Precision precision) : before_(c10::get_default_dtype_as_scalartype()) {
  c10::set_default_dtype(c10::scalarTypeToTypeMeta(scalar_type_of(precision)));
}

DefaultType::~DefaultType() { c10::set_default_dtype(c10::scalarTypeToTypeMeta(before_)); }

Autocast::Autocast(Precision precision, at::DeviceType device)
    : on_(precision == Precision::bf16_mixed), device_(device) {
  if (!on_) return;
  before_ = at::autocast::is_autocast_enabled(device_);
  type_before_ = at::autocast::get_autocast_dtype(device_);
  at::autocast::set_autocast_enabled(device_, true);
  at::autocast::set_autocast_dtype(device_, at::kBFloat16);
  at::autocast::increment_nesting();
}

Autocast::~Autocast() {
  if (!on_) return;
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
  at::autocast::set_autocast_enabled(device_, before_);
  at::autocast::set_autocast_dtype(device_, type_before_);
}

void convert(Batch& batch, const at::Device& device, Precision precision) {
  const at::ScalarType type = scalar_type_of(precision);
  for (at::Tensor& tensor : batch.tensors) {
    if (!tensor.defined()) continue;
    const bool other = tensor.is_floating_point() && tensor.scalar_type() != type &&
                       (precision == Precision::float64 || precision == Precision::bf16);
    if (tensor.device() != device || other)
      tensor = tensor.to(device, other ? type : tensor.scalar_type(), /*non_blocking=*/false);
  }
}

}  // namespace tenon::torch_engine
