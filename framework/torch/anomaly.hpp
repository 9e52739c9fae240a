// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// detect_anomaly: which layer the first number came from that is not finite.
#ifndef TENON_TORCH_ANOMALY_HPP
#define TENON_TORCH_ANOMALY_HPP

#include <ATen/record_function.h>

#include <optional>
#include <string>
#include <tenon/data.hpp>

#include "torch/model.hpp"

namespace tenon::torch_engine {

/// While it lives, looks at what every operation of LibTorch on this thread gives, and remembers the first one that
/// made a NaN and the first that made an infinity; slow. An operation belongs to the layer whose parameter was last
/// used.
class ForwardWatch {
 public:
  explicit ForwardWatch(const Model& model);
  ~ForwardWatch();
  ForwardWatch(const ForwardWatch&) = delete;
  ForwardWatch& operator=(const ForwardWatch&) = delete;

  /// "aten::log, in or after layer 'encoder.0'" for a loss of this value; empty when nothing was seen.
  std::string cause_of(double loss) const;

 private:
  struct Seen {
    std::string operation, layer;
  };
  static std::unique_ptr<at::ObserverContext> before(const at::RecordFunction& function);
  static void after(const at::RecordFunction& function, at::ObserverContext* context);
  void look(const at::RecordFunction& function);

  const Model& model_;
  at::CallbackHandle handle_;
  std::string layer_;
  bool looking_ = false;  // its own operations are not looked at
  std::optional<Seen> nan_, infinity_;
  bool infinity_came_first_ = false;
};

/// Throws std::runtime_error when a tensor of the batch holds a number that is not finite.
void check_batch(const Batch& batch);
/// Throws std::runtime_error naming every parameter whose gradient holds a number that is not finite.
void check_gradients(const Model& model);

}  // namespace tenon::torch_engine

#endif
