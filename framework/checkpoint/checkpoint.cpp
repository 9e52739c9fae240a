// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/checkpoint.hpp"

#include <fcntl.h>

#include <system_error>

#include "checkpoint/document.hpp"
#include "checkpoint/format.hpp"

namespace tenon::checkpoint {
namespace json = boost::json;
namespace {

Descriptor open_checkpoint_folder(FileSystem& files, const std::filesystem::path& path) {
  try {
    return open_file(files, AT_FDCWD, path.string(), O_RDONLY | O_DIRECTORY);
  } catch (const std::system_error& error) {
    if (error.code() == std::errc::no_such_file_or_directory)
      throw ReadError(ReadError::Reason::missing, "there is no checkpoint '" + path.string() + "'", error.code());
    if (error.code() == std::errc::not_a_directory)
      throw ReadError(ReadError::Reason::damaged, "'" + path.string() + "' is no checkpoint's folder");
    throw ReadError(ReadError::Reason::io, error.what(), error.code());
  }
}

/// document[outer][name] as an object; nullptr when the document does not have it so.
const json::object* inner_object(const json::object& document, std::string_view outer, std::string_view name) {
  const json::value* inner = document.at(outer).as_object().if_contains(name);
  return inner == nullptr ? nullptr : inner->if_object();
}

bool is_text(const json::object& object, std::string_view key, std::string_view text) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() && std::string_view(value->get_string()) == text;
}

bool is_number(const json::object& object, std::string_view key, std::uint64_t number) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_number() || value->is_double()) return false;
  return value->is_uint64() ? value->get_uint64() == number
                            : value->get_int64() >= 0 && static_cast<std::uint64_t>(value->get_int64()) == number;
}

}  // namespace

Checkpoint Checkpoint::open(const std::filesystem::path& path, FileSystem& files) {
  const Descriptor folder = open_checkpoint_folder(files, path);
  Checkpoint checkpoint;
  checkpoint.path_ = path;
  try {
    checkpoint.document_ = read_document(files, folder.number());
    const json::object& document = checkpoint.document_;
    checkpoint.run_id_ = document.at("run_id").as_string();
    checkpoint.full_ = document.at("kind").as_string() == "full";
    checkpoint.replay_ = document.contains("replay");
    std::vector<std::string_view> names;
    if (!checkpoint.replay_) names.push_back(model_file);
    if (!checkpoint.replay_ && checkpoint.full_) names.push_back(training_file);
    if (document.at("files").as_object().size() != names.size())
      checkpoint.refuse("'checkpoint.json' does not list the files of its kind");
    for (const std::string_view name : names) {
      const auto [file, added] =
          checkpoint.files_.try_emplace(std::string(name), files, folder.number(), std::string(name));
      checkpoint.check_file(name, file->second);
      checkpoint.bytes_ += file->second.size();
    }
    const auto sealed = status_at(files, folder.number(), std::string(document_file));
    if (sealed) checkpoint.bytes_ += static_cast<std::uint64_t>(sealed->st_size);
  } catch (const ReadError& error) {
    checkpoint.rethrow(error);
  } catch (const std::system_error& error) {
    checkpoint.rethrow(ReadError(ReadError::Reason::io, error.what(), error.code()));
  }
  return checkpoint;
}

/// Size, header and names against the document; together with the tensors' checksums these cover every byte.
void Checkpoint::check_file(std::string_view name, const SafetensorsFile& file) const {
  const json::object* facts = inner_object(document_, "files", name);
  const json::object* checksums = inner_object(document_, "tensors", name);
  const auto damaged = [&](const std::string& problem) {
    throw ReadError(ReadError::Reason::damaged, "'" + std::string(name) + "' " + problem);
  };
  if (facts == nullptr || checksums == nullptr) damaged("is not described in 'checkpoint.json'");
  if (!is_number(*facts, "bytes", file.size())) damaged("has another size than 'checkpoint.json' says");
  if (!is_number(*facts, "header_bytes", file.header().size) || !is_text(*facts, "header_xxh3_128", file.header_hash()))
    damaged("has another header than was written: its checksum differs");
  if (checksums->size() != file.header().tensors.size()) damaged("has other tensors than 'checkpoint.json' lists");
  for (const TensorEntry& entry : file.header().tensors) {
    const json::value* checksum = checksums->if_contains(entry.name);
    if (checksum == nullptr || !checksum->is_string())
      damaged("has a tensor '" + entry.name + "' that 'checkpoint.json' does not list");
  }
}

const SafetensorsFile* Checkpoint::file(std::string_view name) const noexcept {
  const auto found = files_.find(name);
  return found == files_.end() ? nullptr : &found->second;
}

void Checkpoint::read(const SafetensorsFile& file, const TensorEntry& entry, std::span<std::byte> to) const {
  try {
    compare(file, entry, file.read(entry, to));
  } catch (const ReadError& error) {
    rethrow(error);
  }
}

LoadedTensors Checkpoint::load(std::string_view name) const {
  const SafetensorsFile* source = file(name);
  if (source == nullptr) {
    rethrow(ReadError(ReadError::Reason::missing, "it has no '" + std::string(name) + "': it holds " +
                                                      (replay_ ? "no tensors, it is a replay's" : "weights only")));
  }
  try {
    return load_tensors(*source,
                        [&](const TensorEntry& entry, std::string_view hash) { compare(*source, entry, hash); });
  } catch (const ReadError& error) {
    rethrow(error);
  }
}

void Checkpoint::verify() const {
  for (const auto& [name, file] : files_) {
    try {
      const std::string whole = file.hash_all(
          [&file = file, this](const TensorEntry& entry, std::string_view hash) { compare(file, entry, hash); });
      if (!is_text(*inner_object(document_, "files", name), "xxh3_128", whole))
        throw ReadError(ReadError::Reason::damaged, "'" + name + "' does not have the checksum of 'checkpoint.json'");
    } catch (const ReadError& error) {
      rethrow(error);
    }
  }
}

void Checkpoint::compare(const SafetensorsFile& file, const TensorEntry& entry, std::string_view hash) const {
  if (is_text(*inner_object(document_, "tensors", file.name()), entry.name, hash)) return;
  throw ReadError(ReadError::Reason::damaged, "'" + file.name() + "', tensor '" + entry.name +
                                                  "': its bytes are not those that were written, the checksum differs");
}

void Checkpoint::refuse(const std::string& problem) const { throw ReadError(ReadError::Reason::damaged, problem); }

void Checkpoint::rethrow(const ReadError& error) const {
  throw ReadError(error.reason(), "'" + path_.string() + "': " + error.what(), error.code());
}

}  // namespace tenon::checkpoint
