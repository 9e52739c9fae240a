// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TASK_CONTEXT_HPP
#define TENON_TASK_CONTEXT_HPP

#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>
#include <string>

namespace tenon {

/// What a task is made with.
struct TaskContext {
  boost::json::object config;  ///< the manifest's `task.config`, checked against the task's schema, defaults filled in
  std::filesystem::path library_folder;   ///< of the task's own library: data shipped with it lies here
  std::filesystem::path manifest_folder;  ///< other paths that the task reads are relative to it
  std::uint64_t seed = 0;                 ///< the run's; LibTorch's generator is seeded with it when a task is made
  std::string device = "cpu";             ///< that the model is moved to and batches arrive on
};

}  // namespace tenon

#endif
