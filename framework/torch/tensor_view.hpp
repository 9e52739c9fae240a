// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_TENSOR_VIEW_HPP
#define TENON_TORCH_TENSOR_VIEW_HPP

#include <ATen/core/Tensor.h>
#include <tenon/tensor.h>

#include <string>

namespace tenon::torch_engine {

struct NamedTensor {
  std::string name;
  at::Tensor tensor;
};

/// A view of `tensor`, valid while the tensor keeps its storage and shape. Throws std::invalid_argument for a type that
/// the ABI has no code for, or a layout without strides.
tenon_tensor_view view_of(const at::Tensor& tensor);

/// A view of nothing with the shape and type of `like`.
tenon_tensor_view absent_view_of(const at::Tensor& like);

/// A tensor over a view's own memory, which must outlive it; row-major where the view has no strides. Throws
/// std::invalid_argument for an unknown type.
at::Tensor tensor_of(const tenon_tensor_view& view);

/// The tensor that loop::EngineTensor::source stands for.
at::Tensor tensor_at(const void* source);

/// "f32 [64, 10]".
std::string text_of(const tenon_tensor_view& view);

/// Copies the numbers of `view`, row-major, to `to` in main memory; waits for the device.
void copy_row_major(const tenon_tensor_view& view, void* to);

}  // namespace tenon::torch_engine

#endif
