// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/tensor_table.hpp"

#include "chain/abi.hpp"
#include "loop/snapshot.hpp"

namespace tenon::loop {

namespace {

chain::AbiError too_large() { return {TENON_E_OUT_OF_MEMORY, "no memory could hold a tensor of this shape"}; }

}  // namespace

tenon_tensor_view HostTensor::view() const {
  if (lender_) lender_->wait();
  tenon_tensor_view v{};
  v.data =
      const_cast<std::byte*>(bytes().data());  // NOLINT: the view has one type for both; `writable` says which it is
  v.device = {TENON_DEVICE_CPU, 0};
  v.ndim = static_cast<std::int32_t>(shape.size());
  v.dtype = dtype;
  v.shape = shape.data();
  v.strides = strides.data();
  return v;
}

std::size_t HostTensor::set_shape(std::vector<std::int64_t> of) {
  strides.assign(of.size(), 1);
  std::int64_t numbers = 1, bytes = 0;
  bool empty = false;
  for (std::size_t i = of.size(); i-- > 0;) {
    if (of[i] < 0) throw chain::AbiError(TENON_E_INVALID_ARGUMENT, "a shape has a negative number");
    strides[i] = empty ? 0 : numbers;
    empty = empty || of[i] == 0;
    if (of[i] != 0 && __builtin_mul_overflow(numbers, of[i], &numbers)) throw too_large();
  }
  if (__builtin_mul_overflow(numbers, dtype.bits / 8, &bytes)) throw too_large();
  shape = std::move(of);
  return empty ? 0 : static_cast<std::size_t>(bytes);
}

OwnedHandle::OwnedHandle(TensorTable& table, std::shared_ptr<HostTensor> tensor)
    : table_(&table), handle_(table.add(std::move(tensor))) {}

OwnedHandle::~OwnedHandle() {
  if (table_) table_->drop(handle_);
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
