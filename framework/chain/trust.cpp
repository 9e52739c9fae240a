// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/trust.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <deque>
#include <system_error>

#include "chain/log.hpp"
#include "tenon/failure.hpp"

namespace tenon::chain {
namespace {

namespace fs = std::filesystem;

std::string user_text(uid_t user) {
  const passwd* entry = getpwuid(user);
  return entry ? std::string(entry->pw_name) : "user " + std::to_string(user);
}

std::string mode_text(mode_t mode) {
  char text[8];
  std::snprintf(text, sizeof text, "%04o", static_cast<unsigned>(mode & 07777));
  return text;
}

// A user's private group: Debian gives each user one, and with it folders of mode 0775.
bool is_own_group(uid_t owner, gid_t group) {
  const passwd* user = getpwuid(owner);
  if (!user || user->pw_gid != group) return false;
  const std::string name = user->pw_name;
  const struct group* entry = getgrgid(group);
  if (!entry || name != entry->gr_name) return false;
  for (char** member = entry->gr_mem; *member; ++member)
    if (name != *member) return false;
  return true;
}

bool has_access_list(const fs::path& path) { return getxattr(path.c_str(), "system.posix_acl_access", nullptr, 0) > 0; }

std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

/// Looks at one file, folder or link; the reason against it, or "".
std::string look_at(const fs::path& path, const struct stat& facts, const TrustPolicy& policy) {
  const bool folder = S_ISDIR(facts.st_mode), link = S_ISLNK(facts.st_mode);
  const std::string what = (folder ? "the folder " : link ? "the link " : "the file ") + quoted(path);
  if (std::find(policy.owners.begin(), policy.owners.end(), facts.st_uid) == policy.owners.end())
    return what + " belongs to " + user_text(facts.st_uid) +
           ", who is neither root, nor you, nor the owner of this program";
  if (link) return "";  // its mode means nothing
  if (folder && facts.st_uid == 0 && (facts.st_mode & S_ISVTX))
    return "";  // others cannot touch what is not theirs in it
  if (facts.st_mode & S_IWOTH)
    return what + " can be written by everyone (mode " + mode_text(facts.st_mode) +
           "); take that away with chmod o-w " + quoted(path);
  if (!(facts.st_mode & S_IWGRP)) return "";
  if (!is_own_group(facts.st_uid, facts.st_gid) || has_access_list(path))
    return what + " can be written by others than its owner (mode " + mode_text(facts.st_mode) +
           "); take that away with chmod g-w " + quoted(path);
  return "";
}

bool inside(const fs::path& file, const fs::path& folder) {
  return std::mismatch(folder.begin(), folder.end(), file.begin(), file.end()).first == folder.end();
}

}  // namespace

std::vector<uid_t> usual_owners() {
  std::vector<uid_t> owners{0, geteuid()};
  std::error_code none;
  for (fs::path at = fs::read_symlink("/proc/self/exe", none); !at.empty(); at = at.parent_path()) {
    struct stat facts {};
    if (stat(at.c_str(), &facts) == 0) owners.push_back(facts.st_uid);
    if (at == at.root_path()) break;
  }
  return owners;
}

std::optional<std::string> distrust(const fs::path& file, const TrustPolicy& policy) {
  if (!file.is_absolute())
    return quoted(file) + " is not an absolute path: nothing is looked for in the working directory";
  std::deque<fs::path> ahead(++file.begin(), file.end());
  fs::path at = "/";
  int links = 0;
  for (bool root = true;; root = false) {
    if (!root) {
      if (ahead.empty()) return std::nullopt;
      const fs::path next = ahead.front();
      ahead.pop_front();
      if (next.empty() || next == ".") continue;
      at = next == ".." ? at.parent_path() : at / next;
    }
    struct stat facts {};
    if (lstat(at.c_str(), &facts) != 0) return quoted(at) + " cannot be looked at: " + std::strerror(errno);
    if (std::string reason = look_at(at, facts, policy); !reason.empty()) return reason;
    if (!S_ISLNK(facts.st_mode)) continue;
    if (++links > 40) return quoted(file) + " leads through too many symbolic links";
    std::error_code problem;
    const fs::path target = fs::read_symlink(at, problem);
    if (problem) return quoted(at) + " cannot be followed: " + problem.message();
    ahead.insert(ahead.begin(), target.is_absolute() ? ++target.begin() : target.begin(), target.end());
    at = target.is_absolute() ? fs::path("/") : at.parent_path();
  }
}

void check_trust(const fs::path& file, const TrustPolicy& policy) {
  const std::optional<std::string> reason = distrust(file, policy);
  if (!reason) return;
  std::error_code none;
  const fs::path real = fs::canonical(file, none);
  for (const fs::path& folder : policy.trusted) {
    const fs::path trusted = fs::canonical(folder, none);
    if (trusted.empty() || real.empty() || !inside(real, trusted)) continue;
    log(TENON_LOG_WARN, {},
        quoted(real) + " is loaded because " + quoted(trusted) + " is trusted on your word, although " + *reason);
    return;
  }
  throw Failure(ExitCode::plugin, quoted(file) + " is not loaded, since it has all rights of this program: " + *reason +
                                      ". Or trust it as it is with --trust " + quoted(file.parent_path()));
}

}  // namespace tenon::chain
