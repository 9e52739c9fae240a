// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A plugin with state as large as the model: a moving average of the weights, in tensors of its own.
#ifndef TENON_TESTS_LOOP_AVERAGE_HPP
#define TENON_TESTS_LOOP_AVERAGE_HPP

#include <tenon/plugin.hpp>

#include <vector>

namespace tenon::tests {

class Average {
 public:
  static constexpr const char* id = "org.tenon.tests.average";
  static constexpr const char* name = "average";
  static constexpr const char* version = "1.0.0";
  static constexpr const char* description = "Keeps a moving average of the weights";
  static constexpr const char* license = "Apache-2.0";

  explicit Average(tenon::Host host) : host_(host) {}

  void on_fit_start(const tenon_fit_start_args&) {
    weights_ = tenon::tensors(host_, TENON_TENSORS_PARAMETERS);
    for (const tenon_tensor weight : weights_)
      averages_.emplace_back(host_, tenon::tensor_name(host_, weight), weight, TENON_FILL_COPY);
  }
  void on_train_batch_end(const tenon_batch_args& args) {
    if (!(args.flags & TENON_BATCH_STEPPED)) return;
    const tenon::TensorOps ops(host_);
    for (std::size_t i = 0; i < weights_.size(); ++i) ops.lerp({averages_[i].handle()}, {weights_[i]}, 0.1);
  }

 private:
  tenon::Host host_;
  std::vector<tenon_tensor> weights_;
  std::vector<tenon::OwnTensor> averages_;
};

}  // namespace tenon::tests

#endif
