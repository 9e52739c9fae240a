// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/rng.hpp"

#include <ATen/Context.h>

#include <mutex>

#include "torch/error_text.hpp"

namespace tenon::torch_engine {

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
