// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/abi.hpp"
#include "loop/services/services.hpp"
#include "loop/tensor_math.hpp"

namespace tenon::loop {

namespace {

using chain::AbiError;
using chain::guard;

/// The callback's own, or what it has of a save.
std::shared_ptr<HostTensor> writable(const tenon_host* host, tenon_tensor tensor) {
  if (!TensorTable::is_host(tensor))
    throw AbiError(TENON_E_INVALID_ARGUMENT, "the training's own tensors are to be read only");
  const Caller c = on_any_thread(host);
  std::shared_ptr<HostTensor> t = c.services.tensors->host(tensor);
  if (!t->writable) throw AbiError(TENON_E_INVALID_ARGUMENT, "the tensor '" + t->name + "' is to be read only");
  if (!t->owner.empty() && t->owner != c.callback.id())
    throw AbiError(TENON_E_INVALID_ARGUMENT,
                   "the tensor '" + t->name + "' is callback '" + t->owner + "'s: to be read only");
  return t;
}

/// Calls body(to, from) for each pair of views.
template <class Body>
tenon_status for_pairs(const tenon_host* host, const tenon_tensor* to, const tenon_tensor* from, std::uint64_t count,
                       tenon_error* error, const Body& body) {
  return guard(error, [&] {
    for (std::uint64_t i = 0; i < count; ++i) {
      const ReadableTensor source = readable(host, from[i]);
      body(writable(host, to[i])->view(), source.view);
    }
  });
}

tenon_status TENON_CALL copy(const tenon_host* host, const tenon_tensor* to, const tenon_tensor* from,
                             std::uint64_t count, tenon_error* error) {
  return for_pairs(host, to, from, count, error, copy_numbers);
}

tenon_status TENON_CALL lerp(const tenon_host* host, const tenon_tensor* to, const tenon_tensor* from,
                             std::uint64_t count, double weight, tenon_error* error) {
  return for_pairs(host, to, from, count, error, [&](const auto& t, const auto& f) { lerp_numbers(t, f, weight); });
}

tenon_status TENON_CALL axpy(const tenon_host* host, const tenon_tensor* to, const tenon_tensor* from,
                             std::uint64_t count, double factor, tenon_error* error) {
  return for_pairs(host, to, from, count, error, [&](const auto& t, const auto& f) { add_numbers(t, f, factor); });
}

tenon_status TENON_CALL scale(const tenon_host* host, const tenon_tensor* to, std::uint64_t count, double factor,
                              tenon_error* error) {
  return guard(error, [&] {
    for (std::uint64_t i = 0; i < count; ++i) scale_numbers(writable(host, to[i])->view(), factor);
  });
}

template <class... Args>
tenon_status TENON_CALL unsupported(const tenon_host*, Args... args) {
  // The error is every function's last argument.
  tenon_error* error = std::get<sizeof...(Args) - 1>(std::tuple<Args...>(args...));
  return chain::fail(error, TENON_E_UNSUPPORTED, "this version of Tenon does not carry this operation out yet");
}

}  // namespace

const tenon_tensor_ops tensor_ops_service{sizeof(tenon_tensor_ops),
                                          0,
                                          &copy,
                                          &lerp,
                                          &axpy,
                                          &scale,
                                          &unsupported,
                                          &unsupported,
                                          &unsupported,
                                          &unsupported,
                                          &unsupported,
                                          &unsupported};

}  // namespace tenon::loop
