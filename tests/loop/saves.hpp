// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What the tests of the commit point share: asking for saves, gathering tickets, looking at what is on disk.
#ifndef TENON_TESTS_LOOP_SAVES_HPP
#define TENON_TESTS_LOOP_SAVES_HPP

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/test/unit_test.hpp>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "loop_fixture.hpp"

namespace tenon::tests {

using Names = std::vector<std::string>;

inline std::uint64_t step_of(const void* batch_args) {
  return static_cast<const tenon_batch_args*>(batch_args)->progress->step;
}

inline tenon_ticket save(const Probe& p, const std::string& name, std::int32_t kind = TENON_CHECKPOINT_FULL,
                         std::uint32_t flags = TENON_SAVE_VERSIONED, const std::string& folder = "") {
  tenon_save_request r = Checkpoints::save(kind, name, "because of " + name);
  const std::string reason = "because of " + name;
  r.reason = text(reason);
  r.folder = text(folder);
  r.flags = flags;
  return Checkpoints(Host(p.host)).request(r);
}

struct Ticket {
  tenon_ticket ticket;
  std::int32_t outcome;
  std::uint64_t step;
  std::string path, reason;
};
inline void collect(Probe& p, std::vector<Ticket>& out) {
  p.on[TENON_HOOK(on_ticket)] = [&out](const void* a) {
    const auto& t = *static_cast<const tenon_ticket_args*>(a);
    out.push_back({t.ticket, t.outcome, t.progress->step, std::string(view(t.path)), std::string(view(t.reason))});
  };
}

/// What is in a checkpoint's ref, "" where there is none.
inline std::string target(const std::filesystem::path& ref) {
  std::error_code none;
  return std::filesystem::read_symlink(ref, none).native();
}

inline boost::json::object document(const std::filesystem::path& checkpoint) {
  std::ifstream in(checkpoint / "checkpoint.json");
  std::stringstream text;
  text << in.rdbuf();
  return boost::json::parse(text.str()).as_object();
}

/// Sorted names of what a folder holds, hidden ones left out.
inline Names folders(const std::filesystem::path& where) {
  Names out;
  for (const auto& e : std::filesystem::directory_iterator(where))
    if (e.path().filename().native()[0] != '.') out.push_back(e.path().filename());
  std::sort(out.begin(), out.end());
  return out;
}

inline void expect(const Names& got, const Names& wanted) {
  BOOST_CHECK_EQUAL_COLLECTIONS(got.begin(), got.end(), wanted.begin(), wanted.end());
}

}  // namespace tenon::tests

#endif
