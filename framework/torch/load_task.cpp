// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/load_task.hpp"

#include <boost/dll/shared_library.hpp>
#include <boost/json/value.hpp>
#include <memory>
#include <string_view>
#include <tenon/failure.hpp>

namespace tenon::torch_engine {
namespace {

void check_fingerprint(const std::filesystem::path& library, std::string_view name, std::string_view theirs) {
  if (theirs == TENON_TASK_FINGERPRINT) return;
  throw Failure(
      ExitCode::task,
      "task '" + std::string(name) + "' (" + library.string() +
          ") was built for another LibTorch or another compiler than this tenon:\n  the task:  " + std::string(theirs) +
          "\n  this host: " TENON_TASK_FINGERPRINT "\nBuild the task anew with this tenon's headers and LibTorch.");
}

std::string_view text_of(const boost::json::object& identity, std::string_view key) {
  const auto* value = identity.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view(value->get_string())
                                                : std::string_view("(not given)");
}

}  // namespace

const TaskEntry& load_task(const std::filesystem::path& library, const boost::json::object& identity) {
  check_fingerprint(library, text_of(identity, "name"), text_of(identity, "fingerprint"));
  using boost::dll::load_mode::rtld_local;
  using boost::dll::load_mode::rtld_now;
  auto loaded = std::make_unique<boost::dll::shared_library>();
  boost::dll::fs::error_code error;
  loaded->load(library.string(), error, rtld_now | rtld_local);
  if (error)
    throw Failure(ExitCode::task, "task library " + library.string() + " cannot be loaded: " + error.message());
  if (!loaded->has("tenon_task_v1"))
    throw Failure(ExitCode::task,
                  "task library " + library.string() +
                      " does not export tenon_task_v1: put TENON_TASK(...) into one of its source files");
  const TaskEntry& entry = loaded.release()->get<const TaskEntry>("tenon_task_v1");
  check_fingerprint(library, entry.name, entry.fingerprint);
  return entry;
}

}  // namespace tenon::torch_engine
