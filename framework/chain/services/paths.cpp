// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <tenon/services/paths.h>

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "chain/abi.hpp"
#include "chain/callback.hpp"
#include "chain/chain.hpp"
#include "chain/services/services.hpp"

namespace tenon::chain {

std::filesystem::path scratch_folder(const Callback& callback) {
  return callback.chain().folders().run / ".scratch" / callback.id();
}

namespace {

namespace fs = std::filesystem;

fs::path home_folder() {
  if (const char* home = std::getenv("HOME"); home && home[0] == '/') return home;
  if (const passwd* user = getpwuid(geteuid()); user && user->pw_dir && user->pw_dir[0] == '/') return user->pw_dir;
  throw AbiError(TENON_E_NOT_FOUND, "'~' has no meaning here: HOME is not set and the user has no entry in passwd");
}

fs::path base_folder(const Callback& caller, std::int32_t base) {
  switch (base) {
    case TENON_PATH_RUN:
      return caller.chain().folders().run;
    case TENON_PATH_MANIFEST:
      return caller.chain().folders().manifest;
    case TENON_PATH_SCRATCH:
      return scratch_folder(caller);
    case TENON_PATH_PLUGIN:
      if (!caller.library().file.empty()) return caller.library().file.parent_path();
      throw AbiError(TENON_E_UNSUPPORTED, caller.label() + " is part of the program and has no library of its own");
    default:
      throw AbiError(TENON_E_INVALID_ARGUMENT, "base " + std::to_string(base) + " is none of TENON_PATH_*");
  }
}

tenon_status TENON_CALL resolve(const tenon_host* host, std::int32_t base, tenon_text path, tenon_text* out,
                                tenon_error* error) noexcept {
  return guard(error, [&] {
    Callback& caller = caller_on_loop_thread(host);
    const std::string_view text = from_text(path);
    if (text.find('\0') != std::string_view::npos)
      throw AbiError(TENON_E_INVALID_ARGUMENT, "a path must not have a NUL in it");

    const fs::path folder = base_folder(caller, base);
    const bool from_home = text == "~" || text.substr(0, 2) == "~/";
    fs::path full = from_home ? home_folder() / text.substr(std::min<std::size_t>(2, text.size())) : folder / text;
    full = full.lexically_normal();
    if (!full.has_filename()) full = full.parent_path();  // no '/' at the end

    if (base == TENON_PATH_RUN || base == TENON_PATH_SCRATCH) {
      std::error_code problem;
      fs::create_directories(full.parent_path(), problem);
      if (problem)
        throw AbiError(TENON_E_IO, "cannot make the folder " + full.parent_path().string() + ": " + problem.message());
    }
    if (base == TENON_PATH_RUN) caller.chain().add_run_file(full);
    *out = caller.keep(full.string());
  });
}

}  // namespace

const tenon_paths paths_service{sizeof(tenon_paths), 0, resolve};

}  // namespace tenon::chain
