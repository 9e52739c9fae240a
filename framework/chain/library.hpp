// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A plugin's library, checked and loaded. Never unloaded: code of it may be in use as long as the process lives.
#ifndef TENON_CHAIN_LIBRARY_HPP
#define TENON_CHAIN_LIBRARY_HPP

#include <tenon/plugin.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "chain/abi_model.hpp"
#include "chain/callback.hpp"
#include "chain/identity.hpp"
#include "chain/trust.hpp"

namespace tenon::chain {

class Library {
 public:
  /// Checks whether the file may be trusted, its SHA-256 against `expected_sha256` (64 digits; empty: not pinned) and
  /// its identity; then loads it, now and local, from its canonical path, and checks its entry: magic, ABI, and that
  /// every kind is what the identity says. Throws Failure (ExitCode::plugin). Each file is loaded once in a process;
  /// the answer lives for ever.
  static const Library& open(const std::filesystem::path& file, const TrustPolicy& policy,
                             std::string_view expected_sha256 = {}, const AbiModel& model = {});

  const LibraryInfo& info() const noexcept { return info_; }
  const tenon_entry& entry() const noexcept { return *entry_; }
  const std::vector<const tenon_descriptor*>& kinds() const noexcept { return kinds_; }
  /// Throws Failure (ExitCode::plugin) when the library has none of this id.
  const tenon_descriptor& kind(std::string_view id) const;

 private:
  Library() = default;
  void check_entry(const AbiModel& model) const;
  void take_kinds(const std::vector<Kind>& identity);

  LibraryInfo info_;
  const tenon_entry* entry_ = nullptr;
  std::vector<const tenon_descriptor*> kinds_;
};

/// SHA-256 of a file's bytes. Throws Failure (ExitCode::plugin) when it cannot be read.
std::string file_sha256(const std::filesystem::path& file);

}  // namespace tenon::chain

#endif
