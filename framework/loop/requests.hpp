// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What callbacks have asked for and no commit point has carried out yet. Knows no disk and no engine.
#ifndef TENON_LOOP_REQUESTS_HPP
#define TENON_LOOP_REQUESTS_HPP

#include <tenon/hooks.h>

#include <boost/json/object.hpp>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chain/chain.hpp"
#include "loop/recent_tickets.hpp"

namespace tenon::loop {

/// One step of a save's pipeline, resolved to the callback that offers it.
struct TransformUse {
  std::string name;
  std::string options_json;  ///< defaults filled in
  const chain::Transform* transform = nullptr;
  bool operator==(const TransformUse& o) const { return transform == o.transform && options_json == o.options_json; }
};

struct SaveRequest {
  tenon_ticket ticket = 0;
  chain::Callback* by = nullptr;
  std::int32_t kind = TENON_CHECKPOINT_FULL;
  std::filesystem::path folder;  ///< absolute
  std::string name;              ///< wanted, without ".ckpt"
  std::string reason;
  std::string monitor;
  double score = 0.0;      ///< NaN: none
  std::uint64_t step = 0;  ///< at which it was asked for
  boost::json::object metadata;
  std::vector<TransformUse> transforms;
  std::uint32_t flags = 0;  ///< TENON_SAVE_*
  /// The host saves what a restore for `by` has put back. Nobody is told of the ticket, and the host holds it.
  bool by_host = false;

  std::string_view holder() const { return by_host ? host_id : std::string_view(by->id()); }
  static constexpr std::string_view host_id = "tenon:host";
};

/// Weights to be kept, or put back.
struct WeightRequest {
  tenon_ticket ticket = 0;
  chain::Callback* by = nullptr;
  std::int32_t request = TENON_REQUEST_KEEP;  ///< or TENON_REQUEST_RESTORE, which alone has a scope, when and from
  std::int32_t scope = 0, when = 0;           ///< TENON_RESTORE_*
  std::filesystem::path from;                 ///< absolute; empty: what was kept
  std::string reason;
  tenon_ticket copy = 0;  ///< in a resumed run, of the kept copy that has the weights of `from`; 0: none has
};

struct ReleaseRequest {
  chain::Callback* by = nullptr;
  tenon_ticket held = 0;
  tenon_ticket after = 0;
  std::string reason;
};

struct RefRequest {
  chain::Callback* by = nullptr;
  std::string ref;
  tenon_ticket ticket = 0;
};

struct BestRequest {
  chain::Callback* by = nullptr;
  tenon_ticket ticket = 0;
};

struct StopRequest {
  tenon_ticket ticket = 0;
  chain::Callback* by = nullptr;
  std::string reason;
};

/// Another value for a setting of an optimizer, as Engine::set_optimizer_option takes it.
struct OptionRequest {
  tenon_ticket ticket = 0;
  chain::Callback* by = nullptr;
  std::uint32_t optimizer = 0, group = 0, index = 0;
  double value = 0.0;
  std::string reason;
};

/// How a request ended; told to its owner by on_ticket.
struct EndedTicket {
  chain::Callback* owner = nullptr;
  std::int32_t request = TENON_REQUEST_SAVE;
  tenon_ticket ticket = 0;
  std::int32_t outcome = TENON_TICKET_DONE;
  tenon_status status = TENON_OK;
  std::string path;
  std::string by;
  std::string reason;
};

class Requests {
 public:
  /// [any-thread] Replaces a pending stop of the same callback. Throws chain::AbiError (TENON_E_WRONG_STATE) once
  /// closed.
  tenon_ticket stop(chain::Callback& by, std::string_view reason);
  /// [loop-thread] False when no request of this callback is pending under the ticket.
  bool withdraw(chain::Callback& by, tenon_ticket ticket, std::string_view reason);
  /// [loop-thread] Numbers and keeps it. Throws once closed.
  tenon_ticket save(SaveRequest request);
  /// [loop-thread] Numbers and keeps it; replaces a pending one for the same setting. Throws once closed.
  tenon_ticket option(OptionRequest request);
  /// [loop-thread] Numbers and keeps it; replaces a pending one of the same kind and callback. Throws once closed.
  tenon_ticket weight_request(WeightRequest request);
  /// [any-thread] Throws chain::AbiError (TENON_E_WRONG_STATE) once closed.
  void require_open() const;

  /// [loop-thread] The save that is still pending under the ticket, or nullptr.
  const SaveRequest* find_save(tenon_ticket ticket) const;

  // [loop-thread]
  std::vector<SaveRequest> saves;
  std::vector<OptionRequest> options;
  std::vector<WeightRequest> weights;  ///< in the order of tickets
  std::vector<ReleaseRequest> releases;
  std::vector<RefRequest> refs;
  std::vector<BestRequest> bests;
  /// [loop-thread] Nothing is to be written, moved or removed.
  bool disk_is_left_alone() const { return saves.empty() && releases.empty() && refs.empty(); }

  /// [any-thread]
  void end(EndedTicket ended);
  /// [loop-thread] What has ended and is not taken yet.
  std::vector<EndedTicket> ended() const;
  /// [loop-thread] What has ended since the last call, in the order of tickets; with `request`, of that kind alone.
  std::vector<EndedTicket> take_ended(std::optional<std::int32_t> request = std::nullopt);

  /// [loop-thread]
  std::vector<StopRequest> take_stops();
  /// [loop-thread] Stops that cannot be carried out yet. One whose callback has asked anew meanwhile ends REPLACED.
  void put_back(std::vector<StopRequest> stops);
  std::vector<StopRequest> pending_stops() const;
  /// [loop-thread] What a resumed run begins with: `next` is the first ticket of its own.
  void restore(tenon_ticket next, std::vector<StopRequest> stops, std::vector<WeightRequest> weights_asked_for);
  /// [loop-thread] Every request still pending ends WITHDRAWN; with `of`, that callback's alone. False where
  /// there is none.
  bool withdraw_all(const std::string& reason, const chain::Callback* of = nullptr);
  /// [loop-thread] Whether this callback has asked for a save under the ticket, one of the last RecentTickets::count.
  bool issued(const chain::Callback& by, tenon_ticket ticket) const;

  /// [loop-thread] Of an earlier attempt: issued() knows it.
  void remember_save(chain::Callback& by, tenon_ticket ticket) { savers_.add(ticket, &by); }

  /// [loop-thread]
  void close();
  tenon_ticket next_ticket() const;

 private:
  void require_open_locked() const;

  mutable std::mutex mutex_;  // of all below, which any thread may touch
  std::vector<StopRequest> stops_;
  std::vector<EndedTicket> ended_;
  tenon_ticket next_ = 1;
  bool open_ = true;
  RecentTickets<const chain::Callback*> savers_;  // [loop-thread] whose save a ticket is or was
};

}  // namespace tenon::loop

#endif
