// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What every load() begins with.
#ifndef TENON_PLUGINS_POLICY_STATE_HPP
#define TENON_PLUGINS_POLICY_STATE_HPP

#include <tenon/plugin.hpp>

#include <string>

namespace tenon::policy {

/// Throws TENON_E_STATE_VERSION unless both are the same.
inline void check_state_version(std::uint32_t saved, std::uint32_t readable) {
  if (saved != readable)
    throw Error(TENON_E_STATE_VERSION, "the saved state has version " + std::to_string(saved) + ", this plugin reads " +
                                           std::to_string(readable) + ": use the plugin's version that saved it");
}

}  // namespace tenon::policy

#endif
