// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/inspect.hpp"

#include <fcntl.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <system_error>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/format.hpp"
#include "checkpoint/names.hpp"
#include "checkpoint/refs.hpp"

namespace tenon::checkpoint {
namespace json = boost::json;
namespace {

ListedCheckpoint look_at(const std::filesystem::path& folder, const std::string& name, FileSystem& files) {
  ListedCheckpoint listed;
  listed.name = name;
  listed.path = folder / (name + std::string(checkpoint_suffix));
  try {
    const Checkpoint checkpoint = Checkpoint::open(listed.path, files);
    listed.document = checkpoint.document();
    listed.bytes = checkpoint.bytes();
  } catch (const ReadError& error) {
    listed.problem = error.what();
    listed.reason = error.reason();
  }
  return listed;
}

/// Names below an open folder, "sub/epoch=1"; folders that cannot be opened are passed over.
void find_checkpoints(FileSystem& files, const Descriptor& folder, const std::string& prefix,
                      std::vector<std::string>& names) {
  std::vector<std::string> entries;
  if (uninterrupted([&] { return files.list(folder.number(), entries); }) == -1) throw_system_error("list", prefix);
  for (const std::string& entry : entries) {
    if (entry.starts_with(private_prefix)) continue;
    if (!entry.ends_with(checkpoint_suffix)) {
      if (const auto inside = open_readable_folder(files, folder.number(), entry))
        find_checkpoints(files, *inside, prefix + entry + "/", names);
      continue;
    }
    const auto found = status_at(files, folder.number(), entry);
    if (found && S_ISDIR(found->st_mode))
      names.push_back(prefix + entry.substr(0, entry.size() - checkpoint_suffix.size()));
  }
}

json::array tensors_of(const SafetensorsFile& file, const json::object& checksums) {
  json::array tensors;
  for (const TensorEntry& entry : file.header().tensors) {
    tensors.push_back({{"name", entry.name},
                       {"dtype", name(entry.dtype)},
                       {"shape", json::array(entry.shape.begin(), entry.shape.end())},
                       {"bytes", entry.size},
                       {"xxh3_128", checksums.at(entry.name)}});
  }
  return tensors;
}

}  // namespace

FolderListing list_checkpoints(const std::filesystem::path& folder, FileSystem& files) {
  FolderListing listing;
  std::vector<std::string> names;
  std::map<std::string, std::string, std::less<>> refs;
  try {
    const Descriptor root = open_file(files, AT_FDCWD, folder.string(), O_RDONLY | O_DIRECTORY);
    find_checkpoints(files, root, "", names);
    refs = read_refs(files, root.number());
  } catch (const std::system_error& error) {
    throw ReadError(ReadError::Reason::missing, std::string("cannot list the checkpoints: ") + error.what());
  }
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) listing.checkpoints.push_back(look_at(folder, name, files));
  for (const auto& [ref, target] : refs) {
    const auto found =
        std::find_if(listing.checkpoints.begin(), listing.checkpoints.end(),
                     [&target = target](const ListedCheckpoint& listed) { return listed.name == target; });
    if (found == listing.checkpoints.end()) {
      listing.dangling_refs[ref] = target;
    } else {
      found->refs.push_back(ref);
    }
  }
  return listing;
}

json::object show_checkpoint(const std::filesystem::path& path, FileSystem& files) {
  const Checkpoint checkpoint = Checkpoint::open(path, files);
  json::object shown = checkpoint.document();
  shown["path"] = path.string();
  shown["bytes"] = checkpoint.bytes();
  json::object tensors;
  for (const std::string_view name : {model_file, training_file}) {
    if (const SafetensorsFile* file = checkpoint.file(name))
      tensors[name] = tensors_of(*file, checkpoint.document().at("tensors").at(name).as_object());
  }
  shown["tensors"] = std::move(tensors);
  return shown;
}

Verified verify(const std::filesystem::path& path, FileSystem& files) {
  Verified verified;
  std::error_code ignored;  // what cannot be looked at cannot be opened either, and that is told
  if (!std::filesystem::is_directory(path, ignored) && path.extension() != checkpoint_suffix) {
    const SafetensorsFile file(files, AT_FDCWD, path.string());
    verified.tensors = file.header().tensors.size();
    verified.bytes = file.size();
    verified.has_checksums = false;
    return verified;
  }
  const Checkpoint checkpoint = Checkpoint::open(path, files);
  checkpoint.verify();
  verified.bytes = checkpoint.bytes();
  verified.is_replay = checkpoint.is_replay();
  for (const std::string_view name : {model_file, training_file}) {
    if (const SafetensorsFile* file = checkpoint.file(name)) verified.tensors += file->header().tensors.size();
  }
  return verified;
}

}  // namespace tenon::checkpoint
