// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "chain/abi.hpp"
#include "loop/services/services.hpp"
#include "loop/tensor_math.hpp"

namespace tenon::loop {

namespace {

using chain::AbiError;
using chain::guard;

/// The tensor must be in main memory: the callback's own, the emitter's, or a snapshot's copy.
std::shared_ptr<HostTensor> host_tensor(const tenon_host* host, tenon_tensor tensor) {
  if (!TensorTable::is_host(tensor))
    throw AbiError(
        TENON_E_UNSUPPORTED,
        "this version computes with snapshots' copies and with what allocate() gave, not with the live tensors");
  return on_any_thread(host).services.tensors->host(tensor);
}

std::shared_ptr<HostTensor> writable(const tenon_host* host, tenon_tensor tensor) {
  std::shared_ptr<HostTensor> t = host_tensor(host, tensor);
  if (!t->writable) throw AbiError(TENON_E_INVALID_ARGUMENT, "the tensor '" + t->name + "' is to be read only");
  return t;
}

tenon_status TENON_CALL copy(const tenon_host* host, const tenon_tensor* to, const tenon_tensor* from,
                             std::uint64_t count, tenon_error* error) {
  return guard(error, [&] {
    for (std::uint64_t i = 0; i < count; ++i)
      copy_numbers(writable(host, to[i])->view(), host_tensor(host, from[i])->view());
  });
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
                                          &unsupported,
                                          &unsupported,
                                          &scale,
                                          &unsupported,
                                          &unsupported,
                                          &unsupported,
                                          &unsupported,
                                          &unsupported,
                                          &unsupported};

}  // namespace tenon::loop
