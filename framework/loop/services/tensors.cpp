// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <tenon/utf8.hpp>

#include <cstring>
#include <limits>
#include <string>

#include "chain/abi.hpp"
#include "loop/services/services.hpp"
#include "loop/tensor_math.hpp"

namespace tenon::loop {

namespace {

using chain::AbiError;
using chain::guard;

std::uint64_t engine_count(Caller& c, std::int32_t group) {
  if (!c.services.fit_started || group < TENON_TENSORS_PARAMETERS || group > TENON_TENSORS_BUFFERS) return 0;
  return c.services.engine->tensor_count(group);
}

std::vector<tenon_tensor> own_tensors(const Caller& c) {
  return c.services.fit_started ? c.services.own_tensors->list(c.callback) : std::vector<tenon_tensor>{};
}

std::uint64_t TENON_CALL count(const tenon_host* host, std::int32_t group) {
  try {
    Caller c = on_loop_thread(host);
    return group == TENON_TENSORS_OWN ? own_tensors(c).size() : engine_count(c, group);
  } catch (...) {
    return 0;
  }
}

tenon_status TENON_CALL list(const tenon_host* host, std::int32_t group, tenon_tensor* out, std::uint64_t capacity,
                             std::uint64_t* written, tenon_error* error) {
  return guard(error, [&] {
    Caller c = on_loop_thread(host);
    if (group == TENON_TENSORS_OWN) {
      const std::vector<tenon_tensor> own = own_tensors(c);
      const std::uint64_t n = std::min<std::uint64_t>(own.size(), capacity);
      std::copy_n(own.begin(), n, out);
      if (written) *written = n;
      return;
    }
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
    if (group == TENON_TENSORS_OWN && c.services.fit_started)
      if (const tenon_tensor own = c.services.own_tensors->find(c.callback, chain::from_text(name)); own != 0) {
        *out = own;
        return;
      }
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

tenon_status TENON_CALL values(const tenon_host* host, const tenon_tensor* tensors, std::uint64_t count, double* out,
                               std::uint64_t capacity, tenon_error* error) {
  return guard(error, [&] {
    on_loop_thread(host);
    std::vector<ReadableTensor> read;
    std::uint64_t numbers = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      read.push_back(readable(host, tensors[i]));
      numbers += element_count(read.back().view);
    }
    if (numbers > capacity)
      throw AbiError(TENON_E_INVALID_ARGUMENT, "these tensors have " + std::to_string(numbers) +
                                                   " numbers, and there is room for " + std::to_string(capacity));
    for (const ReadableTensor& tensor : read) {
      read_numbers(tensor.view, out);
      out += element_count(tensor.view);
    }
  });
}

tenon_status TENON_CALL stream(const tenon_host*, tenon_device device, void** out, tenon_error* error) {
  if (device.type != TENON_DEVICE_CPU)
    return chain::fail(error, TENON_E_UNSUPPORTED, "this version of Tenon shows the queue of no device yet");
  *out = nullptr;
  return TENON_OK;
}

/// Without numbers yet.
std::shared_ptr<HostTensor> wanted_tensor(const Caller& c, tenon_text name, const tenon_tensor_view& like,
                                          tenon_dtype dtype) {
  auto wanted = std::make_shared<HostTensor>();
  wanted->owner = c.callback.id();
  wanted->name = chain::from_text(name);
  if (wanted->name.empty() || !is_utf8(wanted->name))
    throw AbiError(TENON_E_INVALID_ARGUMENT, "a tensor's name is a text in UTF-8 that is not empty");
  wanted->dtype = dtype.bits == 0 ? like.dtype : dtype;
  try {
    to_dtype(wanted->dtype);
  } catch (const std::invalid_argument& unknown) {
    throw AbiError(TENON_E_INVALID_ARGUMENT, "the tensor '" + wanted->name + "': " + unknown.what());
  }
  wanted->set_shape({like.shape, like.shape + like.ndim});
  wanted->writable = true;
  return wanted;
}

tenon_status TENON_CALL create(const tenon_host* host, tenon_text name, tenon_tensor like, tenon_dtype dtype,
                               std::int32_t fill, tenon_tensor* out, std::uint32_t* restored, tenon_error* error) {
  return guard(error, [&] {
    Caller c = on_loop_thread(host);
    if (!c.services.fit_started)
      throw AbiError(TENON_E_WRONG_STATE, "tensors can be created from on_fit_start on, not before");
    if (fill != TENON_FILL_ZERO && fill != TENON_FILL_COPY)
      throw AbiError(TENON_E_INVALID_ARGUMENT, "a tensor is filled by TENON_FILL_ZERO or TENON_FILL_COPY");
    tenon_tensor_view shape{};
    if (TensorTable::is_host(like))
      shape = c.services.tensors->host(like)->view();
    else
      shape = engine_tensor(c, like).view;
    const std::shared_ptr<HostTensor> wanted = wanted_tensor(c, name, shape, dtype);
    const tenon_tensor saved = c.services.own_tensors->take_restored(*wanted);
    if (saved == 0) {
      wanted->storage.resize(wanted->set_shape(wanted->shape));
      if (fill == TENON_FILL_COPY) copy_numbers(wanted->view(), readable(host, like).view);
    }
    *out = saved ? saved : c.services.own_tensors->add(wanted);
    if (restored) *restored = saved ? 1 : 0;
  });
}

tenon_status TENON_CALL drop(const tenon_host* host, tenon_tensor tensor, tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    c.services.own_tensors->drop(c.callback, tensor);
  });
}

}  // namespace

EngineTensor engine_tensor(Caller& c, tenon_tensor tensor) {
  const EngineHandle handle = TensorTable::engine_tensor(tensor);
  if (handle.index >= engine_count(c, handle.group))
    throw AbiError(TENON_E_INVALID_ARGUMENT, "no tensor has the handle " + std::to_string(tensor));
  return c.services.engine->tensor(handle.group, handle.index);
}

ReadableTensor readable(const tenon_host* host, tenon_tensor tensor) {
  if (TensorTable::is_host(tensor)) {
    const std::shared_ptr<const HostTensor> own = on_any_thread(host).services.tensors->host(tensor);
    return {own->view(), own};
  }
  Caller c = on_loop_thread(host);
  const EngineTensor live = engine_tensor(c, tensor);
  if (!live.present) throw AbiError(TENON_E_NOT_FOUND, "'" + std::string(live.name) + "' has no gradient now");
  if (is_plain(live.view)) return {live.view, nullptr};
  auto copy = std::make_shared<HostTensor>();
  copy->dtype = live.view.dtype;
  copy->storage.resize(copy->set_shape({live.view.shape, live.view.shape + live.view.ndim}));
  c.services.engine->copy_out(live.view, copy->storage.data());
  return {copy->view(), copy};
}

const tenon_tensors tensors_service{
    sizeof(tenon_tensors), 0, &count, &list, &find, &info, &view, &values, &stream, &create, &drop};

}  // namespace tenon::loop
