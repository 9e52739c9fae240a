// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/snapshot.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <mutex>
#include <new>
#include <stdexcept>

namespace tenon::loop {

namespace {

using checkpoint::DType;

struct Pair {
  std::uint8_t code, bits;
  DType dtype;
};
constexpr std::array<Pair, 14> pairs{{{TENON_DTYPE_BOOL, 8, DType::boolean},
                                      {TENON_DTYPE_UINT, 8, DType::u8},
                                      {TENON_DTYPE_INT, 8, DType::i8},
                                      {TENON_DTYPE_INT, 16, DType::i16},
                                      {TENON_DTYPE_UINT, 16, DType::u16},
                                      {TENON_DTYPE_FLOAT, 16, DType::f16},
                                      {TENON_DTYPE_BFLOAT, 16, DType::bf16},
                                      {TENON_DTYPE_INT, 32, DType::i32},
                                      {TENON_DTYPE_UINT, 32, DType::u32},
                                      {TENON_DTYPE_FLOAT, 32, DType::f32},
                                      {TENON_DTYPE_FLOAT, 64, DType::f64},
                                      {TENON_DTYPE_INT, 64, DType::i64},
                                      {TENON_DTYPE_UINT, 64, DType::u64},
                                      {TENON_DTYPE_COMPLEX, 64, DType::c64}}};

constexpr std::size_t alignment = 64;
std::size_t aligned(std::size_t n) { return (n + alignment - 1) / alignment * alignment; }

}  // namespace

DType to_dtype(tenon_dtype dtype) {
  for (const Pair& p : pairs)
    if (p.code == dtype.code && p.bits == dtype.bits && dtype.lanes == 1) return p.dtype;
  throw std::invalid_argument("a tensor's type (DLPack code " + std::to_string(dtype.code) + ", " +
                              std::to_string(dtype.bits) + " bits) cannot be stored in a safetensors file");
}

tenon_dtype from_dtype(DType dtype) {
  for (const Pair& p : pairs)
    if (p.dtype == dtype) return {p.code, p.bits, 1};
  throw std::invalid_argument("a safetensors type that a tensor in memory cannot have");
}

std::uint64_t element_count(const tenon_tensor_view& view) {
  std::uint64_t n = 1;
  for (std::int32_t i = 0; i < view.ndim; ++i) n *= static_cast<std::uint64_t>(view.shape[i]);
  return n;
}

/// The memory of two snapshots. Outlives the pool where a snapshot does.
class Snapshots::Arenas : public std::enable_shared_from_this<Arenas> {
 public:
  /// One that nobody uses, of `bytes` at the least; nullptr when there is none and `wait` is false.
  std::shared_ptr<std::byte> lease(std::size_t bytes, bool wait) {
    std::unique_lock lock(mutex_);
    const auto unused = [&] { return std::find_if(all_.begin(), all_.end(), [](const Arena& a) { return !a.used; }); };
    if (wait) freed_.wait(lock, [&] { return unused() != all_.end(); });
    const auto arena = unused();
    if (arena == all_.end()) return nullptr;
    bytes = std::max<std::size_t>(bytes, 1);
    if (arena->size < bytes) {
      arena->memory.reset();  // first, so that there are never three
      arena->memory.reset(static_cast<std::byte*>(::operator new(bytes, page)));
      arena->size = bytes;
    }
    arena->used = true;
    return {arena->memory.get(), [self = shared_from_this(), &used = arena->used](std::byte*) {
              const std::lock_guard guard(self->mutex_);
              used = false;
              self->freed_.notify_one();
            }};
  }

 private:
  static constexpr std::align_val_t page{4096};
  struct Delete {
    void operator()(std::byte* memory) const { ::operator delete(memory, page); }
  };
  struct Arena {
    std::unique_ptr<std::byte, Delete> memory;
    std::size_t size = 0;
    bool used = false;
  };
  std::mutex mutex_;
  std::condition_variable freed_;
  std::array<Arena, 2> all_;
};

/// A tensor, and where its copy goes or is.
struct Snapshots::Source {
  EngineTensor tensor;
  bool training;      // a part of the training state, not of the model
  std::size_t index;  // in its list
  std::size_t offset = 0, bytes = 0;
  const checkpoint::TensorRecord* copied = nullptr;  // of the snapshot before
};

Snapshots::Snapshots() : arenas_(std::make_shared<Arenas>()) {}

void Snapshots::wait() {
  if (latest_) latest_->wait();
  latest_.reset();
}

std::size_t Snapshots::plan(std::vector<Source>& sources) const {
  std::size_t end = 0;
  for (Source& s : sources) {
    s.copied = nullptr;
    if (latest_ && s.tensor.only_in_step) {
      const auto& before = s.training ? latest_->training() : latest_->model();
      if (s.index < before.size() && before[s.index].name == s.tensor.name) s.copied = &before[s.index];
    }
    if (s.copied) continue;
    s.bytes = element_count(s.tensor.view) * (s.tensor.view.dtype.bits / 8u);
    s.offset = end;
    end = aligned(end + s.bytes);
  }
  return end;
}

/// What a second commit point of a step adds to the first one's copy is little as a rule, and then needs no arena.
/// Where it is much and no arena is left, everything is copied anew: waiting while holding one could be for ever.
std::shared_ptr<std::byte> Snapshots::memory_for(std::vector<Source>& sources) {
  constexpr std::size_t little = 1 << 20;
  std::size_t needed = plan(sources);
  if (std::any_of(sources.begin(), sources.end(), [](const Source& s) { return s.copied; })) {
    if (needed <= little) {
      const std::shared_ptr<std::byte[]> own(new std::byte[needed + 1]);
      return {own, own.get()};
    }
    if (auto arena = arenas_->lease(needed, false)) return arena;
  }
  latest_.reset();
  needed = plan(sources);
  return arenas_->lease(needed, true);
}

std::shared_ptr<const Snapshot> Snapshots::take(Engine& engine, bool full) {
  auto made = std::make_shared<Snapshot>();
  std::vector<Source> sources;
  made->parameters_ = engine.tensor_count(TENON_TENSORS_PARAMETERS);
  for (const std::int32_t group : {TENON_TENSORS_PARAMETERS, TENON_TENSORS_BUFFERS})
    for (std::uint64_t i = 0, n = engine.tensor_count(group); i < n; ++i)
      sources.push_back({engine.tensor(group, i), false, sources.size()});
  if (full) {
    std::vector<EngineTensor> state;
    engine.training_state(state, made->document_);
    for (std::size_t i = 0; i < state.size(); ++i) sources.push_back({state[i], true, i});
  }
  const std::shared_ptr<std::byte> memory = memory_for(sources);
  for (const Source& s : sources) {
    auto& records = s.training ? made->training_ : made->model_;
    if (s.copied) {
      records.push_back(*s.copied);
      continue;
    }
    const tenon_tensor_view& view = s.tensor.view;
    std::byte* to = memory.get() + s.offset;
    records.push_back(
        {std::string(s.tensor.name), to_dtype(view.dtype), {view.shape, view.shape + view.ndim}, {to, s.bytes}});
    if (s.bytes) engine.copy_out(view, to);
  }
  made->memory_.push_back(memory);
  if (latest_) made->memory_.insert(made->memory_.end(), latest_->memory_.begin(), latest_->memory_.end());
  latest_ = made;
  return made;
}

}  // namespace tenon::loop
