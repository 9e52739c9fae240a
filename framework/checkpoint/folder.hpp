// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// One folder that a run writes checkpoints into. The protocol that makes a checkpoint complete or absent, never torn:
//
//   temporary folder here -> write and fsync each file, checkpoint.json last -> fsync the temporary folder
//   -> rename without replacing -> fsync the parent -> only now `write` returns
//
// Removal renames to trash, fsyncs the parent, then unlinks. What a killed run leaves behind carries a name of its own
// (sweep.hpp) and is removed when the folder is next opened for writing.
#ifndef TENON_CHECKPOINT_FOLDER_HPP
#define TENON_CHECKPOINT_FOLDER_HPP

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "checkpoint/content.hpp"
#include "checkpoint/file_system.hpp"
#include "checkpoint/lock.hpp"
#include "checkpoint/write_error.hpp"

namespace tenon::checkpoint {

/// write, remove and set_ref are called by one thread at a time; in_use and ref by any.
class Folder {
 public:
  /// Makes the folder and its parents (durably, unless a replay says not), locks it for this process and sweeps what
  /// dead runs left. Throws Failure (ExitCode::output) when another process or object holds it, with the owner's pid,
  /// or when it cannot be written. `file_system` outlives the folder.
  static std::unique_ptr<Folder> open(const std::filesystem::path& path, std::string run_id, bool durable = true,
                                      FileSystem& file_system = real_file_system());
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  /// Returns when the checkpoint is durable. Throws WriteError; then nothing of it can be seen under its name.
  Written write(const Content& content);

  /// `name` as Written has it. Only what this run (by its run id) has written is ever removed; a name that a ref points
  /// at, or another run's, is a WriteError; so is one that somebody has removed (Reason::missing). After any other
  /// reason the checkpoint is still there unless the text says not.
  void remove(std::string_view name);

  /// Hides a checkpoint of this run so that its name is free for another; durable. Where the process is killed then, it
  /// gets its name back when the folder is next opened, or is removed where that has been taken. Throws WriteError;
  /// then nothing has moved.
  void set_aside(std::string_view name);
  /// Undoes set_aside. Throws WriteError.
  void put_back(std::string_view name);
  /// Removes what was set aside. Throws WriteError.
  void remove_aside(std::string_view name);

  /// Points `<ref>.ckpt` (or, where there are no symbolic links, the text file `<ref>.ref`) at a checkpoint of this
  /// folder; atomic and durable. Throws WriteError; then the ref is where it was.
  void set_ref(std::string_view ref, std::string_view name);

  /// Its checkpoint stays. Throws WriteError.
  void remove_ref(std::string_view ref);

  /// The checkpoint's name that a ref points at; nothing when there is no such ref.
  std::optional<std::string> ref(std::string_view ref) const;

  /// Whether something of this name is in the folder, a checkpoint or not.
  bool in_use(std::string_view name) const;

  const std::filesystem::path& path() const noexcept { return path_; }
  /// Temporary folders and trash that could not be unlinked yet; tried again after each write and removal.
  std::size_t leftovers() const noexcept { return leftovers_.size(); }

 private:
  struct Own {  // the folder we made, so that one put in its place by somebody else is not taken for it
    std::pair<dev_t, ino_t> identity;
    bool durable;
  };

  using Refs = std::map<std::string, std::string, std::less<>>;

  Folder(std::filesystem::path path, std::string run_id, FileSystem& file_system, Descriptor root, FolderLock lock,
         Refs refs);
  std::string make_temporary_folder();
  void is_free_again(std::string_view name);
  std::string publish(const std::string& temporary, const Content& content, const struct stat& identity);
  void clear_up(const std::string& temporary, const std::string& name) noexcept;
  bool rename_new(const Descriptor& from_folder, const std::string& from, const Descriptor& to_folder,
                  const std::string& to);
  void rename_back(const Descriptor& from_folder, const std::string& from, const Descriptor& to_folder,
                   const std::string& to) noexcept;
  void sync_both(const Descriptor& parent, const std::string& folder);
  Descriptor open_parent(const std::string& folder, bool make, bool durable);
  void make_parent(const Descriptor& in, const std::string& folder, const std::string& part, bool durable);
  bool is_made_by_a_run(const std::string& folder) noexcept;
  void remove_empty_parents(std::string folder) noexcept;
  bool is_own(std::string_view name, const Descriptor& parent, const std::string& entry) const;
  /// The first that no checkpoint has; empty when there is none.
  std::string foreign_file(const Descriptor& parent, const std::string& entry) const;
  bool is_durable(std::string_view name) const;
  void move_aside(std::string_view name, bool back);
  void discard(const std::string& temporary) noexcept;
  void sweep_leftovers() noexcept;
  [[noreturn]] void fail(const std::string& action, const std::system_error& error) const;

  std::filesystem::path path_;
  std::string run_id_;
  FileSystem& files_;
  Descriptor root_;
  FolderLock lock_;
  std::map<std::string, Own, std::less<>> own_;
  Refs refs_;
  std::set<std::string, std::less<>> own_parents_;  // sub-folders that this object made
  /// Of names given more than once: all versions below are taken, as far as this object knows. Without it a save would
  /// try them all.
  std::map<std::string, unsigned long, std::less<>> lowest_version_;
  std::vector<std::string> leftovers_;
  unsigned long next_temporary_ = 0;
  bool has_exclusive_rename_ = true;
};

}  // namespace tenon::checkpoint

#endif
