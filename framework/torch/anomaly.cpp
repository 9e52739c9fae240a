// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/anomaly.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/core/ivalue.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/isnan.h>

#include <cmath>
#include <stdexcept>

namespace tenon::torch_engine {
namespace {

// LibTorch's callbacks are plain functions: the watch of this thread.
thread_local ForwardWatch* watching = nullptr;

bool all_finite(const at::Tensor& tensor) {
  return !tensor.defined() || !(tensor.is_floating_point() || tensor.is_complex()) || tensor.numel() == 0 ||
         at::isfinite(tensor).all().item().toBool();
}

/// Infinities that are put there on purpose, as attention masks are.
bool places_constants(std::string_view operation) {
  for (const char* known : {"aten::masked_fill", "aten::full", "aten::fill_", "aten::where", "aten::triu", "aten::tril",
                            "aten::scalar_tensor", "aten::empty", "aten::new_"})
    if (operation.starts_with(known)) return true;
  return false;
}

template <class Body>
void each_tensor(const c10::IValue& value, const Body& body) {
  if (value.isTensor()) {
    body(value.toTensor());
  } else if (value.isTensorList()) {
    for (const at::Tensor& tensor : value.toTensorVector()) body(tensor);
  }
}

}  // namespace

ForwardWatch::ForwardWatch(const Model& model)
    : model_(model),
      handle_(at::addThreadLocalCallback(at::RecordFunctionCallback(&before, &after)
                                             .needsInputs(true)
                                             .needsOutputs(true)
                                             .scopes({at::RecordScope::FUNCTION}))) {
  watching = this;
}

ForwardWatch::~ForwardWatch() {
  watching = nullptr;
  at::removeCallback(handle_);
}

std::unique_ptr<at::ObserverContext> ForwardWatch::before(const at::RecordFunction& function) {
  ForwardWatch* const watch = watching;
  if (watch == nullptr || watch->looking_) return nullptr;
  for (const c10::IValue& input : function.inputs())
    each_tensor(input, [&](const at::Tensor& tensor) {
      const std::string* name = tensor.defined() ? watch->model_.name_of(tensor) : nullptr;
      if (name != nullptr)
        watch->layer_ = name->substr(0, name->rfind('.') == std::string::npos ? 0 : name->rfind('.'));
    });
  return nullptr;
}

void ForwardWatch::after(const at::RecordFunction& function, at::ObserverContext*) {
  ForwardWatch* const watch = watching;
  if (watch == nullptr || watch->looking_ || (watch->nan_ && watch->infinity_)) return;
  watch->looking_ = true;
  watch->look(function);
  watch->looking_ = false;
}

void ForwardWatch::look(const at::RecordFunction& function) {
  const at::NoGradGuard no_gradients;
  for (const c10::IValue& output : function.outputs())
    each_tensor(output, [&](const at::Tensor& tensor) {
      if (all_finite(tensor)) return;
      const bool has_nan = at::isnan(tensor).any().item().toBool();
      if (!has_nan && places_constants(function.name())) return;
      std::optional<Seen>& seen = has_nan ? nan_ : infinity_;
      if (seen) return;
      seen = Seen{function.name(), layer_};
      if (!has_nan) infinity_came_first_ = !nan_;
    });
}

std::string ForwardWatch::cause_of(double loss) const {
  const auto text = [](const Seen& seen) {
    return seen.operation +
           (seen.layer.empty() ? ", before any layer was used" : ", in or after layer '" + seen.layer + "'");
  };
  const std::optional<Seen>& first = std::isnan(loss) && nan_ ? nan_ : infinity_ ? infinity_ : nan_;
  if (!first) return "";
  std::string cause = text(*first);
  if (std::isnan(loss) && nan_ && infinity_ && infinity_came_first_)
    cause += "; an infinity came before that, from " + text(*infinity_);
  return cause;
}

void check_batch(const Batch& batch) {
  for (std::size_t i = 0; i < batch.tensors.size(); ++i)
    if (!all_finite(batch.tensors[i]))
      throw std::runtime_error("detect_anomaly: tensor " + std::to_string(i) +
                               " of the batch holds numbers that are not finite: the data are to be mended");
}

void check_gradients(const Model& model) {
  std::string names;
  for (const NamedTensor& named : model.parameters())
    if (!all_finite(named.tensor.grad())) names += (names.empty() ? "'" : ", '") + named.name + "'";
  if (!names.empty())
    throw std::runtime_error("detect_anomaly: the gradient is not finite of " + names +
                             "; a smaller learning rate or gradient_clip_val helps where it exploded");
}

}  // namespace tenon::torch_engine
