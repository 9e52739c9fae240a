// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/folder.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <tenon/failure.hpp>
#include <utility>

#include "checkpoint/checkpoint_writer.hpp"
#include "checkpoint/document.hpp"
#include "checkpoint/format.hpp"
#include "checkpoint/names.hpp"
#include "checkpoint/refs.hpp"
#include "checkpoint/sweep.hpp"

namespace tenon::checkpoint {
namespace {

std::string in_quotes(std::string_view name) { return "'" + std::string(name) + "'"; }

void check_name(std::string_view name) {
  if (const auto problem = problem_with_name(name)) {
    throw WriteError(WriteError::Reason::invalid, "a checkpoint cannot be called " + in_quotes(name) + ": " + *problem +
                                                      "; choose another file name");
  }
}

/// Makes `path` and what is missing above it, each durable in its parent if `durable`.
void make_folders(FileSystem& files, const std::filesystem::path& path, bool durable) {
  struct stat found {};
  if (uninterrupted([&] { return files.status_at(AT_FDCWD, path.c_str(), &found); }) == 0) return;
  if (errno != ENOENT) throw_system_error("open", path.string());
  const std::filesystem::path parent = path.parent_path();
  if (parent != path && !parent.empty()) make_folders(files, parent, durable);
  if (uninterrupted([&] { return files.make_folder_at(AT_FDCWD, path.c_str()); }) == -1 && errno != EEXIST)
    throw_system_error("create", path.string());
  if (!durable) return;
  const Descriptor above = open_file(files, AT_FDCWD, parent.string(), O_RDONLY | O_DIRECTORY);
  sync(files, above.number(), parent.string());
}

bool means_unsupported(int error) { return error == ENOSYS || error == EINVAL || error == ENOTSUP; }

}  // namespace

std::unique_ptr<Folder> Folder::open(const std::filesystem::path& path, std::string run_id, bool durable,
                                     FileSystem& files) {
  std::filesystem::path absolute = std::filesystem::absolute(path).lexically_normal();
  if (absolute.filename().empty()) absolute = absolute.parent_path();
  try {
    make_folders(files, absolute, durable);
    Descriptor root = open_file(files, AT_FDCWD, absolute.string(), O_RDONLY | O_DIRECTORY);
    FolderLock lock(files, root.number(), run_id);
    try {
      sweep(files, root.number(), run_id);
      auto refs = read_refs(files, root.number());
      return std::unique_ptr<Folder>(
          new Folder(std::move(absolute), std::move(run_id), files, std::move(root), std::move(lock), std::move(refs)));
    } catch (...) {
      lock.release(root.number());
      throw;
    }
  } catch (const LockedError& owner) {
    throw Failure(ExitCode::output, "the checkpoint folder " + in_quotes(absolute.string()) +
                                        " is in use: " + owner.what() +
                                        " writes there; wait until it ends or stop it, or choose another folder " +
                                        "('dirpath' of the callback, or --out)");
  } catch (const std::system_error& error) {
    throw Failure(ExitCode::output, "cannot write checkpoints into " + in_quotes(absolute.string()) + ": " +
                                        error.what() + "; mend the folder or its permissions, or choose another " +
                                        "('dirpath' of the callback, or --out)");
  }
}

Folder::Folder(std::filesystem::path path, std::string run_id, FileSystem& file_system, Descriptor root,
               FolderLock lock, Refs refs)
    : path_(std::move(path)),
      run_id_(std::move(run_id)),
      files_(file_system),
      root_(std::move(root)),
      lock_(std::move(lock)),
      refs_(std::move(refs)) {}

Folder::~Folder() {
  sweep_leftovers();
  lock_.release(root_.number());
}

Written Folder::write(const Content& content) {
  check_name(content.name);
  const std::string what = "cannot write the checkpoint " + in_quotes(content.name + std::string(checkpoint_suffix));
  if (!content.versioned && in_use(content.name)) {
    throw WriteError(WriteError::Reason::name_taken,
                     what + ": the name is in use, and nothing is ever written over; choose a file name that changes " +
                         "(such as '{epoch}-{step}') or set enable_version_counter");
  }
  std::string temporary;
  try {
    check_content(content);
    temporary = make_temporary_folder();
    const Descriptor inside = open_folder(files_, root_.number(), temporary);
    Written written;
    written.bytes = write_files(files_, inside.number(), content, run_id_);
    if (content.durable) sync(files_, inside.number(), temporary);
    written.name = publish(temporary, content, status(files_, inside.number(), temporary));
    written.path = path_ / (written.name + std::string(checkpoint_suffix));
    sweep_leftovers();
    return written;
  } catch (const std::invalid_argument& problem) {
    clear_up(temporary, content.name);
    throw WriteError(WriteError::Reason::invalid, what + ": " + problem.what());
  } catch (const std::system_error& error) {
    clear_up(temporary, content.name);
    fail(what, error);
  } catch (...) {
    clear_up(temporary, content.name);
    throw;
  }
}

/// After a write that failed.
void Folder::clear_up(const std::string& temporary, const std::string& name) noexcept {
  discard(temporary);
  remove_empty_parents(split_name(name).first);
}

std::string Folder::make_temporary_folder() {
  for (;;) {
    std::string name = temporary_name(next_temporary_++);
    if (uninterrupted([&] { return files_.make_folder_at(root_.number(), name.c_str()); }) == 0) return name;
    if (errno != EEXIST) throw_system_error("create", name);
  }
}

/// Gives the finished folder its name and makes that durable; answers the name.
std::string Folder::publish(const std::string& temporary, const Content& content, const struct stat& identity) {
  const std::string folder = split_name(content.name).first;
  const Descriptor parent = open_parent(folder, true, content.durable);
  const auto known = lowest_version_.find(content.name);
  for (unsigned long version = content.versioned && known != lowest_version_.end() ? known->second : 0;; ++version) {
    const std::string name = versioned_name(content.name, version);
    const std::string entry = split_name(name).second;
    if (!rename_new(root_, temporary, parent, entry)) {
      if (content.versioned) continue;
      throw WriteError(WriteError::Reason::name_taken,
                       "cannot write the checkpoint " + in_quotes(entry) + ": its name was taken meanwhile");
    }
    try {
      if (content.durable) sync_both(parent, folder);
    } catch (...) {
      rename_back(parent, entry, root_, temporary);
      throw;
    }
    own_[name] = {{identity.st_dev, identity.st_ino}, content.durable};
    if (version > 0) lowest_version_[content.name] = version + 1;
    return name;
  }
}

void Folder::remove(std::string_view name) {
  check_name(name);
  const std::string what = "cannot remove the checkpoint " + in_quotes(name) + " of " + in_quotes(path_.string());
  for (const auto& [ref, target] : refs_) {
    if (target == name && this->ref(ref) == target)
      throw WriteError(WriteError::Reason::invalid, what + ": " + in_quotes(ref) + " points at it");
  }
  const auto [folder, entry] = split_name(name);
  const std::string trash = temporary_name(next_temporary_++);
  try {
    const Descriptor parent = open_parent(folder, false, false);
    if (!is_own(name, parent, entry)) {
      throw WriteError(WriteError::Reason::invalid,
                       what + ": it is not one that this run has written; remove it by hand");
    }
    if (const std::string other = foreign_file(parent, entry); !other.empty())
      throw WriteError(WriteError::Reason::invalid,
                       what + ": " + in_quotes(other) + " in it is not of this run's making; move that elsewhere");
    const bool durable = is_durable(name);
    if (!rename_new(parent, entry, root_, trash)) {
      errno = EEXIST;
      throw_system_error("create", trash);
    }
    try {
      if (durable) sync_both(parent, folder);
    } catch (...) {
      rename_back(root_, trash, parent, entry);
      throw;
    }
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::no_such_file_or_directory) fail(what, error);
    is_free_again(name);
    remove_empty_parents(folder);
    throw WriteError(WriteError::Reason::missing, what + ": it is not there any more", error.code());
  }
  is_free_again(name);
  discard(trash);
  remove_empty_parents(folder);
  sweep_leftovers();
}

