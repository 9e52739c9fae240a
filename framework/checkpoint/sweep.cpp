// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/sweep.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <vector>

#include "checkpoint/lock.hpp"
#include "checkpoint/names.hpp"

namespace tenon::checkpoint {
namespace {

constexpr std::string_view temporary_prefix = ".tenon-tmp-";
constexpr std::string_view aside_prefix = ".tenon-aside-";
constexpr const char* made_attribute = "user.tenon.made";

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

void put_all_back(FileSystem& files, int folder, const std::string& run_id);

/// Another run may write into a folder that lies in ours.
void sweep_inside(FileSystem& files, int folder, const std::string& run_id) {
  if (!status_at(files, folder, lock_file_name)) return put_all_back(files, folder, run_id);
  std::optional<FolderLock> lock;
  try {
    lock.emplace(files, folder, run_id, lock_file_name, LockWait::none);
  } catch (const std::exception&) {  // its owner's, alive, or not for us
    return;
  }
  sweep(files, folder, run_id);
  lock->release(folder);
}

void put_all_back(FileSystem& files, int folder, const std::string& run_id) {
  for (const std::string& name : list(files, folder, ".")) {
    if (name.starts_with(aside_prefix)) {
      put_back(files, folder, name);
      continue;
    }
    if (name.starts_with(private_prefix) || name.ends_with(checkpoint_suffix)) continue;
    const auto inside = open_readable_folder(files, folder, name);
    if (!inside) continue;
    sweep_inside(files, inside->number(), run_id);
    if (!is_marked_as_made(files, inside->number())) continue;
    // Refused where anything is in it, and an empty folder more is no reason to refuse a run.
    uninterrupted([&] { return files.unlink_at(folder, name.c_str(), AT_REMOVEDIR); });
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

void mark_as_made(FileSystem& files, int folder) noexcept {
  uninterrupted([&] { return files.set_attribute(folder, made_attribute, "1", 1); });
}

bool is_marked_as_made(FileSystem& files, int folder) noexcept {
  char value = 0;
  return uninterrupted([&] { return files.get_attribute(folder, made_attribute, &value, 1); }) == 1;
}

void sweep(FileSystem& files, int folder, const std::string& run_id) {
  for (const std::string& name : list(files, folder, ".")) {
    if (is_temporary(name)) remove_tree(files, folder, name);
  }
  put_all_back(files, folder, run_id);
}

}  // namespace tenon::checkpoint
