// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a logger keeps in a checkpoint of its file, and how it finds the file again.
#ifndef TENON_PLUGINS_POLICY_LOG_STATE_HPP
#define TENON_PLUGINS_POLICY_LOG_STATE_HPP

#include <tenon/plugin.hpp>

#include <optional>
#include <string>

#include "log_file.hpp"

namespace tenon::policy {

inline void put(StateWriter& out, const LogContent& content) {
  out.put(content.size).put(content.lines).put(content.fingerprint);
}
inline LogContent get_log_content(StateReader& in) {
  LogContent content;
  content.size = in.get<std::uint64_t>();
  content.lines = in.get<std::uint64_t>();
  content.fingerprint = in.get<std::uint64_t>();
  return content;
}

/// What a person must know where a file, cut to what was `saved`, does not hold that; nothing where it does.
inline std::optional<std::string> lost_or_changed(const LogContent& saved, const LogContent& found) {
  if (found == saved) return std::nullopt;
  if (found.lines < saved.lines)
    return "of the " + std::to_string(saved.lines) + " lines that it had when the checkpoint was made, " +
           std::to_string(saved.lines - found.lines) + " are lost: it goes on behind line " +
           std::to_string(found.lines);
  return "its first " + std::to_string(saved.lines) +
         " lines are not those that this run has written: somebody has changed them; it goes on behind them";
}

}  // namespace tenon::policy

#endif
