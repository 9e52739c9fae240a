// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_LOAD_TASK_HPP
#define TENON_TORCH_LOAD_TASK_HPP

#include <boost/json/object.hpp>
#include <filesystem>
#include <tenon/task_library.hpp>

namespace tenon::torch_engine {

/// Loads a task library, once its identity's fingerprint is known to be this build's: nothing of a library of another
/// build is ever run, not even its static constructors. It is never unloaded. Throws Failure (ExitCode::task).
const TaskEntry& load_task(const std::filesystem::path& library, const boost::json::object& identity);

}  // namespace tenon::torch_engine

#endif
