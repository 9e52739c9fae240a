// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <ATen/Context.h>
#include <ATen/Parallel.h>

#include <boost/core/demangle.hpp>
#include <tenon/failure.hpp>
#include <tenon/trainer.hpp>
#include <typeinfo>

#include "torch/device.hpp"
#include "torch/engine.hpp"
#include "torch/error_text.hpp"
#include "torch/load_task.hpp"

namespace tenon::torch_engine {
namespace {

/// LibTorch's settings, which are the process's. Answers the device to train on.
c10::Device set_up(const TrainerOptions& options) {
  if (options.threads > 0) at::set_num_threads(static_cast<int>(options.threads));
  at::manual_seed(options.seed);
  const c10::Device device = open_device(options.device);
  at::globalContext().setDeterministicAlgorithms(options.deterministic != Deterministic::no,
                                                 options.deterministic == Deterministic::warn);
  return device;
}

loop::Engine* open(const loop::EngineRequest& request) {
  const TaskEntry& entry = load_task(request.task_library, request.task_identity);
  const c10::Device device = set_up(request.options);
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

/// "LineTask" of "(anonymous namespace)::LineTask": a task in a program has no other name.
std::string class_name(const Task& task) {
  const std::string full = boost::core::demangle(typeid(task).name());
  const std::size_t scope = full.substr(0, full.find('<')).rfind("::");
  return scope == std::string::npos ? full : full.substr(scope + 2);
}

}  // namespace
}  // namespace tenon::torch_engine

tenon::MadeEngine tenon::make_engine(std::unique_ptr<Task> task, const torch::nn::Module* weights,
                                     const TrainerOptions& options, Stage stage) {
  if (!task) throw Failure(ExitCode::task, "there is no task: the trainer was given a NULL pointer");
  const c10::Device device = torch_engine::set_up(options);
  task->context_.seed = options.seed;
  task->context_.device = device.str();
  std::string name = torch_engine::class_name(*task);
  auto engine = std::make_unique<torch_engine::TorchEngine>(std::move(task), std::move(name),
                                                            torch_engine::EngineSettings{stage, options, device});
  if (weights != nullptr) engine->model().load(*weights);
  std::shared_ptr<torch::nn::Module> model = engine->model().shared();
  return {engine.release(), std::move(model)};
}

extern "C" __attribute__((visibility("default"))) tenon::loop::Engine* tenon_open_engine(
    const tenon::loop::EngineRequest& request) {
  return tenon::torch_engine::open(request);
}
