// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/ledger.hpp"

#include <algorithm>

namespace tenon::loop {

checkpoint::Folder& Folders::at(const std::filesystem::path& absolute) {
  const std::lock_guard lock(mutex_);
  if (const auto it = open_.find(absolute); it != open_.end()) return *it->second;
  return *open_.emplace(absolute, checkpoint::Folder::open(absolute, run_id_)).first->second;
}

bool Folders::is_open(const std::filesystem::path& absolute) {
  const std::lock_guard lock(mutex_);
  return open_.contains(absolute);
}

checkpoint::Folder& Ledger::folder(const std::filesystem::path& absolute) {
  const bool is_new = on_folder && !folders_->is_open(absolute);
  checkpoint::Folder& folder = folders_->at(absolute);
  if (is_new) on_folder(absolute);
  return folder;
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
  if (releasing_.contains(ticket)) return false;
  const auto writing = writing_.find(ticket);
  const Kept* kept = writing == writing_.end() ? find(ticket) : &writing->second;
  return kept && std::any_of(kept->holds.begin(), kept->holds.end(),
                             [&](const Hold& h) { return h.by == &by && h.ticket == ticket; });
}

const std::filesystem::path* Ledger::folder_of(tenon_ticket ticket) const {
  if (const auto writing = writing_.find(ticket); writing != writing_.end()) return &writing->second.folder;
  const Kept* kept = find(ticket);
  return kept ? &kept->folder : nullptr;
}

void Ledger::begin_writing(const Kept& kept) {
  for (const tenon_ticket ticket : kept.tickets) writing_.emplace(ticket, kept);
}

void Ledger::end_writing(const Kept& kept) {
  for (const tenon_ticket ticket : kept.tickets) writing_.erase(ticket);
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
  released_.insert(ticket);
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
  for (const tenon_ticket ticket : kept.tickets) {
    by_ticket_.erase(ticket);
    released_.erase(ticket);
  }
  std::erase_if(kept_, [&](const auto& k) { return k.get() == &kept; });
}

}  // namespace tenon::loop
