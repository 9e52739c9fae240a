// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "chain/abi.hpp"
#include "loop/services/services.hpp"

namespace tenon::loop {

namespace {

using chain::AbiError;
using chain::guard;

const char* const not_yet = "this version of Tenon does not carry this out yet";

std::uint64_t engine_count(Caller& c, std::int32_t group) {
  if (!c.services.fit_started || group < TENON_TENSORS_PARAMETERS || group > TENON_TENSORS_BUFFERS) return 0;
  return c.services.engine->tensor_count(group);
}

EngineTensor engine_tensor(Caller& c, tenon_tensor tensor) {
  const EngineHandle handle = TensorTable::engine_tensor(tensor);
  if (handle.index >= engine_count(c, handle.group))
    throw AbiError(TENON_E_INVALID_ARGUMENT, "no tensor has the handle " + std::to_string(tensor));
  return c.services.engine->tensor(handle.group, handle.index);
}

std::uint64_t TENON_CALL count(const tenon_host* host, std::int32_t group) {
  try {
    Caller c = on_loop_thread(host);
    return engine_count(c, group);
  } catch (...) {
    return 0;
  }
}

tenon_status TENON_CALL list(const tenon_host* host, std::int32_t group, tenon_tensor* out, std::uint64_t capacity,
                             std::uint64_t* written, tenon_error* error) {
  return guard(error, [&] {
    Caller c = on_loop_thread(host);
    const std::uint64_t n = std::min(engine_count(c, group), capacity);
    for (std::uint64_t i = 0; i < n; ++i)
      out[i] = c.services.engine->tensor(group, i).present ? TensorTable::engine_handle(group, i) : 0;
    if (written) *written = n;
  });
}

tenon_status TENON_CALL find(const tenon_host* host, std::int32_t group, tenon_text name, tenon_tensor* out,
                             tenon_error* error) {
  return guard(error, [&] {
    Caller c = on_loop_thread(host);
    for (std::uint64_t i = 0, n = engine_count(c, group); i < n; ++i) {
      const EngineTensor t = c.services.engine->tensor(group, i);
      if (t.name != chain::from_text(name) || !t.present) continue;
      *out = TensorTable::engine_handle(group, i);
      return;
    }
    throw AbiError(TENON_E_NOT_FOUND,
                   "no tensor of this group is called '" + std::string(chain::from_text(name)) + "'");
  });
}

tenon_status TENON_CALL info(const tenon_host* host, tenon_tensor tensor, tenon_tensor_info* out, tenon_error* error) {
  return guard(error, [&] {
    Caller c = on_loop_thread(host);
    tenon_tensor_info i{};
    i.struct_size = sizeof i;
    tenon_tensor_view view{};
    std::shared_ptr<HostTensor> own;
    if (TensorTable::is_host(tensor)) {
      own = c.services.tensors->host(tensor);
      view = own->view();
      i.group = TENON_TENSORS_OWN;
      i.name = chain::to_text(own->name);
    } else {
      const EngineTensor t = engine_tensor(c, tensor);
      view = t.view;
      i.group = TensorTable::engine_tensor(tensor).group;
      i.name = c.callback.keep(std::string(t.name));
      i.trainable = t.trainable;
    }
    i.device = view.device;
    i.dtype = view.dtype;
    i.elements = element_count(view);
    i.bytes = i.elements * (view.dtype.bits / 8u);
    chain::fill_sized(out, i);
  });
}

tenon_status TENON_CALL view(const tenon_host* host, tenon_tensor tensor, tenon_tensor_view* out, tenon_error* error) {
  return guard(error, [&] {
    if (TensorTable::is_host(tensor)) {
      *out = on_any_thread(host).services.tensors->host(tensor)->view();
      return;
    }
    Caller c = on_loop_thread(host);
    const EngineTensor t = engine_tensor(c, tensor);
    if (!t.present) throw AbiError(TENON_E_NOT_FOUND, "'" + std::string(t.name) + "' has no gradient now");
    *out = t.view;
  });
}

tenon_status TENON_CALL values(const tenon_host*, const tenon_tensor*, std::uint64_t, double*, std::uint64_t,
                               tenon_error* error) {
  return chain::fail(error, TENON_E_UNSUPPORTED, not_yet);
}
tenon_status TENON_CALL stream(const tenon_host*, tenon_device device, void** out, tenon_error* error) {
  if (device.type != TENON_DEVICE_CPU) return chain::fail(error, TENON_E_UNSUPPORTED, not_yet);
  *out = nullptr;
  return TENON_OK;
}
tenon_status TENON_CALL create(const tenon_host*, tenon_text, tenon_tensor, tenon_dtype, std::int32_t, tenon_tensor*,
                               std::uint32_t*, tenon_error* error) {
  return chain::fail(error, TENON_E_UNSUPPORTED, not_yet);
}
tenon_status TENON_CALL drop(const tenon_host*, tenon_tensor, tenon_error* error) {
  return chain::fail(error, TENON_E_UNSUPPORTED, not_yet);
}

}  // namespace

const tenon_tensors tensors_service{
    sizeof(tenon_tensors), 0, &count, &list, &find, &info, &view, &values, &stream, &create, &drop};

}  // namespace tenon::loop
