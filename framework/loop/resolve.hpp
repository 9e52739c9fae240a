// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a manifest names, found and checked without loading anything: plugins, their options, the task and its config.
#ifndef TENON_LOOP_RESOLVE_HPP
#define TENON_LOOP_RESOLVE_HPP

#include <tenon/plugin.h>

#include <boost/json/object.hpp>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "chain/catalogue.hpp"
#include "manifest/manifest.hpp"
#include "tenon/failure.hpp"

namespace tenon::loop {

struct ResolvedCallback {
  manifest::CallbackEntry entry;  ///< its config has the schema's defaults
  chain::Choice choice;           ///< without a file where it is registered in-process
};

/// Callbacks that the embedding program brings along, by id.
using InProcess = std::map<std::string, const tenon_descriptor*, std::less<>>;

struct ResolvedTask {
  std::filesystem::path library;
  boost::json::object identity;
  boost::json::object config;  ///< with the schema's defaults
};

/// Gathers what is wrong, so that it is said at once: one text, with the first one's exit code.
class Refusals {
 public:
  template <class Body>
  void gather(const Body& body) {
    try {
      body();
    } catch (const Failure& failure) {
      if (text_.empty()) code_ = failure.code();
      text_ += (text_.empty() ? "" : "\n") + std::string(failure.what());
    }
  }
  void throw_if_any() const {
    if (!text_.empty()) throw Failure(code_, text_);
  }

 private:
  ExitCode code_ = ExitCode::ok;
  std::string text_;
};

/// The folders that a manifest's plugins are looked for in, those of --plugins first; warns of those that were asked
/// for and are not there.
chain::Catalogue catalogue_of(const manifest::Manifest& manifest, const std::filesystem::path& program_folder,
                              std::span<const std::filesystem::path> command_line = {});

/// One callback. Throws Failure (ExitCode::plugin or ExitCode::manifest).
ResolvedCallback resolve_callback(const manifest::Manifest& manifest, const manifest::CallbackEntry& entry,
                                  const chain::Catalogue& catalogue);

/// Says, once for each, which plugins in use stand elsewhere too.
void tell_duplicates(const std::vector<ResolvedCallback>& resolved, const chain::Catalogue& catalogue);

/// All of them, in manifest order; tells duplicates. Throws Failure (ExitCode::plugin or ExitCode::manifest).
std::vector<ResolvedCallback> resolve_callbacks(const manifest::Manifest& manifest, const chain::Catalogue& catalogue,
                                                const InProcess& in_process = {});

/// Throws Failure (ExitCode::manifest where there is no task, ExitCode::task where it is not found or is no task).
ResolvedTask resolve_task(const manifest::Manifest& manifest, const std::filesystem::path& program_folder);

/// The manifest's document with the options as resolved.
boost::json::object resolved_document(const manifest::Manifest& manifest,
                                      const std::vector<ResolvedCallback>& callbacks, const ResolvedTask& task);

}  // namespace tenon::loop

#endif
