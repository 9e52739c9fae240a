// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/refs.hpp"

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <climits>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "checkpoint/file_writer.hpp"
#include "checkpoint/names.hpp"

namespace tenon::checkpoint {
namespace {

std::string link_name(const std::string& ref) { return ref + std::string(checkpoint_suffix); }
std::string file_name(const std::string& ref) { return ref + std::string(ref_file_suffix); }

/// "epoch=1.ckpt" as "epoch=1"; nothing for what cannot be a checkpoint in this folder.
std::optional<std::string> checkpoint_of(std::string_view text) {
  if (!text.ends_with(checkpoint_suffix)) return std::nullopt;
  text.remove_suffix(checkpoint_suffix.size());
  if (problem_with_name(text)) return std::nullopt;
  return std::string(text);
}

/// What stands in the place of a ref.
struct Place {
  bool taken = false;                 ///< something is there
  std::optional<std::string> target;  ///< and it is a ref of ours
};

Place look_at_link(FileSystem& files, int folder, const std::string& ref) {
  const std::string name = link_name(ref);
  std::array<char, PATH_MAX> text{};
  const ssize_t size =
      uninterrupted([&] { return files.read_link_at(folder, name.c_str(), text.data(), text.size()); });
  if (size >= 0) return {true, checkpoint_of({text.data(), static_cast<std::size_t>(size)})};
  if (errno == ENOENT) return {};
  if (errno == EINVAL) return {true, std::nullopt};  // no link
  throw_system_error("read the link", name);
}

Place look_at_file(FileSystem& files, int folder, const std::string& ref) {
  const std::string name = file_name(ref);
  const auto found = status_at(files, folder, name);
  if (!found) return {};
  if (!S_ISREG(found->st_mode)) return {true, std::nullopt};
  const Descriptor file = open_file(files, folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  std::array<std::byte, PATH_MAX> bytes{};
  const std::size_t size = read_full(files, file.number(), bytes, 0, name);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), size);
  if (!text.ends_with('\n')) return {true, std::nullopt};
  return {true, checkpoint_of(text.substr(0, size - 1))};
}

void refuse_what_is_no_ref(const Place& place, const std::string& name) {
  if (place.taken && !place.target) {
    throw std::invalid_argument("'" + name +
                                "' is there and is no pointer to a checkpoint of this folder; move it away");
  }
}

void rename(FileSystem& files, int folder, const std::string& from, const std::string& to) {
  if (uninterrupted([&] { return files.rename_at(folder, from.c_str(), folder, to.c_str()); }) == 0) return;
  const int reason = errno;
  uninterrupted([&] { return files.unlink_at(folder, from.c_str(), 0); });
  errno = reason;
  throw_system_error("rename", to);
}

/// False where there are no symbolic links.
bool put_link(FileSystem& files, int folder, const std::string& ref, const std::string& target,
              const std::string& temporary) {
  const std::string text = target + std::string(checkpoint_suffix);
  if (uninterrupted([&] { return files.make_link_at(text.c_str(), folder, temporary.c_str()); }) == -1) {
    if (errno == EPERM || errno == ENOTSUP || errno == ENOSYS || errno == EINVAL) return false;
    throw_system_error("link", link_name(ref));
  }
  rename(files, folder, temporary, link_name(ref));
  return true;
}

void put_file(FileSystem& files, int folder, const std::string& ref, const std::string& target,
              const std::string& temporary, bool durable) {
  const std::string text = target + std::string(checkpoint_suffix) + "\n";
  try {
    FileWriter file(files, folder, temporary);
    file.append(std::as_bytes(std::span(text)));
    file.finish(durable);
  } catch (...) {
    uninterrupted([&] { return files.unlink_at(folder, temporary.c_str(), 0); });
    throw;
  }
  rename(files, folder, temporary, file_name(ref));
}

}  // namespace

std::optional<std::string> read_ref(FileSystem& files, int folder, const std::string& ref) {
  if (auto link = look_at_link(files, folder, ref).target) return link;
  return look_at_file(files, folder, ref).target;
}

std::map<std::string, std::string, std::less<>> read_refs(FileSystem& files, int folder) {
  std::vector<std::string> names;
  if (uninterrupted([&] { return files.list(folder, names); }) == -1) throw_system_error("list", ".");
  std::map<std::string, std::string, std::less<>> refs;
  for (const std::string_view name : names) {
    const auto suffix = name.ends_with(checkpoint_suffix) ? checkpoint_suffix : ref_file_suffix;
    if (!name.ends_with(suffix)) continue;
    const std::string ref(name.substr(0, name.size() - suffix.size()));
    if (const auto target = read_ref(files, folder, ref)) refs[ref] = *target;
  }
  return refs;
}

void place_ref(FileSystem& files, int folder, const std::string& ref, const std::string& target,
               const std::function<std::string()>& temporary, bool durable) {
  const Place link = look_at_link(files, folder, ref);
  refuse_what_is_no_ref(link, link_name(ref));
  Place old = link;
  bool is_link = put_link(files, folder, ref, target, temporary());
  if (!is_link) {
    old = look_at_file(files, folder, ref);
    refuse_what_is_no_ref(old, file_name(ref));
    put_file(files, folder, ref, target, temporary(), durable);
  }
  if (!durable) return;
  try {
    sync(files, folder, ref);
  } catch (const std::system_error&) {
    if (!old.target) {
      uninterrupted([&] { return files.unlink_at(folder, (is_link ? link_name(ref) : file_name(ref)).c_str(), 0); });
    } else if (is_link) {
      put_link(files, folder, ref, *old.target, temporary());
    } else {
      put_file(files, folder, ref, *old.target, temporary(), false);
    }
    throw;
  }
}

void remove_ref(FileSystem& files, int folder, const std::string& ref, bool durable) {
  if (!read_ref(files, folder, ref)) return;
  for (const std::string& entry : {link_name(ref), file_name(ref)})
    if (uninterrupted([&] { return files.unlink_at(folder, entry.c_str(), 0); }) == -1 && errno != ENOENT)
      throw_system_error("remove", entry);
  if (durable) sync(files, folder, ref);
}

}  // namespace tenon::checkpoint
