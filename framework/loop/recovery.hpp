// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The host's own saves, on a signal: a callback like any other, the last of the chain. It keeps the newest.
#ifndef TENON_LOOP_RECOVERY_HPP
#define TENON_LOOP_RECOVERY_HPP

#include <tenon/plugin.h>
#include <tenon/interruption.hpp>

#include <cstdint>
#include <string>
#include <string_view>

#include "chain/chain.hpp"

namespace tenon::loop {

/// Of the callback; nothing in a manifest can have it.
inline constexpr std::string_view recovery_id = "tenon:recovery";

/// Its descriptor; it creates one for the Interruption that create_recovery() was last called with on this thread.
chain::Callback& add_recovery(chain::Chain& chain, Interruption& interruption);

/// What a state is called that is saved at this step. A request waits for the end of the accumulation group inside
/// which it was made, and is named by the step that it is carried out at.
std::string recovery_name(std::uint64_t step);

/// Names signals that people send: "SIGTERM"; "a request" for any other number.
std::string_view signal_name(int signal);

}  // namespace tenon::loop

#endif
