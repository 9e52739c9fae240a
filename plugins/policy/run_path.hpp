// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Paths as an account shows them.
#ifndef TENON_PLUGINS_POLICY_RUN_PATH_HPP
#define TENON_PLUGINS_POLICY_RUN_PATH_HPP

#include <tenon/plugin.hpp>

#include <string>
#include <string_view>

namespace tenon::policy {

/// Relative to the run's folder where `path`, which is absolute, lies below it.
inline std::string seen_from_run(Host host, std::string_view path) {
  const std::string run = resolve(host, TENON_PATH_RUN, ".");
  const bool inside = path.size() > run.size() && path.substr(0, run.size()) == run && path[run.size()] == '/';
  return std::string(inside ? path.substr(run.size() + 1) : path);
}

}  // namespace tenon::policy

#endif
