// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "cli/resolved_run.hpp"

#include "chain/library.hpp"
#include "chain/trust.hpp"

namespace tenon::cli {
namespace {

namespace fs = std::filesystem;

loop::ResolvedCallback resolve_callback(const manifest::Manifest& manifest, const manifest::CallbackEntry& entry,
                                        const chain::Catalogue& catalogue, const chain::TrustPolicy& policy) {
  loop::ResolvedCallback callback = loop::resolve_callback(manifest, entry, catalogue);
  const fs::path& file = callback.choice.file;
  chain::check_trust(file, policy);
  if (entry.sha256.empty()) return callback;
  if (const std::string sum = chain::file_sha256(file); sum != entry.sha256)
    throw Failure(ExitCode::plugin, manifest.where(entry.pointer + "/sha256") + ": '" + file.string() +
                                        "' has the SHA-256 " + sum +
                                        "; put back the file that was meant, or correct the sum");
  return callback;
}

loop::ResolvedTask resolve_task(const manifest::Manifest& manifest, const chain::TrustPolicy& policy) {
  loop::ResolvedTask task = loop::resolve_task(manifest, program_folder());
  chain::check_trust(task.library, policy);
  return task;
}

}  // namespace

fs::path program_folder() { return fs::read_symlink("/proc/self/exe").parent_path(); }

chain::Catalogue scan_plugins(const CommandLine& line, const manifest::Manifest* manifest) {
  if (manifest) return loop::catalogue_of(*manifest, program_folder(), line.plugins);
  return chain::Catalogue::scan(chain::plugin_search_path(line.plugins, {}, program_folder()), fs::current_path());
}

ResolvedRun resolve(const CommandLine& line) {
  ResolvedRun run{manifest::read(line.manifest, line.sets), {}, {}, {}};
  const chain::Catalogue catalogue = scan_plugins(line, &run.manifest);
  chain::TrustPolicy policy;
  policy.trusted = line.trusted;
  const auto note = [&](auto&& action) {
    try {
      action();
    } catch (const Failure& failure) {
      run.problems.push_back({failure.code(), failure.what()});
    }
  };
  if (run.manifest.task) note([&] { run.task = resolve_task(run.manifest, policy); });
  for (const manifest::CallbackEntry& entry : run.manifest.callbacks)
    note([&] { run.callbacks.push_back(resolve_callback(run.manifest, entry, catalogue, policy)); });
  loop::tell_duplicates(run.callbacks, catalogue);
  return run;
}

}  // namespace tenon::cli
