// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Messages for people, on stderr. The one place that knows spdlog.
#ifndef TENON_CHAIN_LOG_HPP
#define TENON_CHAIN_LOG_HPP

#include <tenon/host.h>

#include <string_view>

namespace tenon::chain {

/// Writes "<level>: <who>: <text>"; `who` is a callback's id, or empty for the host's own. [any-thread]
void log(tenon_log_level level, std::string_view who, std::string_view text) noexcept;

/// Whether a message of this level would be written. [any-thread]
bool log_enabled(tenon_log_level level) noexcept;

/// Messages below `level` are dropped; TENON_LOG_INFO at the start. [any-thread]
void set_log_level(tenon_log_level level) noexcept;

}  // namespace tenon::chain

#endif
