// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A run's JSON, read and checked: what is wrong in it is said with file, line, JSON pointer and cure.
#ifndef TENON_MANIFEST_MANIFEST_HPP
#define TENON_MANIFEST_MANIFEST_HPP

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tenon/trainer_options.hpp>
#include "tenon/failure.hpp"

namespace tenon::manifest {

struct TaskEntry {
  std::string library;  ///< a name, or a path relative to the manifest's file
  boost::json::object config;
};

struct CallbackEntry {
  std::string plugin;                   ///< name or id, or a path with '/' relative to the manifest's file
  std::string id;                       ///< the plugin as named (a path's stem) where the manifest gives none; unique
  std::optional<std::string> on_error;  ///< abort, disable or warn
  std::string sha256;                   ///< 64 lower-case digits, or empty
  boost::json::object config;           ///< as written: check_options fills the defaults
  std::string pointer;                  ///< "/callbacks/2"
};

/// Where each value came from: a line of the file, or a `--set`.
struct Origins {
  std::string name;                                         ///< the file as the user named it
  std::map<std::string, std::uint32_t, std::less<>> lines;  ///< JSON pointer -> line from 1
  std::map<std::string, std::string, std::less<>> sets;     ///< JSON pointer -> "--set trainer.max_epochs=3"
};

struct Manifest {
  std::filesystem::path file;  ///< absolute
  std::string name;            ///< the file's name without its extension
  Origins origins;
  boost::json::object document;  ///< with the defaults of everything but `config` objects
  std::optional<TaskEntry> task;
  TrainerOptions trainer;
  std::vector<std::filesystem::path> plugin_paths;  ///< absolute
  std::string pin = "optional";                     ///< required: read() has refused callbacks without sha256
  std::vector<CallbackEntry> callbacks;

  /// "run.json:14: /callbacks/2/config/monitor"; the line of the nearest value around it where it has none, and
  /// "--set callbacks.best.config.monitor=x: /callbacks/2/config/monitor" where a --set gave it.
  std::string where(std::string_view pointer) const;
};

/// Reads and checks the manifest; `sets` are "path=value", applied in order. Throws Failure: ExitCode::manifest, or
/// ExitCode::usage for a --set without '='. All complaints are in one text, a line each, in the order of the file.
Manifest read(const std::filesystem::path& file, std::span<const std::string> sets);

/// The same for a text that is already there; `file` is what relative paths and messages refer to.
Manifest read_text(std::string_view text, const std::filesystem::path& file, std::span<const std::string> sets);

/// The same for a document that a program has put together; `file` need not exist, `origins` says where its values came
/// from.
Manifest read_value(boost::json::value document, const std::filesystem::path& file, Origins origins);

/// Checks the options that stand at `pointer` against the schema (JSON Schema draft 7; null: takes no options) that
/// `owner` ("plugin 'checkpoint'") published, and fills its defaults into them, also in nested objects that are there
/// or have a default, and in the entries of lists. An option given as null has its default. A key that is not declared
/// is refused unless `additionalProperties` or `patternProperties` allow it.
/// Throws Failure: ExitCode::manifest for options that do not fit, all complaints in one text; ExitCode::plugin (below
/// /callbacks) or ExitCode::task for a schema that is not valid or newer than draft 7.
void check_options(const Manifest& manifest, std::string_view pointer, boost::json::object& options,
                   const boost::json::value& schema, std::string_view owner);

}  // namespace tenon::manifest

#endif
