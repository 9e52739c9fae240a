// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <tenon/failure.hpp>

#include "torch/device.hpp"
#include "torch/engine.hpp"
#include "torch/error_text.hpp"
#include "torch/load_task.hpp"

namespace tenon::torch_engine {
namespace {

loop::Engine* open(const loop::EngineRequest& request) {
  const TaskEntry& entry = load_task(request.task_library, request.task_identity);
  if (request.options.threads > 0) at::set_num_threads(static_cast<int>(request.options.threads));
  at::manual_seed(request.options.seed);
  const c10::Device device = open_device(request.options.device);
  at::globalContext().setDeterministicAlgorithms(request.options.deterministic != Deterministic::no,
                                                 request.options.deterministic == Deterministic::warn);
  TaskContext context{request.task_config, request.task_library.parent_path(), request.manifest_folder,
                      request.options.seed, device.str()};
  std::unique_ptr<Task> task;
  try {
    task = entry.make(std::move(context));
  } catch (const Failure&) {
    throw;
  } catch (const std::exception& error) {
    throw Failure(ExitCode::task, "task '" + std::string(entry.name) + "' (" + request.task_library.string() +
                                      "): " + error_text(error));
  }
  return new TorchEngine(std::move(task), entry.name, {request.stage, request.options, device});
}

}  // namespace
}  // namespace tenon::torch_engine

extern "C" __attribute__((visibility("default"))) tenon::loop::Engine* tenon_open_engine(
    const tenon::loop::EngineRequest& request) {
  return tenon::torch_engine::open(request);
}
