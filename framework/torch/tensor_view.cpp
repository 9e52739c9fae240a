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

constexpr std::int32_t other_device = kDLExtDev;  // that LibTorch was taught while the program runs

tenon_device device_of(const at::Tensor& tensor) {
  if (tensor.is_cpu()) return {TENON_DEVICE_CPU, 0};
  if (tensor.is_cuda()) return {TENON_DEVICE_CUDA, tensor.get_device()};
  if (tensor.is_privateuseone()) return {other_device, tensor.get_device()};
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

at::Tensor tensor_of(const tenon_tensor_view& view) {
  const at::IntArrayRef shape(view.shape, static_cast<std::size_t>(view.ndim));
  char* data = static_cast<char*>(view.data) + view.byte_offset;
  for (const Type& type : types) {
    if (type.dtype.code != view.dtype.code || type.dtype.bits != view.dtype.bits) continue;
    at::TensorOptions options(type.scalar);
    const auto index = static_cast<c10::DeviceIndex>(view.device.index);
    if (view.device.type == TENON_DEVICE_CUDA) options = options.device(c10::Device(c10::kCUDA, index));
    if (view.device.type == other_device) options = options.device(c10::Device(c10::kPrivateUse1, index));
    if (view.strides == nullptr) return at::from_blob(data, shape, options);
    return at::from_blob(data, shape, at::IntArrayRef(view.strides, static_cast<std::size_t>(view.ndim)), options);
  }
  throw std::invalid_argument("a view of an unknown type");
}

at::Tensor tensor_at(const void* source) {
  return at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim_copy(
      static_cast<c10::TensorImpl*>(const_cast<void*>(source))));
}

std::string text_of(const tenon_tensor_view& view) {
  const char* kind = view.dtype.code == TENON_DTYPE_FLOAT     ? "f"
                     : view.dtype.code == TENON_DTYPE_BFLOAT  ? "bf"
                     : view.dtype.code == TENON_DTYPE_INT     ? "i"
                     : view.dtype.code == TENON_DTYPE_UINT    ? "u"
                     : view.dtype.code == TENON_DTYPE_COMPLEX ? "c"
                                                              : "bool";
  std::string text = kind + (view.dtype.code == TENON_DTYPE_BOOL ? "" : std::to_string(view.dtype.bits)) + " [";
  for (std::int32_t d = 0; d < view.ndim; ++d) text += (d == 0 ? "" : ", ") + std::to_string(view.shape[d]);
  return text + "]";
}

void copy_row_major(const tenon_tensor_view& view, void* to) {
  std::int64_t count = 1;
  bool contiguous = view.device.type == TENON_DEVICE_CPU;
  for (std::int32_t d = view.ndim; d-- > 0;) {
    if (view.shape[d] != 1 && view.strides[d] != count) contiguous = false;
    count *= view.shape[d];
  }
  if (count == 0) return;
  if (contiguous) {
    std::memcpy(to, static_cast<char*>(view.data) + view.byte_offset,
                static_cast<std::size_t>(count) * view.dtype.bits / 8);
    return;
  }
  const at::Tensor from = tensor_of(view);
  at::from_blob(to, from.sizes(), from.options().device(c10::kCPU)).copy_(from);
}

}  // namespace tenon::torch_engine
