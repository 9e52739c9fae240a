// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_DEVICE_COPY_HPP
#define TENON_TORCH_DEVICE_COPY_HPP

#include <c10/core/Device.h>
#include <c10/core/Stream.h>

#include <cstddef>
#include <memory>
#include <span>

#include "loop/engine.hpp"

namespace tenon::torch_engine {

/// Copies of tensors on a device, made on a stream beside the training's. Only what LibTorch has for every device with
/// streams and events is used.
class DeviceCopies {
 public:
  explicit DeviceCopies(const c10::Device& device);

  /// As loop::Engine::begin_copies() and the calling thread's current stream: what is not `beside` is copied on that
  /// stream. Tensors that are copied beside keep their memory up to go_first(), whatever becomes of them: the device's
  /// allocator would give it to the training, which does not wait for this stream. A tensor of another device is waited
  /// for.
  std::unique_ptr<loop::DeviceCopy> begin(std::span<const loop::CopyOut> copies) const;

  /// [any-thread] Pinned, from LibTorch's allocator, which keeps what is given back and rounds up to a power of two
  /// unless its pinned_max_round_threshold_mb says otherwise.
  std::shared_ptr<std::byte> memory(std::size_t bytes) const;

 private:
  c10::Stream side_;
};

}  // namespace tenon::torch_engine

#endif
