// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/ledger.hpp"

#include <algorithm>

namespace tenon::loop {

checkpoint::Folder& Ledger::folder(const std::filesystem::path& absolute) {
  auto& slot = folders_[absolute];
  if (slot) return *slot;
  slot = checkpoint::Folder::open(absolute, run_id_);
  if (on_folder) on_folder(absolute);
  return *slot;
}

std::string Ledger::claim_ref(const std::filesystem::path& folder, const std::string& name, const chain::Callback& by) {
  const auto [it, made] = ref_owners_.try_emplace({folder, name}, by.id());
  return made || it->second == by.id() ? std::string() : it->second;
}

Kept& Ledger::add(Kept kept) {
  Kept& added = *kept_.emplace_back(std::make_unique<Kept>(std::move(kept)));
  for (const tenon_ticket ticket : added.tickets) {
    by_ticket_[ticket] = &added;
    durable_.insert(ticket);
  }
  return added;
}

Kept* Ledger::find(tenon_ticket ticket) const {
  const auto it = by_ticket_.find(ticket);
  return it == by_ticket_.end() ? nullptr : it->second;
}

bool Ledger::holds(const chain::Callback& by, tenon_ticket ticket) const {
  const Kept* kept = find(ticket);
  return kept && std::any_of(kept->holds.begin(), kept->holds.end(),
                             [&](const Hold& h) { return h.by == &by && h.ticket == ticket; });
}

Kept* Ledger::release(tenon_ticket ticket, const std::string& reason) {
  Kept* kept = find(ticket);
  if (!kept) return nullptr;
  const auto hold =
      std::find_if(kept->holds.begin(), kept->holds.end(), [&](const Hold& h) { return h.ticket == ticket; });
  if (hold == kept->holds.end()) return nullptr;
  kept->released_by = hold->by;
  kept->last_release = reason;
  kept->let_go.push_back(std::move(*hold));
  kept->holds.erase(hold);
  return kept->holds.empty() && kept->refs.empty() ? kept : nullptr;
}

Kept* Ledger::point_ref(const std::string& ref, Kept& at, const chain::Callback& by) {
  Kept*& slot = ref_targets_[{at.folder, ref}];
  if (slot == &at) return nullptr;
  Kept* before = std::exchange(slot, &at);
  at.refs.push_back(ref);
  if (!before) return nullptr;
  std::erase(before->refs, ref);
  if (before->holds.empty()) {
    before->last_release = "'" + ref + "' has moved on";
    before->released_by = &by;
  }
  return before->holds.empty() && before->refs.empty() ? before : nullptr;
}

void Ledger::erase(const Kept& kept) {
  for (const tenon_ticket ticket : kept.tickets) by_ticket_.erase(ticket);
  std::erase_if(kept_, [&](const auto& k) { return k.get() == &kept; });
}

}  // namespace tenon::loop
