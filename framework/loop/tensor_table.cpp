// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/tensor_table.hpp"

#include "chain/abi.hpp"

namespace tenon::loop {

tenon_tensor_view HostTensor::view() const {
  const std::byte* data = storage.empty() ? borrowed.data() : storage.data();
  tenon_tensor_view v{};
  v.data = const_cast<std::byte*>(data);  // NOLINT: the view has one type for both; `writable` says which it is
  v.device = {TENON_DEVICE_CPU, 0};
  v.ndim = static_cast<std::int32_t>(shape.size());
  v.dtype = dtype;
  v.shape = shape.data();
  v.strides = strides.data();
  return v;
}

void HostTensor::set_shape(std::vector<std::int64_t> of) {
  shape = std::move(of);
  strides.assign(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
}

EngineHandle TensorTable::engine_tensor(tenon_tensor tensor) {
  const std::uint64_t group = tensor >> 56, index = tensor & ((1ull << 56) - 1);
  if (group == 0 || group > TENON_TENSORS_BUFFERS + 1 || index == 0)
    throw chain::AbiError(TENON_E_INVALID_ARGUMENT, "no tensor has the handle " + std::to_string(tensor));
  return {static_cast<std::int32_t>(group - 1), index - 1};
}

tenon_tensor TensorTable::add(std::shared_ptr<HostTensor> tensor) {
  const std::lock_guard lock(mutex_);
  const tenon_tensor handle = host_group << 56 | next_++;
  tensors_.emplace(handle, std::move(tensor));
  return handle;
}

std::shared_ptr<HostTensor> TensorTable::host(tenon_tensor tensor) const {
  const std::lock_guard lock(mutex_);
  const auto it = tensors_.find(tensor);
  if (it == tensors_.end())
    throw chain::AbiError(TENON_E_INVALID_ARGUMENT,
                          "the tensor with the handle " + std::to_string(tensor) + " has ended");
  return it->second;
}

void TensorTable::drop(tenon_tensor tensor) {
  const std::lock_guard lock(mutex_);
  tensors_.erase(tensor);
}

}  // namespace tenon::loop
