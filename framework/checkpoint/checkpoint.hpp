// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A complete checkpoint, read back. Nothing is believed before its checksum has been compared.
#ifndef TENON_CHECKPOINT_CHECKPOINT_HPP
#define TENON_CHECKPOINT_CHECKPOINT_HPP

#include <boost/json/object.hpp>
#include <cstddef>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checkpoint/content.hpp"
#include "checkpoint/file_system.hpp"
#include "checkpoint/loaded_tensors.hpp"
#include "checkpoint/read_error.hpp"
#include "checkpoint/safetensors_file.hpp"

namespace tenon::checkpoint {

/// Every error is a ReadError whose text begins with the checkpoint's path.
class Checkpoint {
 public:
  /// Follows a ref. Verifies checkpoint.json, then each file's size, header and list of tensors against it; the
  /// tensors' bytes are verified as they are read.
  static Checkpoint open(const std::filesystem::path& path, FileSystem& files = real_file_system());

  const std::filesystem::path& path() const noexcept { return path_; }
  const boost::json::object& document() const noexcept { return document_; }
  const std::string& run_id() const noexcept { return run_id_; }
  bool is_full() const noexcept { return full_; }
  bool is_replay() const noexcept { return replay_; }  ///< without tensors
  std::uint64_t bytes() const noexcept { return bytes_; }

  /// nullptr where there is no such file: model_file, training_file of format.hpp.
  const SafetensorsFile* file(std::string_view name) const noexcept;

  /// Reads one tensor of a file of this checkpoint and compares its checksum; when it throws, `to` is undefined.
  /// [any thread]
  void read(const SafetensorsFile& file, const TensorEntry& entry, std::span<std::byte> to) const;
  /// All tensors of a file, verified as they are read, by two threads.
  LoadedTensors load(std::string_view name) const;

  /// Reads everything, by two threads, and compares every checksum.
  void verify() const;

 private:
  Checkpoint() = default;
  void check_file(std::string_view name, const SafetensorsFile& file) const;
  void compare(const SafetensorsFile& file, const TensorEntry& entry, std::string_view hash) const;
  [[noreturn]] void refuse(const std::string& problem) const;
  [[noreturn]] void rethrow(const ReadError& error) const;

  std::filesystem::path path_;
  boost::json::object document_;
  std::string run_id_;
  bool full_ = false;
  bool replay_ = false;
  std::uint64_t bytes_ = 0;
  std::map<std::string, SafetensorsFile, std::less<>> files_;
};

}  // namespace tenon::checkpoint

#endif
