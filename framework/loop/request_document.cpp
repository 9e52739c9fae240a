// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/request_document.hpp"

#include <boost/json/array.hpp>

#include "loop/account.hpp"
#include "loop/saved_json.hpp"

namespace tenon::loop {

namespace json = boost::json;

namespace {

json::object open_json(const chain::Callback& by, tenon_ticket ticket, std::int32_t request) {
  return {{"ticket", ticket}, {"callback", by.id()}, {"request", request}};
}

json::object open_save(const chain::Callback& by, tenon_ticket ticket, const std::filesystem::path& folder,
                       const std::string& name, const RunFacts& facts) {
  json::object o = open_json(by, ticket, TENON_REQUEST_SAVE);
  o["folder"] = relative_to_run(facts, folder);
  o["name"] = name;
  return o;
}

json::object leaving_json(const chain::Callback& by, tenon_ticket held, const std::string& reason, const Kept& kept,
                          const RunFacts& facts) {
  return {{"callback", by.id()},       {"held", held},
          {"reason", reason},          {"folder", relative_to_run(facts, kept.folder)},
          {"name", kept.name},         {"kind", kept.kind},
          {"sequence", kept.sequence}, {"epoch", kept.epoch},
          {"step", kept.step},         {"flags", kept.flags},
          {"monitor", kept.monitor},   {"score", kept.score}};
}

json::array leaving(const Requests& requests, const Ledger& ledger, const RunFacts& facts) {
  std::map<tenon_ticket, ReleaseRequest> releases = ledger.being_released();
  for (const ReleaseRequest& r : requests.releases) releases.emplace(r.held, r);
  std::map<tenon_ticket, json::object> all;
  for (const auto& [held, r] : releases) {
    const auto writing = ledger.being_written().find(held);
    const Kept* kept = writing == ledger.being_written().end() ? ledger.find(held) : &writing->second;
    if (kept) all.emplace(held, leaving_json(*r.by, held, r.reason, *kept, facts));
  }
  for (const Kept* kept : ledger.unheld())
    for (const Hold& hold : kept->let_go)
      if (hold.by) all.emplace(hold.ticket, leaving_json(*hold.by, hold.ticket, kept->last_release, *kept, facts));
  json::array in_order;
  for (auto& [held, one] : all) in_order.push_back(std::move(one));
  return in_order;
}

json::object ref_json(const RefRequest& r) { return {{"callback", r.by->id()}, {"ref", r.ref}, {"ticket", r.ticket}}; }

json::array open_tickets(const std::vector<const SaveRequest*>& saves, const Requests& requests, const Ledger& ledger,
                         const RunFacts& facts) {
  json::array open;
  for (const auto& [ticket, kept] : ledger.being_written())
    for (const Hold& hold : kept.holds)
      if (hold.ticket == ticket && hold.by) open.push_back(open_save(*hold.by, ticket, kept.folder, kept.name, facts));
  for (const SaveRequest* save : saves) {
    if (save->by_host) continue;
    open.push_back(open_save(*save->by, save->ticket, save->folder, save->name, facts));
  }
  for (const SaveRequest& save : requests.saves)  // asked for while this commit point's were decided on
    open.push_back(open_save(*save.by, save.ticket, save.folder, save.name, facts));
  for (const OptionRequest& option : requests.options)
    open.push_back(open_json(*option.by, option.ticket, TENON_REQUEST_OPTIMIZER));
  for (const EndedTicket& ended : requests.ended()) {
    json::object o = open_json(*ended.owner, ended.ticket, ended.request);
    o["outcome"] = ended.outcome;
    o["status"] = ended.status;
    o["path"] = ended.path;
    o["by"] = ended.by;
    o["reason"] = ended.reason;
    open.push_back(std::move(o));
  }
  return open;
}

std::string text(const json::object& o, std::string_view key) {
  const json::value* value = o.if_contains(key);
  return value ? std::string(value->as_string()) : std::string();
}

tenon_ticket ticket_of(const json::object& o, std::string_view key) { return o.at(key).to_number<tenon_ticket>(); }

std::optional<EndedTicket> ended_of(const json::object& o, const OpenTicket& open) {
  const json::value* outcome = o.if_contains("outcome");
  if (!outcome) return std::nullopt;
  EndedTicket ended{open.by, open.request, open.ticket, outcome->to_number<std::int32_t>(), TENON_OK, "", "", ""};
  if (const json::value* status = o.if_contains("status")) ended.status = status->to_number<tenon_status>();
  ended.path = text(o, "path");
  if (ended.path.empty() && ended.outcome == TENON_TICKET_DONE && !open.name.empty())
    ended.path = (open.folder / (open.name + ".ckpt")).native();
  ended.by = text(o, "by");
  ended.reason = text(o, "reason");
  return ended;
}

Leaving leaving_of(chain::Callback& by, const json::object& o, const SavedRequests& saved, const RunFacts& facts) {
  Leaving leaving{&by, ticket_of(o, "held"), text(o, "reason"), {}};
  Kept& kept = leaving.checkpoint;
  kept.folder = (facts.run_folder / text(o, "folder")).lexically_normal();
  kept.name = text(o, "name");
  for (const OpenTicket& open : saved.open)  // what it was called when it was written
    if (open.ticket == leaving.held && open.ended && !open.name.empty()) kept.name = open.name;
  kept.path = kept.folder / (kept.name + ".ckpt");
  kept.kind = o.at("kind").to_number<std::int32_t>();
  kept.sequence = o.at("sequence").to_number<std::uint64_t>();
  kept.epoch = o.at("epoch").to_number<std::uint64_t>();
  kept.step = o.at("step").to_number<std::uint64_t>();
  kept.flags = o.at("flags").to_number<std::uint32_t>();
  kept.monitor = text(o, "monitor");
  kept.score = saved_number(o.at("score"));
  return leaving;
}

/// What is still being written, or could not be, is not on its way out.
bool was_durable(tenon_ticket ticket, const SavedRequests& saved) {
  for (const OpenTicket& open : saved.open)
    if (open.ticket == ticket) return open.ended && open.ended->outcome == TENON_TICKET_DONE;
  return true;
}

}  // namespace

json::object request_document(const std::vector<const SaveRequest*>& saves, const Requests& requests,
                              const Ledger& ledger, const RunFacts& facts) {
  json::array releases, refs, bests;
  for (const ReleaseRequest& r : requests.releases)
    releases.push_back({{"callback", r.by->id()}, {"held", r.held}, {"after", r.after}, {"reason", r.reason}});
  for (const RefRequest& r : requests.refs) refs.push_back(ref_json(r));
  for (const auto& [callback, ticket] : ledger.best)
    bests.push_back({{"callback", callback->id()}, {"ticket", ticket}});
  for (const BestRequest& b : requests.bests) bests.push_back({{"callback", b.by->id()}, {"ticket", b.ticket}});
  json::object o;
  o["open"] = open_tickets(saves, requests, ledger, facts);
  o["releases"] = std::move(releases);
  o["refs"] = std::move(refs);
  o["bests"] = std::move(bests);
  o["leaving"] = leaving(requests, ledger, facts);
  return o;
}

void complete_request_document(json::object& document,
                               const std::function<std::optional<WrittenOutcome>(tenon_ticket)>& outcome,
                               const std::set<tenon_ticket>& released, const std::vector<RefRequest>& refs) {
  json::object& requests = document.at("requests").as_object();
  for (json::value& one : requests.at("open").as_array()) {
    json::object& open = one.as_object();
    if (open.contains("outcome") || open.at("request").to_number<std::int32_t>() != TENON_REQUEST_SAVE) continue;
    const std::optional<WrittenOutcome> known = outcome(ticket_of(open, "ticket"));
    if (!known) continue;
    open["outcome"] = static_cast<std::int32_t>(known->durable ? TENON_TICKET_DONE : TENON_TICKET_FAILED);
    open["status"] = static_cast<tenon_status>(known->durable ? TENON_OK : known->why.status);
    if (!known->name.empty()) open["name"] = known->name;
    if (!known->durable) open["reason"] = known->why.reason;
  }
  json::array& moves = requests.at("refs").as_array();
  json::array all;
  for (const RefRequest& r : refs) all.push_back(ref_json(r));
  all.insert(all.end(), moves.begin(), moves.end());
  moves = std::move(all);
  json::array tickets(released.begin(), released.end());
  requests["released"] = std::move(tickets);
}

SavedRequests read_request_document(const json::object& document, chain::Chain& chain, const RunFacts& facts) {
  const json::object& requests = document.at("requests").as_object();
  SavedRequests read;
  const auto each = [&](std::string_view key, const auto& take) {
    for (const json::value& one : requests.at(key).as_array()) {
      const json::object& o = one.as_object();
      if (chain::Callback* by = chain.find(std::string_view(o.at("callback").as_string()))) take(*by, o);
    }
  };
  each("open", [&](chain::Callback& by, const json::object& o) {
    OpenTicket open{&by, ticket_of(o, "ticket"), o.at("request").to_number<std::int32_t>(), {}, text(o, "name"), {}};
    if (o.contains("folder")) open.folder = (facts.run_folder / text(o, "folder")).lexically_normal();
    open.ended = ended_of(o, open);
    read.open.push_back(std::move(open));
  });
  each("releases", [&](chain::Callback& by, const json::object& o) {
    read.releases.push_back({&by, ticket_of(o, "held"), ticket_of(o, "after"), text(o, "reason")});
  });
  each("refs", [&](chain::Callback& by, const json::object& o) {
    read.refs.push_back({&by, text(o, "ref"), ticket_of(o, "ticket")});
  });
  each("bests", [&](chain::Callback& by, const json::object& o) {
    read.bests.push_back({&by, ticket_of(o, "ticket")});
  });
  for (const json::value& ticket : requests.at("released").as_array())
    read.released.insert(ticket.to_number<tenon_ticket>());
  if (requests.contains("leaving"))
    each("leaving", [&](chain::Callback& by, const json::object& o) {
      if (was_durable(ticket_of(o, "held"), read)) read.leaving.push_back(leaving_of(by, o, read, facts));
    });
  return read;
}

}  // namespace tenon::loop
