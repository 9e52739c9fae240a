// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/device_copy.hpp"

#include <ATen/Context.h>
#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/Event.h>
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>

#include <stdexcept>
#include <vector>

#include "torch/error_text.hpp"
#include "torch/tensor_view.hpp"

namespace tenon::torch_engine {
namespace {

using Device = c10::impl::VirtualGuardImpl;

class Copy final : public loop::DeviceCopy {
 public:
  explicit Copy(const c10::Stream& side) : side_(side), made_(side.device_type()) {}
  ~Copy() override {
    try {
      made_.synchronize();
    } catch (...) {  // wait() told
    }
  }
  void hold(const at::Tensor& tensor) { held_.push_back(tensor.storage()); }
  void all_given() { made_.record(side_); }

  void wait() const override {
    try {
      made_.synchronize();
    } catch (const std::exception& error) {
      throw std::runtime_error("the copy from " + side_.device().str() + " failed: " + error_text(error));
    }
  }
  bool is_done() const override { return made_.query(); }
  void go_first() override {
    made_.block(Device(side_.device_type()).getStream(side_.device()));
    held_.clear();
  }

 private:
  c10::Stream side_;
  c10::Event made_;
  std::vector<c10::Storage> held_;
};

}  // namespace

DeviceCopies::DeviceCopies(const c10::Device& device)
    : side_(Device(device.type()).getStreamFromGlobalPool(device, false)) {}

std::unique_ptr<loop::DeviceCopy> DeviceCopies::begin(std::span<const loop::CopyOut> copies) const {
  const Device device(side_.device_type());
  const c10::Stream training = device.getStream(side_.device());
  const at::NoGradGuard no_gradients;
  auto copy = std::make_unique<Copy>(side_);
  const auto give = [&](bool beside) {
    for (const loop::CopyOut& one : copies) {
      if (one.beside != beside) continue;
      const at::Tensor from = tensor_at(one.tensor.source);
      if (beside) copy->hold(from);
      at::from_blob(one.to, from.sizes(), at::TensorOptions(from.scalar_type()))
          .copy_(from, from.device() == side_.device());
    }
  };
  try {
    give(false);
    c10::Event so_far(side_.device_type());
    so_far.record(training);
    so_far.block(side_);
    const c10::StreamGuard on_side(side_);
    give(true);
    copy->all_given();
  } catch (...) {  // what was given still writes to the caller's memory
    device.synchronizeStream(training);
    device.synchronizeStream(side_);
    throw;
  }
  return copy;
}

std::shared_ptr<std::byte> DeviceCopies::memory(std::size_t bytes) const {
  const auto pinned = std::make_shared<c10::DataPtr>(
      at::globalContext().getPinnedMemoryAllocator(side_.device_type())->allocate(bytes));
  return {pinned, static_cast<std::byte*>(pinned->get())};
}

}  // namespace tenon::torch_engine
