// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What `tenon checkpoint list | show | verify` say, without the words for a terminal.
#ifndef TENON_CHECKPOINT_INSPECT_HPP
#define TENON_CHECKPOINT_INSPECT_HPP

#include <boost/json/object.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "checkpoint/file_system.hpp"
#include "checkpoint/read_error.hpp"

namespace tenon::checkpoint {

struct ListedCheckpoint {
  std::string name;  ///< relative to the folder, without ".ckpt"
  std::filesystem::path path;
  boost::json::object document;   ///< empty when there is a problem
  std::uint64_t bytes = 0;        ///< of its files
  std::vector<std::string> refs;  ///< that point at it
  std::string problem;            ///< why it cannot be used; the tensors' bytes are not looked at
  ReadError::Reason reason = ReadError::Reason::damaged;  ///< of the problem
};

struct FolderListing {
  std::vector<ListedCheckpoint> checkpoints;         ///< by name
  std::map<std::string, std::string> dangling_refs;  ///< ref to the name that is not there
};

/// Every "*.ckpt" folder in `folder` and its sub-folders; follows no links. Throws ReadError when there is no such
/// folder.
FolderListing list_checkpoints(const std::filesystem::path& folder, FileSystem& files = real_file_system());

/// The document of a checkpoint with `path`, `bytes` and, under `tensors`, for each file a list of
/// {name, dtype, shape, bytes, xxh3_128}. Throws ReadError.
boost::json::object show_checkpoint(const std::filesystem::path& path, FileSystem& files = real_file_system());

struct Verified {
  std::uint64_t tensors = 0;
  std::uint64_t bytes = 0;    ///< of all files
  bool is_replay = false;     ///< without tensors
  bool has_checksums = true;  ///< false for a lone safetensors file, of which only the structure can be proved
};

/// A checkpoint's folder, a ref, or any other file, which is to be a safetensors file. Throws ReadError that says what
/// is not whole.
Verified verify(const std::filesystem::path& path, FileSystem& files = real_file_system());

}  // namespace tenon::checkpoint

#endif
