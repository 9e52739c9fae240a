// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A transform that holds the writer thread up for as long as a test wants, so that nothing depends on how fast a disk
// is. It emits what it is given.
#ifndef TENON_TESTS_LOOP_GATE_HPP
#define TENON_TESTS_LOOP_GATE_HPP

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "saves.hpp"

namespace tenon::tests {

/// One test at a time.
struct Gate {
  std::atomic<bool> open{true};
  std::atomic<int> applied{0}, destroyed{0};
  std::atomic<bool> fails{false};
  std::thread::id prepared_on, applied_on, destroyed_on;

  void close() {
    open = false;
    fails = false;
    applied = destroyed = 0;
  }
};
inline Gate gate;

namespace gate_transform {

inline tenon_status TENON_CALL prepare(tenon_callback*, const tenon_prepare_args*, tenon_job**, tenon_error*) {
  gate.prepared_on = std::this_thread::get_id();
  return TENON_OK;
}
inline tenon_status TENON_CALL apply(tenon_job*, const tenon_apply_args* args, tenon_error* error) {
  ++gate.applied;
  gate.open.wait(false);
  gate.applied_on = std::this_thread::get_id();
  if (gate.fails) return detail::fail(error, TENON_E_FAILED, "the gate fails");
  return args->out->emit(args->out, args->name, args->in, error);
}
inline void TENON_CALL destroy_job(tenon_job*) {
  gate.destroyed_on = std::this_thread::get_id();
  ++gate.destroyed;
}

}  // namespace gate_transform

inline void open_gate() {
  gate.open = true;
  gate.open.notify_all();
}

/// The probe offers the transform "gate"; before the run.
inline void offer_gate(Probe& p) {
  p.at_create = [&p] {
    tenon_transform table{};
    table.struct_size = sizeof table;
    table.name = text("gate");
    table.prepare = &gate_transform::prepare;
    table.apply = &gate_transform::apply;
    table.destroy_job = &gate_transform::destroy_job;
    Transforms(Host(p.host)).offer(table);
  };
}

/// A weights-only checkpoint whose writing the gate holds up.
inline tenon_ticket save_through_gate(const Probe& p, const std::string& name) {
  const std::vector<tenon_transform_use> uses = {{text("gate"), text("")}};
  tenon_save_request r = Checkpoints::save(TENON_CHECKPOINT_WEIGHTS, name, "because");
  Checkpoints::transforms(r, uses);
  return Checkpoints(Host(p.host)).request(r);
}

}  // namespace tenon::tests

#endif