void Folder::set_aside(std::string_view name) { move_aside(name, false); }

void Folder::put_back(std::string_view name) { move_aside(name, true); }

void Folder::move_aside(std::string_view name, bool back) {
  check_name(name);
  const std::string what = std::string(back ? "cannot put back" : "cannot set aside") + " the checkpoint " +
                           in_quotes(name) + " of " + in_quotes(path_.string());
  const auto [folder, entry] = split_name(name);
  const std::string hidden = aside_name(entry);
  try {
    const Descriptor parent = open_parent(folder, false, false);
    const std::string &from = back ? hidden : entry, &to = back ? entry : hidden;
    if (!back && !is_own(name, parent, entry))
      throw WriteError(WriteError::Reason::invalid, what + ": it is not one that this run has written");
    if (!rename_new(parent, from, parent, to)) {
      errno = EEXIST;
      throw_system_error("create", to);
    }
    try {
      sync(files_, parent.number(), folder.empty() ? path_.string() : folder);
    } catch (...) {
      rename_back(parent, to, parent, from);
      throw;
    }
  } catch (const std::system_error& error) {
    fail(what, error);
  }
  if (!back) is_free_again(name);
}

void Folder::remove_aside(std::string_view name) {
  check_name(name);
  const auto [folder, entry] = split_name(name);
  const std::string trash = temporary_name(next_temporary_++);
  try {
    const Descriptor parent = open_parent(folder, false, false);
    if (!rename_new(parent, aside_name(entry), root_, trash)) {
      errno = EEXIST;
      throw_system_error("create", trash);
    }
    sync_both(parent, folder);
  } catch (const std::system_error& error) {
    fail("cannot remove what was set aside of " + in_quotes(name) + " in " + in_quotes(path_.string()), error);
  }
  discard(trash);
  remove_empty_parents(folder);
  sweep_leftovers();
}

