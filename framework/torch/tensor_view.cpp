// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/tensor_view.hpp"

#include <ATen/dlpack.h>
#include <ATen/ops/from_blob.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <stdexcept>

namespace tenon::torch_engine {
namespace {

static_assert(sizeof(tenon_tensor_view) == sizeof(DLTensor) &&
                  offsetof(tenon_tensor_view, data) == offsetof(DLTensor, data) &&
                  offsetof(tenon_tensor_view, device) == offsetof(DLTensor, device) &&
                  offsetof(tenon_tensor_view, ndim) == offsetof(DLTensor, ndim) &&
                  offsetof(tenon_tensor_view, dtype) == offsetof(DLTensor, dtype) &&
                  offsetof(tenon_tensor_view, shape) == offsetof(DLTensor, shape) &&
                  offsetof(tenon_tensor_view, strides) == offsetof(DLTensor, strides) &&
                  offsetof(tenon_tensor_view, byte_offset) == offsetof(DLTensor, byte_offset),
              "a view may be reinterpreted as LibTorch's DLTensor");
static_assert(static_cast<int>(TENON_DTYPE_FLOAT) == static_cast<int>(kDLFloat) &&
              static_cast<int>(TENON_DTYPE_BFLOAT) == static_cast<int>(kDLBfloat) &&
              static_cast<int>(TENON_DTYPE_COMPLEX) == static_cast<int>(kDLComplex) &&
              static_cast<int>(TENON_DTYPE_BOOL) == static_cast<int>(kDLBool));

struct Type {
  at::ScalarType scalar;
  tenon_dtype dtype;
};

constexpr std::array<Type, 16> types = {{{at::kByte, {TENON_DTYPE_UINT, 8, 1}},
                                         {at::kChar, {TENON_DTYPE_INT, 8, 1}},
                                         {at::kShort, {TENON_DTYPE_INT, 16, 1}},
                                         {at::kInt, {TENON_DTYPE_INT, 32, 1}},
                                         {at::kLong, {TENON_DTYPE_INT, 64, 1}},
                                         {at::kUInt16, {TENON_DTYPE_UINT, 16, 1}},
                                         {at::kUInt32, {TENON_DTYPE_UINT, 32, 1}},
                                         {at::kUInt64, {TENON_DTYPE_UINT, 64, 1}},
                                         {at::kHalf, {TENON_DTYPE_FLOAT, 16, 1}},
                                         {at::kFloat, {TENON_DTYPE_FLOAT, 32, 1}},
                                         {at::kDouble, {TENON_DTYPE_FLOAT, 64, 1}},
                                         {at::kBFloat16, {TENON_DTYPE_BFLOAT, 16, 1}},
                                         {at::kComplexHalf, {TENON_DTYPE_COMPLEX, 32, 1}},
                                         {at::kComplexFloat, {TENON_DTYPE_COMPLEX, 64, 1}},
                                         {at::kComplexDouble, {TENON_DTYPE_COMPLEX, 128, 1}},
                                         {at::kBool, {TENON_DTYPE_BOOL, 8, 1}}}};

tenon_dtype dtype_of(const at::Tensor& tensor) {
  for (const Type& type : types)
    if (type.scalar == tensor.scalar_type()) return type.dtype;
  throw std::invalid_argument("numbers of type " + std::string(c10::toString(tensor.scalar_type())) +
                              " cannot be handed on");
}

tenon_device device_of(const at::Tensor& tensor) {
  if (tensor.is_cpu()) return {TENON_DEVICE_CPU, 0};
  if (tensor.is_cuda()) return {TENON_DEVICE_CUDA, tensor.get_device()};
  throw std::invalid_argument("tensors on device " + tensor.device().str() + " cannot be handed on");
}

}  // namespace

tenon_tensor_view absent_view_of(const at::Tensor& like) {
  if (like.layout() != at::kStrided) throw std::invalid_argument("sparse tensors cannot be handed on");
  tenon_tensor_view view{};
  view.device = device_of(like);
  view.ndim = static_cast<std::int32_t>(like.dim());
  view.dtype = dtype_of(like);
  view.shape = like.sizes().data();
  view.strides = like.strides().data();
  return view;
}

tenon_tensor_view view_of(const at::Tensor& tensor) {
  tenon_tensor_view view = absent_view_of(tensor);
  view.data = tensor.numel() == 0 ? nullptr : const_cast<void*>(tensor.const_data_ptr());
  return view;
}

void copy_row_major(const tenon_tensor_view& view, void* to) {
  if (view.device.type != TENON_DEVICE_CPU)
    throw std::invalid_argument("only tensors in main memory can be copied out");
  const at::IntArrayRef shape(view.shape, static_cast<std::size_t>(view.ndim));
  std::int64_t count = 1;
  bool contiguous = true;
  for (std::int32_t d = view.ndim; d-- > 0;) {
    if (view.shape[d] != 1 && view.strides[d] != count) contiguous = false;
    count *= view.shape[d];
  }
  if (count == 0) return;
  char* data = static_cast<char*>(view.data) + view.byte_offset;
  if (contiguous) {
    std::memcpy(to, data, static_cast<std::size_t>(count) * view.dtype.bits / 8);
    return;
  }
  for (const Type& type : types)
    if (type.dtype.code == view.dtype.code && type.dtype.bits == view.dtype.bits) {
      const at::IntArrayRef strides(view.strides, static_cast<std::size_t>(view.ndim));
      at::from_blob(to, shape, type.scalar).copy_(at::from_blob(data, shape, strides, at::TensorOptions(type.scalar)));
      return;
    }
  throw std::invalid_argument("a view of an unknown type cannot be copied out");
}

}  // namespace tenon::torch_engine
