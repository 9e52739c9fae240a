// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The model in a handful of lines.
#ifndef TENON_PLUGINS_CONSOLE_MODEL_SUMMARY_HPP
#define TENON_PLUGINS_CONSOLE_MODEL_SUMMARY_HPP

#include <tenon/plugin.hpp>

#include <string>
#include <vector>

namespace tenon::console {

/// Its type, counts and size, then the parts that hold numbers: the modules of the first level that has several, the
/// first ten of them. Empty where there is no module.
std::vector<std::string> model_summary(const std::vector<tenon_module_info>& modules);

/// "9610", "1.24 M" from a million on.
std::string count_text(std::uint64_t count);

/// "512 bytes", "37.5 KiB", "240 MiB".
std::string bytes_text(std::uint64_t bytes);

}  // namespace tenon::console

#endif