void Folder::is_free_again(std::string_view name) {
  own_.erase(std::string(name));
  lowest_version_.erase(std::string(name));
  const auto version = split_version(name);
  if (!version) return;
  if (const auto known = lowest_version_.find(version->first); known != lowest_version_.end())
    known->second = std::min(known->second, version->second);
}

void Folder::set_ref(std::string_view ref, std::string_view name) {
  check_name(ref);
  check_name(name);
  const std::string what =
      "cannot point " + in_quotes(ref) + " at " + in_quotes(name) + " in " + in_quotes(path_.string());
  if (ref.find('/') != std::string_view::npos)
    throw WriteError(WriteError::Reason::invalid, what + ": a ref lies in the folder itself, without '/'");
  try {
    if (!in_use(name)) throw WriteError(WriteError::Reason::invalid, what + ": there is no such checkpoint");
    const auto next = [this] { return temporary_name(next_temporary_++); };
    place_ref(files_, root_.number(), std::string(ref), std::string(name), next, is_durable(name));
    refs_[std::string(ref)] = name;
  } catch (const std::invalid_argument& problem) {
    throw WriteError(WriteError::Reason::name_taken, what + ": " + problem.what());
  } catch (const std::system_error& error) {
    fail(what, error);
  }
}

void Folder::remove_ref(std::string_view ref) {
  check_name(ref);
  try {
    const auto target = refs_.find(ref);
    checkpoint::remove_ref(files_, root_.number(), std::string(ref),
                           target == refs_.end() || is_durable(target->second));
    if (target != refs_.end()) refs_.erase(target);
  } catch (const std::system_error& error) {
    fail("cannot remove the ref " + in_quotes(ref) + " of " + in_quotes(path_.string()), error);
  }
}

std::optional<std::string> Folder::ref(std::string_view ref) const {
  try {
    return read_ref(files_, root_.number(), std::string(ref));
  } catch (const std::system_error& error) {
    fail("cannot read the ref " + in_quotes(ref) + " of " + in_quotes(path_.string()), error);
  }
}

bool Folder::in_use(std::string_view name) const {
  try {
    return status_at(files_, root_.number(), std::string(name) + std::string(checkpoint_suffix)).has_value();
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::not_a_directory) return false;
    fail("cannot look for the checkpoint " + in_quotes(name) + " in " + in_quotes(path_.string()), error);
  }
}

/// Opens the sub-folder "a/b" part by part, following no link; makes what is missing if `make`.
Descriptor Folder::open_parent(const std::string& folder, bool make, bool durable) {
  Descriptor current = open_folder(files_, root_.number(), ".");
  for (std::size_t begin = 0; begin < folder.size();) {
    const std::size_t end = std::min(folder.find('/', begin), folder.size());
    const std::string part = folder.substr(begin, end - begin);
    if (make && !status_at(files_, current.number(), part)) make_parent(current, folder.substr(0, end), part, durable);
    try {
      current = open_folder(files_, current.number(), part);
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::not_a_directory && error.code() != std::errc::too_many_symbolic_link_levels) throw;
      throw WriteError(WriteError::Reason::invalid, "the sub-folder " + in_quotes(folder.substr(0, end)) + " of " +
                                                        in_quotes(path_.string()) +
                                                        " is a file or a link, which may lead elsewhere");
    }
    begin = end + 1;
  }
  return current;
}

/// It has its mark before it has its name: a process may be killed between the two.
void Folder::make_parent(const Descriptor& in, const std::string& folder, const std::string& part, bool durable) {
  const std::string temporary = make_temporary_folder();
  try {
    mark_as_made(files_, open_folder(files_, root_.number(), temporary).number());
    const bool is_new = rename_new(root_, temporary, in, part);
    if (!is_new) return discard(temporary);
    own_parents_.insert(folder);
    if (durable) sync(files_, in.number(), path_.string());
  } catch (...) {
    discard(temporary);
    throw;
  }
}

bool Folder::is_made_by_a_run(const std::string& folder) noexcept {
  if (own_parents_.contains(folder)) return true;
  try {
    return is_marked_as_made(files_, open_parent(folder, false, false).number());
  } catch (const std::exception&) {
    return false;
  }
}

