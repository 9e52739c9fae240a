// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/requests.hpp"

#include <algorithm>

#include "chain/abi.hpp"

namespace tenon::loop {

void Requests::require_open() const {
  const std::lock_guard lock(mutex_);
  require_open_locked();
}

void Requests::require_open_locked() const {
  if (!open_)
    throw chain::AbiError(TENON_E_WRONG_STATE, "the last commit point has passed: nothing can be asked for any more");
}

tenon_ticket Requests::stop(chain::Callback& by, std::string_view reason) {
  const std::lock_guard lock(mutex_);
  require_open_locked();
  const tenon_ticket ticket = next_++;
  for (StopRequest& s : stops_) {
    if (s.by != &by) continue;
    ended_.push_back({&by, TENON_REQUEST_STOP, s.ticket, TENON_TICKET_REPLACED, TENON_OK, "", "", s.reason});
    s = {ticket, &by, std::string(reason)};
    return ticket;
  }
  stops_.push_back({ticket, &by, std::string(reason)});
  return ticket;
}

bool Requests::withdraw(chain::Callback& by, tenon_ticket ticket, std::string_view reason) {
  const std::lock_guard lock(mutex_);
  const auto mine = [&](const auto& r) { return r.by == &by && r.ticket == ticket; };
  const auto end = [&](std::int32_t request) {
    ended_.push_back({&by, request, ticket, TENON_TICKET_WITHDRAWN, TENON_OK, "", "", std::string(reason)});
  };
  if (std::erase_if(stops_, mine)) {
    end(TENON_REQUEST_STOP);
    return true;
  }
  if (std::erase_if(options, mine)) {
    end(TENON_REQUEST_OPTIMIZER);
    return true;
  }
  const auto asked = std::find_if(weights.begin(), weights.end(), mine);
  if (asked != weights.end()) {
    end(asked->request);
    weights.erase(asked);
    return true;
  }
  if (!std::erase_if(saves, mine)) return false;
  end(TENON_REQUEST_SAVE);
  return true;
}

tenon_ticket Requests::save(SaveRequest request) {
  const std::lock_guard lock(mutex_);
  require_open_locked();
  request.ticket = next_++;
  savers_.add(request.ticket, request.by);
  saves.push_back(std::move(request));
  return saves.back().ticket;
}

tenon_ticket Requests::option(OptionRequest request) {
  const std::lock_guard lock(mutex_);
  require_open_locked();
  request.ticket = next_++;
  const auto replaced = [&](const OptionRequest& older) {
    if (older.optimizer != request.optimizer || older.group != request.group || older.index != request.index)
      return false;
    ended_.push_back({older.by, TENON_REQUEST_OPTIMIZER, older.ticket, TENON_TICKET_REPLACED, TENON_OK, "", "",
                      "'" + request.by->id() + "' asked for another value: " + request.reason});
    return true;
  };
  std::erase_if(options, replaced);
  options.push_back(std::move(request));
  return options.back().ticket;
}

tenon_ticket Requests::weight_request(WeightRequest request) {
  const std::lock_guard lock(mutex_);
  require_open_locked();
  request.ticket = next_++;
  std::erase_if(weights, [&](const WeightRequest& older) {
    if (older.by != request.by || older.request != request.request) return false;
    ended_.push_back({older.by, older.request, older.ticket, TENON_TICKET_REPLACED, TENON_OK, "", "", older.reason});
    return true;
  });
  weights.push_back(std::move(request));
  return weights.back().ticket;
}

const SaveRequest* Requests::find_save(tenon_ticket ticket) const {
  const auto it = std::find_if(saves.begin(), saves.end(), [&](const SaveRequest& s) { return s.ticket == ticket; });
  return it == saves.end() ? nullptr : &*it;
}

void Requests::end(EndedTicket ended) {
  const std::lock_guard lock(mutex_);
  ended_.push_back(std::move(ended));
}

std::vector<EndedTicket> Requests::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

std::vector<EndedTicket> Requests::take_ended(std::optional<std::int32_t> request) {
  std::vector<EndedTicket> taken, left;
  {
    const std::lock_guard lock(mutex_);
    for (EndedTicket& e : ended_) (!request || e.request == *request ? taken : left).push_back(std::move(e));
    ended_ = std::move(left);
  }
  std::stable_sort(taken.begin(), taken.end(), [](const auto& a, const auto& b) { return a.ticket < b.ticket; });
  return taken;
}

std::vector<StopRequest> Requests::take_stops() {
  const std::lock_guard lock(mutex_);
  return std::exchange(stops_, {});
}

void Requests::put_back(std::vector<StopRequest> stops) {
  const std::lock_guard lock(mutex_);
  for (StopRequest& older : stops) {
    const bool replaced = std::any_of(stops_.begin(), stops_.end(), [&](const auto& s) { return s.by == older.by; });
    if (replaced)
      ended_.push_back(
          {older.by, TENON_REQUEST_STOP, older.ticket, TENON_TICKET_REPLACED, TENON_OK, "", "", older.reason});
    else
      stops_.push_back(std::move(older));
  }
  std::stable_sort(stops_.begin(), stops_.end(), [](const auto& a, const auto& b) { return a.ticket < b.ticket; });
}

std::vector<StopRequest> Requests::pending_stops() const {
  const std::lock_guard lock(mutex_);
  return stops_;
}

bool Requests::withdraw_all(const std::string& reason, const chain::Callback* of) {
  const std::lock_guard lock(mutex_);
  const auto end_all = [&](auto& pending, std::int32_t request) {
    return std::erase_if(pending, [&](const auto& r) {
      if (of && r.by != of) return false;
      ended_.push_back({r.by, request, r.ticket, TENON_TICKET_WITHDRAWN, TENON_OK, "", "", reason});
      return true;
    });
  };
  auto withdrawn = end_all(saves, TENON_REQUEST_SAVE) + end_all(options, TENON_REQUEST_OPTIMIZER) +
                   end_all(stops_, TENON_REQUEST_STOP);
  withdrawn += std::erase_if(weights, [&](const WeightRequest& r) {
    if (of && r.by != of) return false;
    ended_.push_back({r.by, r.request, r.ticket, TENON_TICKET_WITHDRAWN, TENON_OK, "", "", reason});
    return true;
  });
  return withdrawn > 0;
}

bool Requests::issued(const chain::Callback& by, tenon_ticket ticket) const { return savers_.find(ticket) == &by; }

void Requests::restore(tenon_ticket next, std::vector<StopRequest> stops,
                       std::vector<WeightRequest> weights_asked_for) {
  const std::lock_guard lock(mutex_);
  next_ = std::max(next_, next);
  stops_.insert(stops_.begin(), std::make_move_iterator(stops.begin()), std::make_move_iterator(stops.end()));
  weights.insert(weights.begin(), std::make_move_iterator(weights_asked_for.begin()),
                 std::make_move_iterator(weights_asked_for.end()));
}

void Requests::close() {
  const std::lock_guard lock(mutex_);
  open_ = false;
}

tenon_ticket Requests::next_ticket() const {
  const std::lock_guard lock(mutex_);
  return next_;
}

}  // namespace tenon::loop
