// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/tally.hpp"

namespace tenon::loop {

namespace json = boost::json;

json::object tallies_json(const std::map<std::string, Tally>& tallies) {
  json::object all;
  for (const auto& [id, tally] : tallies)
    all[id] = {{"saved", tally.saved}, {"removed", tally.removed}, {"failed", tally.failed}, {"denied", tally.denied}};
  return all;
}

void restore_tallies(const json::object& document, std::map<std::string, Tally>& tallies) {
  const json::value* saved = document.if_contains("tallies");
  if (saved == nullptr) return;
  for (const auto& [id, counts] : saved->as_object()) {
    Tally& tally = tallies[std::string(id)];
    tally.saved = counts.at("saved").to_number<std::uint64_t>();
    tally.removed = counts.at("removed").to_number<std::uint64_t>();
    tally.failed = counts.at("failed").to_number<std::uint64_t>();
    tally.denied = counts.at("denied").to_number<std::uint64_t>();
  }
}

}  // namespace tenon::loop
