// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Whether a library may be loaded: it and every folder above it must not be writable by strangers. Whoever can write
// there could put any code in its place, and a plugin has all rights of this program. This is not a sandbox.
#ifndef TENON_CHAIN_TRUST_HPP
#define TENON_CHAIN_TRUST_HPP

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace tenon::chain {

/// Root, the user, the owner of the running program and of the folders above it: they could replace the program itself.
std::vector<uid_t> usual_owners();

struct TrustPolicy {
  std::vector<std::filesystem::path> trusted;  ///< of `--trust`: folders whose contents are not checked
  std::vector<uid_t> owners = usual_owners();  ///< who may own what is loaded
};

/// Why `file` must not be loaded, with the cure; nothing when it may. Follows symbolic links, and looks at each and at
/// every folder on the way. May be written: by its owner; by its group where that is the owner's own (the primary
/// group, of the same name, with no other member, no access list); by all only in a sticky folder of root's, as /tmp
/// is.
std::optional<std::string> distrust(const std::filesystem::path& file, const TrustPolicy& policy);

/// Throws Failure (ExitCode::plugin) with that reason, unless a trusted folder holds the file; that is logged.
void check_trust(const std::filesystem::path& file, const TrustPolicy& policy);

}  // namespace tenon::chain

#endif