/// Sub-folders that were made for checkpoints go with the last of them.
void Folder::remove_empty_parents(std::string folder) noexcept {
  for (; !folder.empty() && is_made_by_a_run(folder); folder = split_name(folder).first) {
    if (uninterrupted([&] { return files_.unlink_at(root_.number(), folder.c_str(), AT_REMOVEDIR); }) == -1) return;
    own_parents_.erase(folder);
  }
}

/// False when the name is taken. Throws std::system_error.
bool Folder::rename_new(const Descriptor& from_folder, const std::string& from, const Descriptor& to_folder,
                        const std::string& to) {
  if (has_exclusive_rename_) {
    const int answer = uninterrupted(
        [&] { return files_.rename_new_at(from_folder.number(), from.c_str(), to_folder.number(), to.c_str()); });
    if (answer == 0) return true;
    if (errno == EEXIST) return false;
    if (!means_unsupported(errno)) throw_system_error("rename", to);
    has_exclusive_rename_ = false;
  }
  // The lock keeps every other Tenon away; at worst a stranger's empty folder of that very moment is replaced.
  if (status_at(files_, to_folder.number(), to)) return false;
  const int answer = uninterrupted(
      [&] { return files_.rename_at(from_folder.number(), from.c_str(), to_folder.number(), to.c_str()); });
  if (answer == 0) return true;
  if (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR) return false;
  throw_system_error("rename", to);
}

/// After a failed fsync: nobody may rely on what a power cut could undo. When this fails too, what the caller reports
/// is not what can be seen, but nothing is lost.
void Folder::rename_back(const Descriptor& from_folder, const std::string& from, const Descriptor& to_folder,
                         const std::string& to) noexcept {
  try {
    rename_new(from_folder, from, to_folder, to);
  } catch (const std::system_error&) {
  }
}

/// A rename between two folders is durable when both are.
void Folder::sync_both(const Descriptor& parent, const std::string& folder) {
  sync(files_, parent.number(), folder.empty() ? path_.string() : folder);
  if (!folder.empty()) sync(files_, root_.number(), path_.string());
}

bool Folder::is_own(std::string_view name, const Descriptor& parent, const std::string& entry) const {
  const auto found = status_at(files_, parent.number(), entry);
  if (!found) {
    errno = ENOENT;
    throw_system_error("find", entry);
  }
  if (!S_ISDIR(found->st_mode)) return false;
  if (const auto own = own_.find(name); own != own_.end())
    return own->second.identity == std::pair(found->st_dev, found->st_ino);
  try {
    const Descriptor inside = open_folder(files_, parent.number(), entry);
    return read_document(files_, inside.number()).at("run_id").as_string() == run_id_;
  } catch (const ReadError& error) {
    if (error.reason() == ReadError::Reason::io) throw std::system_error(error.code(), "find out who wrote it");
    return false;
  }
}

std::string Folder::foreign_file(const Descriptor& parent, const std::string& entry) const {
  const Descriptor inside = open_folder(files_, parent.number(), entry);
  std::vector<std::string> names;
  if (uninterrupted([&] { return files_.list(inside.number(), names); }) == -1) throw_system_error("list", entry);
  for (const std::string& name : names)
    if (name != model_file && name != training_file && name != document_file) return name;
  return "";
}

bool Folder::is_durable(std::string_view name) const {
  const auto own = own_.find(name);
  return own == own_.end() || own->second.durable;
}

void Folder::discard(const std::string& temporary) noexcept {
  if (temporary.empty()) return;
  try {
    remove_tree(files_, root_.number(), temporary);
  } catch (const std::exception&) {
    leftovers_.push_back(temporary);
  }
}

void Folder::sweep_leftovers() noexcept {
  const auto names = std::exchange(leftovers_, {});
  for (const std::string& name : names) discard(name);
}

void Folder::fail(const std::string& action, const std::system_error& error) const {
  const int code = error.code().value();
  const bool no_space = code == ENOSPC || code == EDQUOT;
  const std::string where = in_quotes(path_.string());
  const bool is_named = action.find(where) != std::string::npos;
  std::string text = action + (is_named ? "" : " in " + where) + ": " + error.what();
  struct stat root {};
  if (files_.status(root_.number(), &root) == 0 && root.st_nlink == 0) {
    text += "; the folder was removed while the run writes into it";
  } else if (no_space) {
    text += "; what was saved before is intact; free some space or keep fewer checkpoints";
  } else {
    text += "; what was saved before is intact";
  }
  throw WriteError(no_space ? WriteError::Reason::no_space : WriteError::Reason::io, text, error.code());
}

}  // namespace tenon::checkpoint
