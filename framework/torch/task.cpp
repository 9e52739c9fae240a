// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <tenon/task.hpp>

#include "torch/task_sink.hpp"

namespace tenon {
namespace {

double number_of(std::string_view name, const at::Tensor& value) {
  if (!value.defined() || value.numel() != 1)
    throw std::invalid_argument("metric '" + std::string(name) + "' is logged with a tensor of " +
                                std::to_string(value.defined() ? value.numel() : 0) +
                                " numbers: reduce it to one first");
  // The dispatcher's item() costs more than all the rest of logging.
  if (value.is_cpu() && value.scalar_type() == at::kFloat) return static_cast<double>(*value.const_data_ptr<float>());
  if (value.is_cpu() && value.scalar_type() == at::kDouble) return *value.const_data_ptr<double>();
  return value.item().toDouble();
}

}  // namespace

Task::~Task() = default;

void Task::validation_step(torch::nn::Module&, const Batch&) {}
std::vector<Loader> Task::validation_data() { return {}; }
std::vector<DeclaredMetric> Task::metrics() const { return {}; }
boost::json::object Task::hparams() const { return context_.config; }

void Task::log(std::string_view name, double value, const LogOptions& options) {
  if (sink_ != nullptr) sink_->log(name, value, options);
}

void Task::log(std::string_view name, const at::Tensor& value, const LogOptions& options) {
  if (sink_ != nullptr) sink_->log(name, number_of(name, value), options);
}

}  // namespace tenon
