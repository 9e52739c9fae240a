// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The barrier on the plugin's side of a call: who is called is on record, and whatever is thrown becomes a status.
#ifndef TENON_CHAIN_PLUGIN_CALL_HPP
#define TENON_CHAIN_PLUGIN_CALL_HPP

#include <exception>
#include <string>

#include "chain/abi.hpp"
#include "chain/breadcrumb.hpp"
#include "chain/callback.hpp"

namespace tenon::chain {

/// Calls `call(tenon_error*)`, a function of the callback's that is none of its hooks; `function` and `step` are for
/// the breadcrumb. Throws AbiError when it does not answer TENON_OK. [any-thread]
template <class Call>
void call_plugin(const Callback& callback, const char* function, std::uint64_t step, Call&& call) {
  const Breadcrumb trail(callback.label().c_str(), function, step);
  tenon_error error;
  clear(error);
  tenon_status status = TENON_OK;
  try {
    status = call(&error);
  } catch (const std::exception& x) {
    status = fail(&error, TENON_E_EXCEPTION, std::string("it threw past its own barrier: ") + x.what());
  } catch (...) {
    status = fail(&error, TENON_E_EXCEPTION, "it threw something that says nothing about itself");
  }
  if (status == TENON_OK) return;
  const bool known = status < 0 && status >= TENON_E_EXCEPTION;
  throw AbiError(known ? status : TENON_E_FAILED, known ? std::string(reason_of(error))
                                                        : "it answered the unknown status " + std::to_string(status) +
                                                              ": " + std::string(reason_of(error)));
}

}  // namespace tenon::chain

#endif
