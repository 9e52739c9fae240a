// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "model_summary.hpp"

#include <algorithm>

#include "policy/numbers.hpp"

namespace tenon::console {

namespace {

constexpr std::size_t most_parts = 10;

bool holds_numbers(const tenon_module_info& module) { return module.parameters + module.buffers > 0; }

std::vector<std::uint64_t> parts_of(const std::vector<tenon_module_info>& modules, std::uint64_t parent) {
  std::vector<std::uint64_t> parts;
  for (std::uint64_t i = 0; i < modules.size(); ++i)
    if (modules[i].parent == parent && holds_numbers(modules[i])) parts.push_back(i);
  return parts;
}

/// Behind a count of parameters: what of them is not trained.
std::string frozen_text(const tenon_module_info& module) {
  if (module.trainable == module.parameters) return "";
  return module.trainable == 0 ? ", frozen"
                               : ", " + count_text(module.parameters - module.trainable) + " of them frozen";
}

std::string scaled(std::uint64_t count, std::uint64_t unit, const char* name) {
  return policy::readable(static_cast<double>(count) / static_cast<double>(unit), 3) + " " + name;
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text;
}

}  // namespace

std::string count_text(std::uint64_t count) {
  if (count < 1'000'000) return std::to_string(count);
  return count < 1'000'000'000 ? scaled(count, 1'000'000, "M") : scaled(count, 1'000'000'000, "G");
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::uint64_t kib = 1024;
  if (bytes < kib) return std::to_string(bytes) + (bytes == 1 ? " byte" : " bytes");
  if (bytes < kib * kib) return scaled(bytes, kib, "KiB");
  return bytes < kib * kib * kib ? scaled(bytes, kib * kib, "MiB") : scaled(bytes, kib * kib * kib, "GiB");
}

std::vector<std::string> model_summary(const std::vector<tenon_module_info>& modules) {
  if (modules.empty()) return {};
  const tenon_module_info& model = modules.front();
  std::vector<std::string> lines{"model " + std::string(view(model.type)) + ": " + count_text(model.parameters) +
                                 (model.parameters == 1 ? " parameter" : " parameters") + frozen_text(model) + ", " +
                                 bytes_text(model.bytes)};
  std::vector<std::uint64_t> parts = parts_of(modules, 0);
  while (parts.size() == 1) {
    std::vector<std::uint64_t> inner = parts_of(modules, parts.front());
    if (inner.empty()) break;
    parts = std::move(inner);
  }
  const std::size_t shown = std::min(parts.size(), most_parts);
  std::size_t paths = 0, types = 0;
  for (std::size_t i = 0; i < shown; ++i) {
    paths = std::max<std::size_t>(paths, modules[parts[i]].path.size);
    types = std::max<std::size_t>(types, modules[parts[i]].type.size);
  }
  for (std::size_t i = 0; i < shown; ++i) {
    const tenon_module_info& part = modules[parts[i]];
    lines.push_back("  " + padded(std::string(view(part.path)), paths) + "  " +
                    padded(std::string(view(part.type)), types) + "  " + count_text(part.parameters) +
                    frozen_text(part));
  }
  if (parts.size() > shown) lines.push_back("  and " + std::to_string(parts.size() - shown) + " more");
  return lines;
}

}  // namespace tenon::console
