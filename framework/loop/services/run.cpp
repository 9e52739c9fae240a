// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/abi.hpp"
#include "loop/services/services.hpp"

namespace tenon::loop {

namespace {

using chain::AbiError;
using chain::from_text;
using chain::guard;

tenon_status TENON_CALL request_stop(const tenon_host* host, tenon_text reason, tenon_ticket* ticket,
                                     tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_any_thread(host);
    const tenon_ticket made = c.services.requests->stop(c.callback, from_text(reason));
    if (ticket) *ticket = made;
  });
}

tenon_status TENON_CALL withdraw(const tenon_host* host, tenon_ticket ticket, tenon_text reason, tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    if (!c.services.requests->withdraw(c.callback, ticket, from_text(reason)))
      throw AbiError(TENON_E_NOT_FOUND,
                     "callback '" + c.callback.id() + "' has no pending request with ticket " + std::to_string(ticket));
  });
}

tenon_status TENON_CALL note(const tenon_host* host, std::int32_t action, tenon_text path, tenon_text reason,
                             tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    if (action != TENON_ACTION_SKIP && action != TENON_ACTION_WARN)
      throw AbiError(TENON_E_INVALID_ARGUMENT, "only TENON_ACTION_SKIP and TENON_ACTION_WARN can be noted");
    if (!c.services.commit_point) throw AbiError(TENON_E_WRONG_STATE, "nothing can be noted before on_setup");
    if (c.services.notes_are_over)
      throw AbiError(TENON_E_WRONG_STATE, "nothing can be noted after on_fit_end: nobody would be told");
    c.services.commit_point->note(c.callback, action, std::string(from_text(path)), std::string(from_text(reason)));
  });
}

std::int32_t TENON_CALL is_loop_thread(const tenon_host* host) {
  try {
    return chain::callback_of(host).chain().on_loop_thread() ? 1 : 0;
  } catch (...) {
    return 0;
  }
}

}  // namespace

const tenon_run run_service{sizeof(tenon_run), 0, &request_stop, &withdraw, &note, &is_loop_thread};

}  // namespace tenon::loop
