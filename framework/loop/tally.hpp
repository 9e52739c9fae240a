// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_LOOP_TALLY_HPP
#define TENON_LOOP_TALLY_HPP

#include <boost/json/object.hpp>
#include <cstdint>
#include <map>
#include <string>

namespace tenon::loop {

/// "val_acc 0.91 is not better" as "val_acc … is not better", "cannot write 'epoch=3.ckpt'" as "cannot write
/// 'epoch=….ckpt'". Numbers in words and paths stay.
std::string without_numbers(const std::string& text);

/// Reasons and how often each was given; no more of them than can be read, however long a run is. When there are
/// `limit`, others are counted without their numbers, and when there are as many of those, as "other reasons".
class Reasons {
 public:
  static constexpr std::size_t limit = 100;

  void add(const std::string& reason);
  bool empty() const { return counts_.empty(); }
  auto begin() const { return counts_.begin(); }
  auto end() const { return counts_.end(); }

 private:
  std::map<std::string, std::uint64_t> counts_;
};

/// What one callback's requests came to; printed at the end of the run.
struct Tally {
  std::uint64_t saved = 0, removed = 0, failed = 0, denied = 0;
  Reasons skipped;
  Reasons warned;      ///< failed, denied, or the callback's own warning
  bool saver = false;  ///< has claimed a folder or asked for a checkpoint
};

/// By callback id: its counts, as a full checkpoint keeps them for the account of a resumed run. Reasons are told by
/// the attempt that had them.
boost::json::object tallies_json(const std::map<std::string, Tally>& tallies);
/// From a checkpoint's whole document, which may have none.
void restore_tallies(const boost::json::object& document, std::map<std::string, Tally>& tallies);

}  // namespace tenon::loop

#endif
