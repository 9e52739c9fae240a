// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/kept_weights.hpp"

#include <tenon/services/tensors.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <stdexcept>

#include "checkpoint/memory.hpp"
#include "loop/lazy_copy.hpp"

namespace tenon::loop {

namespace json = boost::json;

struct KeptCopy::Memory {
  explicit Memory(std::size_t bytes) : data(checkpoint::allocate(std::max<std::size_t>(bytes, 1))), size(bytes) {}
  checkpoint::Memory data;
  std::size_t size;
  std::atomic<std::uint32_t> readers{0};  // snapshots; the writer's thread ends them
};

namespace {

constexpr std::size_t alignment = 64;
std::size_t aligned(std::size_t bytes) { return (bytes + alignment - 1) / alignment * alignment; }

void fill(KeptCopy& kept, std::span<const EngineTensor> from,
          const std::function<void(const tenon_tensor_view&, void*)>& copy) {
  std::size_t needed = 0;
  for (const EngineTensor& tensor : from) needed += aligned(bytes_of(tensor.view));
  const bool fits = kept.memory && kept.memory->size >= needed && kept.memory->readers.load() == 0;
  if (!fits) kept.memory = std::make_shared<KeptCopy::Memory>(needed);
  kept.weights.clear();
  std::byte* to = kept.memory->data.get();
  for (const EngineTensor& tensor : from) {
    const tenon_tensor_view& view = tensor.view;
    const std::size_t bytes = bytes_of(view);
    if (bytes > 0) copy(view, to);
    kept.weights.push_back(
        {std::string(tensor.name), to_dtype(view.dtype), {view.shape, view.shape + view.ndim}, {to, bytes}});
    to += aligned(bytes);
  }
}

}  // namespace

void KeptWeights::keep(Engine& engine, const WeightRequest& request, const tenon_progress& progress) {
  std::vector<EngineTensor> weights;
  for (const std::int32_t group : {TENON_TENSORS_PARAMETERS, TENON_TENSORS_BUFFERS})
    for (std::uint64_t i = 0, n = engine.tensor_count(group); i < n; ++i) weights.push_back(engine.tensor(group, i));
  KeptCopy kept;
  if (const auto before = by_callback_.find(request.by->id()); before != by_callback_.end()) {
    kept.memory = std::move(before->second.memory);
    by_callback_.erase(before);
  }
  kept.ticket = request.ticket;
  kept.sequence = progress.sequence;
  kept.epoch = progress.epoch;
  kept.step = progress.step;
  kept.reason = request.reason;
  fill(kept, weights, [&](const tenon_tensor_view& view, void* to) { engine.copy_out(view, to); });
  by_callback_.emplace(request.by->id(), std::move(kept));
}

const KeptCopy* KeptWeights::find(const chain::Callback& by) const {
  const auto found = by_callback_.find(by.id());
  return found == by_callback_.end() ? nullptr : &found->second;
}

void KeptWeights::add_to(CallbackTensors& more) const {
  for (const auto& [id, kept] : by_callback_) {
    for (const checkpoint::TensorRecord& weight : kept.weights) {
      more.lent.push_back(weight);
      more.lent.back().name = std::string(kept_prefix) + id + "/" + weight.name;
    }
    ++kept.memory->readers;
    more.lenders.emplace_back(kept.memory->data.get(), [memory = kept.memory](const void*) { --memory->readers; });
  }
}

json::array KeptWeights::document() const {
  json::array all;
  for (const auto& [id, kept] : by_callback_)
    all.push_back({{"callback", id},
                   {"ticket", kept.ticket},
                   {"sequence", kept.sequence},
                   {"epoch", kept.epoch},
                   {"step", kept.step},
                   {"reason", kept.reason}});
  return all;
}

std::map<std::string, KeptCopy> KeptWeights::read(const json::object& document,
                                                  const std::vector<checkpoint::TensorRecord>& records) {
  std::map<std::string, KeptCopy> all;
  const json::value* list = document.if_contains("kept");
  if (list == nullptr) return all;
  for (const json::value& one : list->as_array()) {
    const std::string id(one.at("callback").as_string());
    const std::string prefix = std::string(kept_prefix) + id + "/";
    KeptCopy kept;
    kept.ticket = one.at("ticket").to_number<tenon_ticket>();
    kept.sequence = one.at("sequence").to_number<std::uint64_t>();
    kept.epoch = one.at("epoch").to_number<std::uint64_t>();
    kept.step = one.at("step").to_number<std::uint64_t>();
    kept.reason = one.at("reason").as_string();
    std::vector<EngineTensor> weights;
    for (const checkpoint::TensorRecord& record : records)
      if (record.name.starts_with(prefix)) {
        weights.push_back(to_engine_tensor(record));
        weights.back().name.remove_prefix(prefix.size());
      }
    fill(kept, weights, [](const tenon_tensor_view& view, void* to) { std::memcpy(to, view.data, bytes_of(view)); });
    all.emplace(id, std::move(kept));
  }
  return all;
}

void KeptWeights::adopt(const std::map<std::string, KeptCopy>& read, chain::Chain& chain) {
  for (const auto& [id, kept] : read)
    if (chain.find(id)) by_callback_.insert_or_assign(id, kept);
}

}  // namespace tenon::loop
