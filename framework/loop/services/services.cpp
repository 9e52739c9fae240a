// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/services/services.hpp"

#include "chain/abi.hpp"
#include "loop/pipeline.hpp"

namespace tenon::loop {

const void* LoopServices::service(std::string_view id) {
  if (id == TENON_SERVICE_RUN) return &run_service;
  if (id == TENON_SERVICE_RUN_INFO) return &run_info_service;
  if (id == TENON_SERVICE_METRICS) return &metrics_service;
  if (id == TENON_SERVICE_CHECKPOINTS) return &checkpoints_service;
  if (id == TENON_SERVICE_MODEL) return &model_service;
  if (id == TENON_SERVICE_OPTIMIZERS) return &optimizers_service;
  if (id == TENON_SERVICE_TASKS) return &tasks_service;
  if (id == TENON_SERVICE_TENSORS) return &tensors_service;
  if (id == TENON_SERVICE_TENSOR_OPS) return &tensor_ops_service;
  return nullptr;
}

tenon_tensor LoopServices::hold(chain::Callback& caller, const void* snapshot, tenon_tensor tensor) {
  if (!snapshot) throw chain::AbiError(TENON_E_WRONG_STATE, "hold() works in prepare() only, with its args->snapshot");
  return hold_in_snapshot(*static_cast<HeldSnapshot*>(const_cast<void*>(snapshot)), caller, tensor);
}

Caller on_loop_thread(const tenon_host* host) {
  chain::Callback& callback = chain::caller_on_loop_thread(host);
  return {callback, static_cast<LoopServices&>(callback.chain().provider())};
}

Caller on_any_thread(const tenon_host* host) {
  chain::Callback& callback = chain::callback_of(host);
  return {callback, static_cast<LoopServices&>(callback.chain().provider())};
}

}  // namespace tenon::loop
