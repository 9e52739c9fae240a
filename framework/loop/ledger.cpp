// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/ledger.hpp"

#include <algorithm>

namespace tenon::loop {

checkpoint::Folder& Folders::at(const std::filesystem::path& absolute) {
  const std::lock_guard lock(mutex_);
  if (const auto it = open_.find(absolute); it != open_.end()) return *it->second;
  return *open_.emplace(absolute, checkpoint::Folder::open(absolute, run_id_, durable_, files_)).first->second;
}

checkpoint::Folder& Ledger::folder(const std::filesystem::path& absolute) {
  checkpoint::Folder& folder = folders_->at(absolute);
  if (on_folder && !told_.contains(absolute)) {
    on_folder(absolute);
    told_.insert(absolute);
  }
  return folder;
}

std::string Ledger::claim_ref(const std::filesystem::path& folder, const std::string& name, const chain::Callback& by) {
  const auto [it, made] = ref_owners_.try_emplace({folder, name}, by.id());
  return made || it->second == by.id() ? std::string() : it->second;
}

Kept& Ledger::add(Kept kept) {
  const std::uint64_t number = kept.number = next_number_++;
  listed_.clear();
  Kept& added = *kept_.emplace_hint(kept_.end(), number, std::make_unique<Kept>(std::move(kept)))->second;
  for (const tenon_ticket ticket : added.tickets) by_ticket_[ticket] = &added;
  return added;
}

Kept* Ledger::find(tenon_ticket ticket) const {
  const auto it = by_ticket_.find(ticket);
  return it == by_ticket_.end() ? nullptr : it->second;
}

bool Ledger::holds(const chain::Callback& by, tenon_ticket ticket) const {
  return !releasing_.contains(ticket) && has_hold(by, ticket);
}

bool Ledger::may_release(const chain::Callback& by, tenon_ticket ticket) const {
  const auto under_way = releasing_.find(ticket);
  return (under_way == releasing_.end() || under_way->second.after != 0) && has_hold(by, ticket);
}

bool Ledger::has_hold(const chain::Callback& by, tenon_ticket ticket) const {
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
  return if_unheld(*kept);
}

Kept* Ledger::if_unheld(Kept& kept) {
  if (!kept.holds.empty() || !kept.refs.empty()) return nullptr;
  unheld_.insert(&kept);
  return &kept;
}

std::vector<Kept*> Ledger::adopt(std::vector<Kept> checkpoints, const std::vector<RefRequest>& refs) {
  for (Kept& kept : checkpoints) {
    const Kept& added = add(std::move(kept));
    for (const Hold& hold : added.let_go) released_.insert(hold.ticket);
  }
  for (const RefRequest& r : refs)
    if (Kept* kept = find(r.ticket)) point_ref(r.ref, *kept, *r.by);
  std::vector<Kept*> unheld;
  for (Kept* kept : all()) {
    if (!if_unheld(*kept)) continue;
    if (kept->last_release.empty()) kept->last_release = "nobody held it any more";
    if (!kept->let_go.empty() && !kept->released_by) kept->released_by = kept->let_go.back().by;
    unheld.push_back(kept);
  }
  return unheld;
}

std::vector<RefRequest> Ledger::refs() const {
  std::vector<RefRequest> all;
  for (const auto& [ref, target] : ref_targets_)
    all.push_back({target.by, ref.second, target.checkpoint->tickets.front()});
  return all;
}

Kept* Ledger::point_ref(const std::string& ref, Kept& at, chain::Callback& by) {
  RefTarget& target = ref_targets_[{at.folder, ref}];
  target.by = &by;
  if (target.checkpoint == &at) return nullptr;
  Kept* before = std::exchange(target.checkpoint, &at);
  at.refs.push_back(ref);
  if (!before) return nullptr;
  std::erase(before->refs, ref);
  if (before->holds.empty()) {
    before->last_release = "'" + ref + "' has moved on";
    before->released_by = &by;
  }
  return if_unheld(*before);
}

Kept* Ledger::forget_ref(const std::filesystem::path& folder, const std::string& ref, const std::string& reason) {
  const auto target = ref_targets_.find({folder, ref});
  if (target == ref_targets_.end()) return nullptr;
  Kept* before = target->second.checkpoint;
  ref_targets_.erase(target);
  std::erase(before->refs, ref);
  if (before->holds.empty()) before->last_release = reason;
  return if_unheld(*before);
}

void Ledger::erase(const Kept& kept) {
  for (const tenon_ticket ticket : kept.tickets) {
    by_ticket_.erase(ticket);
    released_.erase(ticket);
  }
  listed_.clear();
  unheld_.erase(&kept);
  kept_.erase(std::uint64_t{kept.number});
}

const std::vector<Kept*>& Ledger::all() const {
  if (listed_.size() == kept_.size()) return listed_;
  listed_.clear();
  for (const auto& [number, kept] : kept_) listed_.push_back(kept.get());
  return listed_;
}

}  // namespace tenon::loop
