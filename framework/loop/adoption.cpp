// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/adoption.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>

#include "loop/document_members.hpp"
#include "loop/recovery.hpp"
#include "loop/saved_json.hpp"

namespace tenon::loop {

namespace json = boost::json;

namespace {

std::string text_of(const json::value* value) { return value ? std::string(value->as_string()) : std::string(); }

chain::Callback* find(const chain::Chain& chain, std::string_view id) {
  for (const auto& callback : chain.callbacks())
    if (callback->id() == id) return callback.get();
  return nullptr;
}

Kept kept_from(const RunCheckpoint& c, const std::set<tenon_ticket>& released, const chain::Chain& chain) {
  const json::object& d = c.document;
  if (const std::string wrong = wrong_member_of_each_kind(d); !wrong.empty())
    throw std::invalid_argument("'" + c.path.string() + "': " + wrong);
  Kept kept;
  kept.folder = c.folder;
  kept.name = c.name;
  kept.path = c.path;
  kept.kind = c.full ? TENON_CHECKPOINT_FULL : TENON_CHECKPOINT_WEIGHTS;
  kept.sequence = c.sequence;
  kept.epoch = d.at("commit_point").at("epoch").to_number<std::uint64_t>();
  kept.step = d.at("progress").at("step").to_number<std::uint64_t>();
  kept.bytes = c.bytes;
  const json::value* transformed = d.if_contains("transformed");
  kept.flags = (c.consistent ? TENON_CHECKPOINT_CONSISTENT : 0u) |
               (transformed && transformed->as_bool() ? TENON_CHECKPOINT_TRANSFORMED : 0u);
  kept.score = std::numeric_limits<double>::quiet_NaN();
  for (const json::value& one : d.at("holders").as_array()) {
    const json::object& holder = one.as_object();
    Hold hold;
    hold.absent = text_of(&holder.at("callback"));
    hold.by = find(chain, hold.absent);
    hold.ticket = holder.at("ticket").to_number<tenon_ticket>();
    hold.monitor = text_of(holder.if_contains("monitor"));
    const json::value* score = holder.if_contains("score");
    hold.score = score ? saved_number(*score) : std::numeric_limits<double>::quiet_NaN();
    if (kept.monitor.empty()) {
      kept.monitor = hold.monitor;
      kept.score = hold.score;
    }
    kept.tickets.push_back(hold.ticket);
    (released.contains(hold.ticket) ? kept.let_go : kept.holds).push_back(std::move(hold));
  }
  return kept;
}

bool has_ticket(const Kept& kept, tenon_ticket ticket) {
  return std::find(kept.tickets.begin(), kept.tickets.end(), ticket) != kept.tickets.end();
}

/// The host saved it, for weights that no other checkpoint had.
bool is_hosts_own(const RunCheckpoint& c) {
  const json::array& holders = c.document.at("holders").as_array();
  return !holders.empty() && std::all_of(holders.begin(), holders.end(), [](const json::value& holder) {
    return text_of(&holder.as_object().at("callback")) == SaveRequest::host_id;
  });
}

/// Where the run had come to its end before: what it ended with is not removed until it has another end.
void adopt_final(const std::vector<RunCheckpoint>& found, Adoption& adopted) {
  if (std::any_of(adopted.refs.begin(), adopted.refs.end(), [](const RefRequest& r) { return r.ref == final_ref; }))
    return;
  for (const RunCheckpoint& c : found) {
    if (std::find(c.refs.begin(), c.refs.end(), final_ref) == c.refs.end()) continue;
    for (const Kept& kept : adopted.checkpoints)
      if (kept.path == c.path && !kept.holds.empty() && kept.holds.front().by)
        adopted.refs.push_back({kept.holds.front().by, std::string(final_ref), kept.tickets.front()});
  }
}

}  // namespace

Adoption adopt(const std::vector<RunCheckpoint>& found, std::uint64_t sequence, const SavedRequests& requests,
               const chain::Chain& chain) {
  Adoption adopted;
  adopted.sequence = sequence;
  for (const RunCheckpoint& c : found) {
    if (std::find(c.refs.begin(), c.refs.end(), final_ref) != c.refs.end()) adopted.final_refs.push_back(c.folder);
    if (c.left_behind || c.sequence > sequence)
      adopted.left_behind.push_back({c.folder, c.name});
    else if (is_hosts_own(c))
      adopted.left_behind.push_back({c.folder, c.name, false, true});
    else
      adopted.checkpoints.push_back(kept_from(c, requests.released, chain));
  }
  for (const RefRequest& r : requests.refs)
    if (checkpoint_of(r.ticket, adopted)) adopted.refs.push_back(r);
  adopt_final(found, adopted);
  return adopted;
}

std::vector<EndedTicket> ends_of_open_tickets(const SavedRequests& requests, const std::vector<Kept>& checkpoints) {
  std::vector<EndedTicket> ends;
  for (const OpenTicket& open : requests.open) {
    if (open.ended) {
      ends.push_back(*open.ended);
      continue;
    }
    EndedTicket ended{open.by, open.request, open.ticket, TENON_TICKET_WITHDRAWN, TENON_OK, "", "", ""};
    ended.reason = "the run was interrupted before it was carried out";
    if (open.request == TENON_REQUEST_SAVE) {
      const auto kept = std::find_if(checkpoints.begin(), checkpoints.end(),
                                     [&](const Kept& k) { return has_ticket(k, open.ticket); });
      const bool durable = kept != checkpoints.end();
      ended.outcome = durable ? TENON_TICKET_DONE : TENON_TICKET_FAILED;
      ended.status = durable ? TENON_OK : TENON_E_IO;
      if (durable) ended.path = kept->path.native();
      ended.reason = durable ? "" : "the run was interrupted before it was on disk";
    }
    ends.push_back(std::move(ended));
  }
  return ends;
}

const Kept* checkpoint_of(tenon_ticket ticket, const Adoption& adopted) {
  for (const Kept& kept : adopted.checkpoints)
    if (has_ticket(kept, ticket)) return &kept;
  return nullptr;
}

namespace {

const RunCheckpoint* checkpoint_at(const std::filesystem::path& path, const std::vector<RunCheckpoint>& found) {
  const auto at = std::find_if(found.begin(), found.end(), [&](const RunCheckpoint& c) { return c.path == path; });
  return at == found.end() ? nullptr : &*at;
}

/// Where each ref is to point, and whether it does.
std::vector<std::pair<RefRequest, bool>> refs_on_disk(const Adoption& adopted,
                                                      const std::vector<RunCheckpoint>& found) {
  std::map<std::pair<std::filesystem::path, std::string>, RefRequest> newest;
  for (const RefRequest& r : adopted.refs)
    newest.insert_or_assign({checkpoint_of(r.ticket, adopted)->folder, r.ref}, r);
  std::vector<std::pair<RefRequest, bool>> all;
  for (const auto& [ref, request] : newest) {
    const std::vector<std::string>& there = checkpoint_at(checkpoint_of(request.ticket, adopted)->path, found)->refs;
    all.emplace_back(request, std::find(there.begin(), there.end(), request.ref) != there.end());
  }
  return all;
}

std::string reason_of(const RunCheckpoint& c, tenon_ticket ticket) {
  for (const json::value& holder : c.document.at("holders").as_array())
    if (holder.as_object().at("ticket").to_number<tenon_ticket>() == ticket)
      return text_of(holder.as_object().if_contains("reason"));
  return {};
}

}  // namespace

std::vector<RefRequest> refs_to_move(const Adoption& adopted, const std::vector<RunCheckpoint>& found) {
  std::vector<RefRequest> moves;
  for (const auto& [request, is_there] : refs_on_disk(adopted, found))
    if (!is_there) moves.push_back(request);
  return moves;
}

Untold untold_of(const std::vector<EndedTicket>& ends, const Adoption& adopted,
                 const std::vector<RunCheckpoint>& found) {
  Untold untold;
  std::set<tenon_ticket> told_with;
  for (const EndedTicket& end : ends) {
    if (end.request != TENON_REQUEST_SAVE || end.outcome != TENON_TICKET_DONE || end.owner->id() == recovery_id)
      continue;
    const Kept* kept = checkpoint_of(end.ticket, adopted);
    if (!kept) continue;
    told_with.insert(end.ticket);
    const auto same = std::find_if(untold.saves.begin(), untold.saves.end(),
                                   [&](const UntoldSave& one) { return one.checkpoint.path == kept->path; });
    UntoldSave& save = same == untold.saves.end() ? untold.saves.emplace_back(UntoldSave{*kept, {}}) : *same;
    save.asked_by.push_back({end.owner, reason_of(*checkpoint_at(kept->path, found), end.ticket)});
  }
  for (const auto& [request, is_there] : refs_on_disk(adopted, found))
    if (is_there && told_with.contains(request.ticket)) untold.refs.push_back(request);
  return untold;
}

}  // namespace tenon::loop
