// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A device that needs no hardware: its memory is the process's, but what it is given it does later, in streams with a
// thread each, as a GPU does. LibTorch knows it as PrivateUse1, "queued".
#ifndef TENON_TESTS_TORCH_QUEUED_DEVICE_HPP
#define TENON_TESTS_TORCH_QUEUED_DEVICE_HPP

#include <c10/core/Device.h>

#include <chrono>
#include <cstddef>

namespace tests {

/// Copies and fill_() are its own work. Everything else is done by the processor, which waits for the numbers, so that
/// results are the processor's bit for bit. Memory that is freed is overwritten where the training's stream has come
/// to.
c10::Device open_queued_device();

/// The streams beside the training's stand still while one lives.
class BesideStandsStill {
 public:
  BesideStandsStill();
  ~BesideStandsStill();
  BesideStandsStill(const BesideStandsStill&) = delete;
  BesideStandsStill& operator=(const BesideStandsStill&) = delete;
};

/// What each piece of work of the streams beside the training's takes from here on.
void slow_down_beside(std::chrono::microseconds each);
/// How many pieces of work they have been given and not done.
std::size_t pending_beside();

}  // namespace tests

#endif
