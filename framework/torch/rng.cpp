// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/rng.hpp"

#include <ATen/Context.h>

#include <mutex>

#include "torch/error_text.hpp"

namespace tenon::torch_engine {

std::vector<c10::Device> random_devices(const c10::Device& device) {
  std::vector<c10::Device> devices{c10::Device(c10::kCPU)};
  if (!device.is_cpu()) devices.push_back(device);
  return devices;
}

at::Tensor rng_state(const c10::Device& device) {
  at::Generator generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard<std::mutex> lock(generator.mutex());
  return generator.get_state();
}

void set_rng_state(const c10::Device& device, const at::Tensor& state) {
  at::Generator generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(state);
}

std::string rng_state_refusal(const c10::Device& device, const at::Tensor& state) {
  try {
    at::Generator other = at::globalContext().defaultGenerator(device).clone();
    other.set_state(state);
    return "";
  } catch (const std::exception& error) {
    return error_text(error);
  }
}

}  // namespace tenon::torch_engine
