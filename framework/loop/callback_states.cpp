// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/callback_states.hpp"

#include "chain/abi.hpp"

namespace tenon::loop {

CallbackStates::CallbackStates(const chain::Chain& chain) {
  states_.reserve(chain.callbacks().size());
  for (const auto& callback : chain.callbacks()) {
    boost::json::object entry;
    entry["id"] = callback->id();
    entry["plugin"] = callback->descriptor().id;
    entry["version"] = callback->descriptor().version;
    entry["sha256"] = callback->library().sha256;
    entry["options"] = callback->options();
    try {
      if (std::optional<chain::SavedState> saved = callback->save_state()) {
        entry["state_version"] = saved->version;
        const chain::SavedState& kept = states_.emplace_back(std::move(*saved));
        records_.push_back({"callback_state/" + callback->id(),
                            checkpoint::DType::u8,
                            {static_cast<std::int64_t>(kept.bytes.size())},
                            kept.bytes});
      }
    } catch (const chain::AbiError& error) {
      failure_ = "callback '" + callback->id() + "' could not save its state: " + error.what();
    }
    entries_.push_back(std::move(entry));
  }
}

}  // namespace tenon::loop
