// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/tasks.hpp"

#include "chain/abi.hpp"
#include "chain/breadcrumb.hpp"
#include "loop/services/services.hpp"

namespace tenon::loop {

namespace {

using chain::AbiError;
using chain::guard;

tenon_status TENON_CALL submit(const tenon_host* host, tenon_task task, void* context, tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_any_thread(host);
    const bool loop_thread = c.callback.chain().on_loop_thread();
    if (!loop_thread && !c.services.tasks->on_worker_thread())
      throw AbiError(TENON_E_WRONG_THREAD,
                     "submit() is tagged [loop-thread, worker-thread] and was called on another thread");
    c.services.tasks->submit(c.callback, task, context,
                             loop_thread ? c.services.progress->step : chain::Breadcrumb::here().step);
  });
}

tenon_status TENON_CALL drain(const tenon_host* host, tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    c.services.tasks->drain(c.callback);
  });
}

}  // namespace

const tenon_tasks tasks_service{sizeof(tenon_tasks), 0, &submit, &drain};

}  // namespace tenon::loop
