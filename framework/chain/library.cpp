// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/library.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/dll/shared_library.hpp>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "chain/abi.hpp"
#include "chain/breadcrumb.hpp"
#include "chain/identity.hpp"
#include "chain/sha256.hpp"
#include "tenon/failure.hpp"

namespace tenon::chain {
namespace {

namespace fs = std::filesystem;

Failure refused(const fs::path& file, const std::string& text) {
  return Failure(ExitCode::plugin, "plugin library '" + file.string() + "' " + text);
}

struct stat facts_of(const fs::path& file) {
  struct stat facts {};
  if (stat(file.c_str(), &facts) != 0) throw refused(file, std::string("cannot be read: ") + std::strerror(errno));
  return facts;
}

bool same_file(const struct stat& a, const struct stat& b) noexcept {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec &&
         a.st_ctim.tv_sec == b.st_ctim.tv_sec && a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

void check_pin(const fs::path& file, const std::string& actual, std::string_view expected) {
  std::string pinned(expected);
  std::transform(pinned.begin(), pinned.end(), pinned.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (pinned.empty() || pinned == actual) return;
  throw refused(file, "has the SHA-256 " + actual + ", the manifest's \"sha256\" says " + pinned +
                          ". If it was replaced on purpose, put the new value into the manifest; else do not run it");
}

// Boost.DLL's own handle would unload in its destructor: these are never destroyed. Called under Library::open's lock.
boost::dll::shared_library& load(const fs::path& file) {
  using boost::dll::load_mode::type;
  const std::string who = "plugin library '" + file.string() + "'";
  const Breadcrumb trail(who.c_str(), "load", TENON_UNKNOWN);  // static constructors run now
  try {
    static auto& kept = *new std::deque<boost::dll::shared_library>;
    return kept.emplace_back(file, type::rtld_now | type::rtld_local);
  } catch (const std::exception& x) {
    throw refused(file, std::string("cannot be loaded: ") + x.what() +
                            ". Where a library that it needs is missing, ldd names it");
  }
}

const tenon_entry& entry_of(const fs::path& file, boost::dll::shared_library& loaded) {
  if (!loaded.has("tenon_entry_v1"))
    throw refused(file, "exports no tenon_entry_v1: build it with the SDK's tenon_add_plugin, against ABI " +
                            std::to_string(TENON_ABI_MAJOR));
  const auto& entry = loaded.get<const tenon_entry>("tenon_entry_v1");
  if (entry.magic != TENON_ENTRY_MAGIC || !TENON_HAS(tenon_entry, &entry, descriptors) || !entry.descriptors)
    throw refused(file, "has an entry that is not as the SDK makes it; build it again");
  return entry;
}

bool suffices(const AbiModel& host, std::uint32_t needed) noexcept {
  return needed <= host.abi_version && needed >> 16 == host.abi_version >> 16;
}

Failure needs_newer(const fs::path& file, const std::string& who, std::uint32_t needed, const AbiModel& host) {
  return refused(file, who + "needs a host of ABI " + version_text(needed) + " or newer; this one (Tenon " +
                           TENON_VERSION + ") has ABI " + version_text(host.abi_version) +
                           ". Update Tenon, or use an older version of the plugin");
}

}  // namespace

const Library& Library::open(const fs::path& path, const TrustPolicy& policy, std::string_view expected_sha256,
                             const AbiModel& model) {
  static std::mutex& lock = *new std::mutex;
  static auto& opened = *new std::map<fs::path, std::unique_ptr<Library>>;
  const std::lock_guard hold(lock);

  check_trust(path, policy);
  std::error_code problem;
  const fs::path file = fs::canonical(path, problem);
  if (problem) throw refused(path, "cannot be read: " + problem.message());

  std::unique_ptr<Library>& library = opened[file];
  if (library) {
    check_pin(file, library->info_.sha256, expected_sha256);
    library->check_entry(model);
    return *library;
  }

  const struct stat before = facts_of(file);
  const std::string sha256 = file_sha256(file);
  check_pin(file, sha256, expected_sha256);
  std::vector<Kind> kinds;
  try {
    kinds = read_identity(file);
  } catch (const std::runtime_error& x) {
    throw refused(file, x.what());
  }

  // Before it is loaded: code of a library that needs a newer host must not run here.
  const Kind& first = kinds.front();
  if (first.abi_required && !suffices(model, first.abi_required))
    throw needs_newer(file, "(" + first.id + " " + first.version + ") ", first.abi_required, model);

  std::unique_ptr<Library> fresh(new Library);
  fresh->info_ = {file, sha256};
  fresh->entry_ = &entry_of(file, load(file));
  if (!same_file(before, facts_of(file))) throw refused(file, "was changed while it was loaded; start again");
  fresh->check_entry(model);

  fresh->take_kinds(kinds);
  library = std::move(fresh);
  return *library;
}

void Library::take_kinds(const std::vector<Kind>& identity) {
  for (const tenon_descriptor* const* d = entry_->descriptors; *d; ++d) kinds_.push_back(*d);
  if (kinds_.size() != identity.size())
    throw refused(info_.file, "names " + std::to_string(identity.size()) + " plugins in its identity and " +
                                  std::to_string(kinds_.size()) + " in its entry; build it again");
  if (identity.front().abi_required && identity.front().abi_required != entry_->abi_required)
    throw refused(info_.file, "is not what it says it is: it needs ABI " + version_text(identity.front().abi_required) +
                                  " in its identity and " + version_text(entry_->abi_required) +
                                  " in its entry; build it again");
  for (std::size_t i = 0; i < kinds_.size(); ++i) {
    if (!TENON_HAS(tenon_descriptor, kinds_[i], options_schema))
      throw refused(info_.file, "has a descriptor that is too short; build it again");
    if (const std::string text = difference(identity[i], *kinds_[i]); !text.empty())
      throw refused(info_.file, "is not what it says it is: " + text + "; build it again");
  }
}

void Library::check_entry(const AbiModel& model) const {
  const std::uint32_t needed = entry_->abi_required;
  if (suffices(model, needed)) return;
  const tenon_descriptor* first = entry_->descriptors[0];
  std::string who;
  if (first && TENON_HAS(tenon_descriptor, first, version) && first->id && first->version)
    who = std::string("(") + first->id + " " + first->version + ") ";
  throw needs_newer(info_.file, who, needed, model);
}

const tenon_descriptor& Library::kind(std::string_view id) const {
  for (const tenon_descriptor* kind : kinds_)
    if (kind->id == id) return *kind;
  throw refused(info_.file, "has no plugin of the id '" + std::string(id) + "'");
}

std::string file_sha256(const fs::path& file) {
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw refused(file, std::string("cannot be read: ") + std::strerror(errno));
  Sha256 hash;
  std::vector<std::byte> buffer(256 * 1024);
  ssize_t n = 0;
  while ((n = read(descriptor, buffer.data(), buffer.size())) != 0) {
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const std::string why = std::strerror(errno);
      close(descriptor);
      throw refused(file, "cannot be read: " + why);
    }
    hash.update(std::span(buffer).first(static_cast<std::size_t>(n)));
  }
  close(descriptor);
  return hash.finish();
}

}  // namespace tenon::chain
