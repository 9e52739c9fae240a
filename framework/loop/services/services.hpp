// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The services whose data the loop owns: run, run_info, metrics, checkpoints, model, optimizers, tensors,
// tensor_ops, tasks.
#ifndef TENON_LOOP_SERVICES_SERVICES_HPP
#define TENON_LOOP_SERVICES_SERVICES_HPP

#include <tenon/services.h>

#include <optional>
#include <vector>

#include "chain/chain.hpp"
#include "loop/commit_point.hpp"
#include "loop/own_tensors.hpp"
#include "loop/tasks.hpp"

namespace tenon::loop {

/// What the tables of the services answer from. Made before the chain; `commit_point` is set once there is one.
class LoopServices final : public chain::ServiceProvider {
 public:
  const void* service(std::string_view id) override;
  tenon_tensor hold(chain::Callback& caller, const void* snapshot, tenon_tensor tensor) override;

  Engine* engine = nullptr;
  MetricStore* metrics = nullptr;
  Requests* requests = nullptr;
  Ledger* ledger = nullptr;
  TensorTable* tensors = nullptr;
  OwnTensors* own_tensors = nullptr;
  Tasks* tasks = nullptr;
  CommitPoint* commit_point = nullptr;
  const RunFacts* facts = nullptr;
  const Clock* clock = nullptr;
  const tenon_progress* progress = nullptr;
  std::optional<std::vector<ModuleInfo>> modules;  ///< once a callback has asked; its texts stay until the end
  bool fit_started = false;     ///< from before on_fit_start on: tensors may be looked at, batch counts are known
  bool start_is_over = false;   ///< on_fit_start has returned: monitor and claim are refused
  bool notes_are_over = false;  ///< on_fit_end is over, and what was noted is told
};

/// Whose call it is, and the services behind it.
struct Caller {
  chain::Callback& callback;
  LoopServices& services;
};
/// Throws chain::AbiError (TENON_E_WRONG_THREAD) where the caller is on another thread than the loop's.
Caller on_loop_thread(const tenon_host* host);
Caller on_any_thread(const tenon_host* host);

/// Throws chain::AbiError (TENON_E_INVALID_ARGUMENT) for what is no handle of the engine's.
EngineTensor engine_tensor(Caller& caller, tenon_tensor tensor);
/// A tensor's numbers row-major in main memory: itself where it lies so, else a copy.
struct ReadableTensor {
  tenon_tensor_view view;
  std::shared_ptr<const HostTensor> memory;  ///< that the view is of, where it is not the engine's own
};
/// On the loop thread any tensor, elsewhere those in main memory. Throws chain::AbiError.
ReadableTensor readable(const tenon_host* host, tenon_tensor tensor);

extern const tenon_run run_service;
extern const tenon_run_info run_info_service;
extern const tenon_metrics metrics_service;
extern const tenon_checkpoints checkpoints_service;
extern const tenon_tensors tensors_service;
extern const tenon_model model_service;
extern const tenon_optimizers optimizers_service;
extern const tenon_tasks tasks_service;
extern const tenon_tensor_ops tensor_ops_service;

}  // namespace tenon::loop

#endif
