// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/sweep.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "checkpoint/names.hpp"

namespace tenon::checkpoint {
namespace {

constexpr std::string_view temporary_prefix = ".tenon-tmp-";
constexpr std::string_view aside_prefix = ".tenon-aside-";

bool is_number(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<std::string> list(FileSystem& files, int folder, const std::string& name) {
  std::vector<std::string> names;
  if (uninterrupted([&] { return files.list(folder, names); }) == -1) throw_system_error("list", name);
  return names;
}

/// The lock keeps everybody away from whom the name could be taken meanwhile.
void put_back(FileSystem& files, int folder, const std::string& name) {
  const std::string entry = name.substr(aside_prefix.size());
  if (status_at(files, folder, entry)) return remove_tree(files, folder, name);
  if (uninterrupted([&] { return files.rename_at(folder, name.c_str(), folder, entry.c_str()); }) == -1)
    throw_system_error("rename", name);
  sync(files, folder, entry);
}

void put_all_back(FileSystem& files, int folder) {
  for (const std::string& name : list(files, folder, ".")) {
    if (name.starts_with(aside_prefix)) {
      put_back(files, folder, name);
      continue;
    }
    if (name.starts_with(private_prefix) || name.ends_with(checkpoint_suffix)) continue;
    if (const auto inside = open_readable_folder(files, folder, name)) put_all_back(files, inside->number());
  }
}

}  // namespace

std::string aside_name(const std::string& entry) { return std::string(aside_prefix) + entry; }

std::string temporary_name(unsigned long number) {
  return std::string(temporary_prefix) + std::to_string(::getpid()) + "-" + std::to_string(number);
}

bool is_temporary(std::string_view name) noexcept {
  if (!name.starts_with(temporary_prefix)) return false;
  name.remove_prefix(temporary_prefix.size());
  const std::size_t dash = name.find('-');
  return dash != std::string_view::npos && is_number(name.substr(0, dash)) && is_number(name.substr(dash + 1));
}

void remove_tree(FileSystem& files, int folder, const std::string& name) {
  const auto found = status_at(files, folder, name);
  if (!found) return;
  const bool is_folder = S_ISDIR(found->st_mode);
  if (is_folder) {
    const Descriptor inside = open_folder(files, folder, name);
    for (const std::string& entry : list(files, inside.number(), name)) remove_tree(files, inside.number(), entry);
  }
  const int flags = is_folder ? AT_REMOVEDIR : 0;
  if (uninterrupted([&] { return files.unlink_at(folder, name.c_str(), flags); }) == -1 && errno != ENOENT)
    throw_system_error("remove", name);
}

void sweep(FileSystem& files, int folder) {
  for (const std::string& name : list(files, folder, ".")) {
    if (is_temporary(name)) remove_tree(files, folder, name);
  }
  put_all_back(files, folder);
}

}  // namespace tenon::checkpoint
