// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// One save's transforms: prepared at the commit point, applied to the snapshot's copy, in order.
#ifndef TENON_LOOP_PIPELINE_HPP
#define TENON_LOOP_PIPELINE_HPP

#include <memory>
#include <vector>

#include "loop/requests.hpp"
#include "loop/snapshot.hpp"
#include "loop/tensor_table.hpp"

namespace tenon::loop {

/// What hold() reaches through tenon_prepare_args.snapshot.
struct HeldSnapshot {
  const std::shared_ptr<const Snapshot>& snapshot;
  TensorTable& table;
  std::vector<tenon_tensor> held;
};

class Pipeline {
 public:
  /// [loop-thread] Calls prepare() of every transform. Throws chain::AbiError naming the transform.
  Pipeline(std::vector<TransformUse> uses, const chain::Callback& requested_by,
           std::shared_ptr<const Snapshot> snapshot, TensorTable& table, const tenon_progress& progress);
  /// [writer-thread, loop-thread] Calls destroy_job() of every transform.
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  /// [writer-thread] What the transforms make of the snapshot; the bytes live as long as this. Throws chain::AbiError.
  std::vector<checkpoint::TensorRecord> run();
  /// [{"name":...,"options":...,"metadata":...}], complete after run().
  const boost::json::array& description() const { return description_; }

 private:
  void end() noexcept;
  struct Job {
    const TransformUse* use;
    tenon_job* job;
  };
  std::vector<TransformUse> uses_;
  std::shared_ptr<const Snapshot> snapshot_;
  TensorTable& table_;
  HeldSnapshot held_;
  std::uint64_t step_;
  std::vector<Job> jobs_;
  std::vector<std::shared_ptr<HostTensor>> results_;
  boost::json::array description_;
};

/// transforms/1.hold: a read-only handle on the snapshot's copy of an engine's tensor, or of one of `by`'s own.
tenon_tensor hold_in_snapshot(HeldSnapshot& held, const chain::Callback& by, tenon_tensor tensor);

}  // namespace tenon::loop

#endif
