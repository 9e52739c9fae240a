// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_LOOP_TALLY_HPP
#define TENON_LOOP_TALLY_HPP

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <string>

namespace tenon::loop {

/// What one callback's requests came to; printed at the end of the run.
struct Tally {
  std::uint64_t saved = 0, removed = 0, failed = 0, denied = 0;
  std::map<std::string, std::uint64_t> skipped;  ///< reason: how often
  std::map<std::string, std::uint64_t> warned;   ///< the same: failed, denied, or the callback's own warning
  bool saver = false;                            ///< has claimed a folder or asked for a checkpoint
};

/// By callback id: its counts, as a full checkpoint keeps them for the account of a resumed run. Reasons are told by
/// the attempt that had them.
boost::json::object tallies_json(const std::map<std::string, Tally>& tallies);
/// From a checkpoint's whole document, which may have none.
void restore_tallies(const boost::json::object& document, std::map<std::string, Tally>& tallies);

}  // namespace tenon::loop

#endif
