// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/device.hpp"

#include <ATen/Context.h>
#include <dlfcn.h>

#include <filesystem>
#include <tenon/failure.hpp>

namespace tenon::torch_engine {
namespace {

/// Whether the CUDA device is registered afterwards; else why not.
bool open_cuda(std::string& why) {
  Dl_info cpu{};
  if (dladdr(reinterpret_cast<const void*>(&at::globalContext), &cpu) == 0 || cpu.dli_fname == nullptr) {
    why = "LibTorch's folder is not known";
    return false;
  }
  const std::filesystem::path library = std::filesystem::path(cpu.dli_fname).parent_path() / "libtorch_cuda.so";
  if (dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) {
    const char* error = dlerror();
    why = "LibTorch's CUDA library cannot be opened (" + std::string(error != nullptr ? error : "?") +
          "); a LibTorch with CUDA and NVIDIA's libraries are needed";
    return false;
  }
  if (at::globalContext().hasCUDA()) return true;
  why = "LibTorch finds no GPU on this machine; does nvidia-smi?";
  return false;
}

}  // namespace

c10::Device open_device(const std::string& name) {
  if (name == "cpu") return c10::Device(c10::kCPU);
  const bool any = name == "auto";
  // Opening the CUDA library takes seconds: not where there is no driver.
  if (any && !std::filesystem::exists("/dev/nvidiactl")) return c10::Device(c10::kCPU);
  std::string why;
  const bool opened = open_cuda(why);
  if (any) return opened ? c10::Device(c10::kCUDA, 0) : c10::Device(c10::kCPU);
  if (!opened)
    throw Failure(ExitCode::manifest, "trainer.device is '" + name + "', but " + why + "; or say \"device\": \"cpu\"");
  c10::Device device = name == "cuda" ? c10::Device(c10::kCUDA, 0) : c10::Device(name);
  const auto count = static_cast<int>(at::detail::getCUDAHooks().getNumGPUs());
  if (device.index() >= count)
    throw Failure(ExitCode::manifest, "trainer.device is '" + name + "', but this machine has " +
                                          std::to_string(count) + (count == 1 ? " GPU" : " GPUs") +
                                          ": they are numbered from 0");
  return device;
}

}  // namespace tenon::torch_engine
