// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/own_tensors.hpp"

#include <cstring>
#include <stdexcept>

#include "chain/abi.hpp"
#include "loop/snapshot.hpp"

namespace tenon::loop {

using chain::AbiError;

std::string own_tensor_name(const HostTensor& tensor) {
  return std::string(own_tensor_prefix) + tensor.owner + "/" + tensor.name;
}

std::shared_ptr<HostTensor> own_tensor_from(const checkpoint::TensorRecord& record) {
  const std::string_view rest = std::string_view(record.name).substr(own_tensor_prefix.size());
  const std::size_t slash = rest.find('/');
  if (slash == 0 || slash == std::string_view::npos || slash + 1 == rest.size())
    throw std::invalid_argument("the tensor '" + record.name + "' names no callback and no tensor of it");
  auto tensor = std::make_shared<HostTensor>();
  tensor->owner = rest.substr(0, slash);
  tensor->name = rest.substr(slash + 1);
  tensor->dtype = from_dtype(record.dtype);
  tensor->storage.resize(tensor->set_shape(record.shape));
  if (!tensor->storage.empty()) std::memcpy(tensor->storage.data(), record.bytes.data(), tensor->storage.size());
  tensor->writable = true;
  return tensor;
}

std::string shape_text(const HostTensor& tensor) {
  std::string text(checkpoint::name(to_dtype(tensor.dtype)));
  text += " [";
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) text += (i ? ", " : "") + std::to_string(tensor.shape[i]);
  return text + "]";
}

void OwnTensors::adopt(const std::vector<std::shared_ptr<HostTensor>>& restored, chain::Chain& chain) {
  for (const std::shared_ptr<HostTensor>& tensor : restored)
    if (chain.find(tensor->owner)) all_[tensor->owner][tensor->name] = {tensor, table_.add(tensor), false};
}

tenon_tensor OwnTensors::take_restored(const HostTensor& wanted) {
  const auto of = all_.find(wanted.owner);
  if (of == all_.end()) return 0;
  const auto found = of->second.find(wanted.name);
  if (found == of->second.end()) return 0;
  Own& own = found->second;
  const std::string what = "callback '" + wanted.owner + "': its tensor '" + wanted.name + "'";
  if (own.asked_for) throw AbiError(TENON_E_INVALID_ARGUMENT, what + " is there already: drop() it first");
  const std::string saved = shape_text(*own.tensor), now = shape_text(wanted);
  if (saved != now)
    throw AbiError(TENON_E_INVALID_ARGUMENT, what + " is " + saved + " in the checkpoint and " + now +
                                                 " now: find() and drop() the saved one, or give it another name");
  own.asked_for = true;
  return own.handle;
}

tenon_tensor OwnTensors::add(std::shared_ptr<HostTensor> tensor) {
  Own& own = all_[tensor->owner][tensor->name];
  own = {tensor, table_.add(tensor), true};
  return own.handle;
}

void OwnTensors::drop(const chain::Callback& by, tenon_tensor tensor) {
  if (const auto of = all_.find(by.id()); of != all_.end())
    for (auto it = of->second.begin(); it != of->second.end(); ++it) {
      if (it->second.handle != tensor) continue;
      table_.drop(tensor);
      of->second.erase(it);
      return;
    }
  throw AbiError(TENON_E_INVALID_ARGUMENT,
                 "callback '" + by.id() + "' has no tensor of its own with the handle " + std::to_string(tensor));
}

const OwnTensors::ByName* OwnTensors::of(const chain::Callback& callback) const {
  const auto found = all_.find(callback.id());
  return found == all_.end() ? nullptr : &found->second;
}

std::vector<tenon_tensor> OwnTensors::list(const chain::Callback& callback) const {
  std::vector<tenon_tensor> handles;
  if (const ByName* own = of(callback))
    for (const auto& [name, one] : *own) handles.push_back(one.handle);
  return handles;
}

tenon_tensor OwnTensors::find(const chain::Callback& callback, std::string_view name) const {
  const ByName* own = of(callback);
  if (!own) return 0;
  const auto found = own->find(name);
  return found == own->end() ? 0 : found->second.handle;
}

std::vector<checkpoint::TensorRecord> OwnTensors::records() const {
  std::vector<checkpoint::TensorRecord> records;
  for (const auto& [id, own] : all_)
    for (const auto& [name, one] : own)
      records.push_back(
          {own_tensor_name(*one.tensor), to_dtype(one.tensor->dtype), one.tensor->shape, one.tensor->bytes()});
  return records;
}

}  // namespace tenon::loop
