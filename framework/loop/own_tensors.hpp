// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Tensors of callbacks' own: part of every full checkpoint, and given back when a run goes on.
#ifndef TENON_LOOP_OWN_TENSORS_HPP
#define TENON_LOOP_OWN_TENSORS_HPP

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "chain/chain.hpp"
#include "checkpoint/content.hpp"
#include "loop/tensor_table.hpp"

namespace tenon::loop {

/// In training.safetensors: callbacks/<id>/<name>. An id has no '/'.
inline constexpr std::string_view own_tensor_prefix = "callbacks/";
std::string own_tensor_name(const HostTensor& tensor);

/// Copied from a checkpoint's record, whose name begins with own_tensor_prefix. Throws std::exception where it does not
/// name a callback and a tensor.
std::shared_ptr<HostTensor> own_tensor_from(const checkpoint::TensorRecord& record);

/// "F32 [64, 10]"
std::string shape_text(const HostTensor& tensor);

/// [loop-thread] In main memory, also where the model is on a device. By the callback's id, then by name; those of a
/// checkpoint that their callback has not asked for yet are among them.
class OwnTensors {
 public:
  explicit OwnTensors(TensorTable& table) : table_(table) {}
  OwnTensors(const OwnTensors&) = delete;
  OwnTensors& operator=(const OwnTensors&) = delete;

  /// What a checkpoint has of the chain's callbacks; that of others is dropped.
  void adopt(const std::vector<std::shared_ptr<HostTensor>>& restored, chain::Chain& chain);
  /// The restored one of this name, which from here on is asked for; 0 where there is none. Throws chain::AbiError
  /// (TENON_E_INVALID_ARGUMENT) where it has another shape or type than `wanted`, and where the callback has made or
  /// been given one of this name before.
  tenon_tensor take_restored(const HostTensor& wanted);
  /// Of a new tensor; its owner and name are set.
  tenon_tensor add(std::shared_ptr<HostTensor> tensor);
  /// Throws chain::AbiError (TENON_E_INVALID_ARGUMENT) where it is not this callback's.
  void drop(const chain::Callback& by, tenon_tensor tensor);

  std::vector<tenon_tensor> list(const chain::Callback& of) const;
  /// 0 where there is none.
  tenon_tensor find(const chain::Callback& of, std::string_view name) const;

  /// For a full snapshot. The bytes are borrowed until the callback's next hook.
  std::vector<checkpoint::TensorRecord> records() const;

 private:
  struct Own {
    std::shared_ptr<HostTensor> tensor;
    tenon_tensor handle = 0;
    bool asked_for = true;
  };
  using ByName = std::map<std::string, Own, std::less<>>;
  const ByName* of(const chain::Callback& callback) const;

  TensorTable& table_;
  std::map<std::string, ByName, std::less<>> all_;
};

}  // namespace tenon::loop

#endif
