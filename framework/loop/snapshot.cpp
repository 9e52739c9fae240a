// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/snapshot.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "chain/log.hpp"
#include "checkpoint/memory.hpp"

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

/// Below, handing a snapshot to another thread and back costs more than copying it.
constexpr std::size_t least_lazy = std::size_t{256} << 10;
/// Below, a tensor's copy costs no more than watching it would.
constexpr std::size_t least_lazy_tensor = 4096;
/// How closely writes are looked for, at every snapshot and, once for each run, beforehand.
constexpr std::size_t spacing = std::size_t{64} << 10, trial_spacing = 1024;

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

EngineTensor to_engine_tensor(const checkpoint::TensorRecord& record) {
  EngineTensor tensor;
  tensor.name = record.name;
  tensor.view.data = const_cast<std::byte*>(record.bytes.data());
  tensor.view.device = {TENON_DEVICE_CPU, 0};
  tensor.view.ndim = static_cast<std::int32_t>(record.shape.size());
  tensor.view.dtype = from_dtype(record.dtype);
  tensor.view.shape = record.shape.data();  // without strides: row-major
  return tensor;
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
  std::shared_ptr<std::byte> lease(Engine& engine, std::size_t bytes, bool wait) {
    std::unique_lock lock(mutex_);
    const auto unused = [&] { return std::find_if(all_.begin(), all_.end(), [](const Arena& a) { return !a.used; }); };
    if (wait) freed_.wait(lock, [&] { return unused() != all_.end(); });
    const auto arena = unused();
    if (arena == all_.end()) return nullptr;
    bytes = std::max<std::size_t>(bytes, 1);
    if (arena->size < bytes) {
      arena->memory.reset();  // first, so that there are never three
      arena->size = 0;
      arena->memory = engine.memory_for_copies(bytes);
      if (!arena->memory) arena->memory = {checkpoint::allocate(bytes).release(), checkpoint::FreeMemory()};
      arena->size = bytes;
    }
    arena->used = true;
    return {arena->memory.get(), [self = shared_from_this(), &used = arena->used](std::byte*) {
              const std::lock_guard guard(self->mutex_);
              used = false;
              self->freed_.notify_one();
            }};
  }

  /// Makes memory of `bytes` and touches each page of it: the first touch is what costs. Arenas in use are left alone.
  void warm_up(Engine& engine, std::size_t bytes) {
    std::array<std::shared_ptr<std::byte>, 2> leased;
    for (auto& arena : leased) {
      arena = lease(engine, bytes, false);
      if (!arena) return;
      for (std::size_t at = 0; at < bytes; at += checkpoint::page_size) arena.get()[at] = std::byte{0};
    }
  }

 private:
  struct Arena {
    std::shared_ptr<std::byte> memory;
    std::size_t size = 0;
    bool used = false;
  };
  std::mutex mutex_;
  std::condition_variable freed_;
  std::array<Arena, 2> all_;
};

void Snapshot::wait() const {
  for (const auto& copy : copies_) copy->wait();
}

void Snapshot::confirm() const {
  for (const auto& copy : copies_) copy->confirm();
}

/// A tensor, and where its copy goes or is.
struct Snapshots::Source {
  EngineTensor tensor;
  bool training;      // a part of the training state, not of the model
  std::size_t index;  // in its list
  std::size_t offset = 0, bytes = 0;
  bool in_main_memory = false;                       // row by row: a callback's
  const checkpoint::TensorRecord* copied = nullptr;  // of the snapshot before
  bool lazy = false;

  bool is_on_device() const { return !in_main_memory && !is_in_main_memory(tensor.view); }
};

Snapshots::Snapshots() : arenas_(std::make_shared<Arenas>()) {}

Snapshots::~Snapshots() { settle(); }

void Snapshots::refuse(const std::string& tensor) {
  written_elsewhere_ = true;
  if (std::exchange(laziness_, Laziness::refused) == Laziness::refused) return;
  chain::log(
      TENON_LOG_WARN, "",
      "'" + tensor +
          "' is written to outside of its optimizer's step, so what a checkpoint holds is copied before training "
          "goes on, not meanwhile: a save takes longer (told once)");
}

void Snapshots::prepare(Engine& engine) {
  if (is_prepared()) return;
  laziness_ = Laziness::refused;
  std::vector<EngineTensor> tensors;
  std::size_t bytes = std::size_t{1} << 20;  // for what is small
  try {
    engine.stepped_tensors(tensors);
  } catch (const std::exception&) {
    return;  // a save will tell
  }
  for (const EngineTensor& t : tensors) bytes += aligned(bytes_of(t.view));
  const std::size_t small = test ? test->least_tensor : least_lazy_tensor;
  std::erase_if(tensors, [&](const EngineTensor& t) {
    return (is_in_main_memory(t.view) && !is_plain(t.view)) || bytes_of(t.view) < small;
  });
  std::size_t lazy = 0;
  for (const EngineTensor& t : tensors) lazy += bytes_of(t.view);
  if (tensors.empty() || lazy < (test ? test->least : least_lazy)) return;
  trial_.emplace(engine, tensors, trial_spacing);
  if (!trial_->works()) return trial_.reset();
  for (std::uint64_t i = 0, n = engine.tensor_count(TENON_TENSORS_BUFFERS); i < n; ++i)
    bytes += aligned(bytes_of(engine.tensor(TENON_TENSORS_BUFFERS, i).view));
  laziness_ = Laziness::on_trial;
  try {
    copier_.submit([arenas = arenas_, &engine, bytes] {
      try {
        arenas->warm_up(engine, bytes);
      } catch (const std::exception&) {  // a save will tell
      }
    });
  } catch (const std::system_error&) {
    laziness_ = Laziness::refused;
  }
}

void Snapshots::settle() {
  for (const auto& copy : lazy_) {
    if (!copy->settle()) continue;
    if (copy->is_torn()) refuse(copy->torn_by());
    if (test && !copy->is_torn()) ++test->whole;
  }
  compare_settled(false);
}

void Snapshots::settle_if_copied() {
  if (std::all_of(lazy_.begin(), lazy_.end(), [](const auto& copy) { return copy->is_copied(); })) settle();
}

/// Those who use them keep them.
void Snapshots::forget_copies() {
  settle();
  for (const auto& copy : lazy_) copy->stop_watching();
  lazy_.clear();
  latest_.reset();
}

void Snapshots::wait() {
  forget_copies();
  if (!trial_) return;
  const std::string written = trial_->written();
  trial_.reset();
  if (written.empty())
    laziness_ = Laziness::in_use;
  else
    refuse(written);
}

void Snapshots::forget() {
  if (trial_) {
    trial_.reset();
    laziness_ = Laziness::untried;
  }
  wait();
}

/// The last snapshot lends its tensors to the next where they are still what they were.
void Snapshots::forget_if_written() {
  for (const auto& copy : lazy_) {
    const std::string written = copy->written();
    if (written.empty()) continue;
    latest_.reset();
    settle();
    return refuse(written);
  }
}

std::size_t Snapshots::plan(std::vector<Source>& sources) const {
  std::size_t end = 0;
  for (Source& s : sources) {
    s.copied = nullptr;
    if (latest_ && s.tensor.only_in_step && !written_elsewhere_) {
      const auto& before = s.training ? latest_->training() : latest_->model();
      if (s.index < before.size() && before[s.index].name == s.tensor.name) s.copied = &before[s.index];
    }
    if (s.copied) continue;
    s.bytes = bytes_of(s.tensor.view);
    s.offset = end;
    end = aligned(end + s.bytes);
  }
  return end;
}

/// What a second commit point of a step adds to the first one's copy is little as a rule, and then needs no arena.
/// Where it is much and no arena is left, everything is copied anew: waiting while holding one could be for ever.
std::shared_ptr<std::byte> Snapshots::memory_for(Engine& engine, std::vector<Source>& sources) {
  constexpr std::size_t little = 1 << 20;
  std::size_t needed = plan(sources);
  if (std::any_of(sources.begin(), sources.end(), [](const Source& s) { return s.copied; })) {
    if (needed <= little) {
      if (auto memory = engine.memory_for_copies(needed + 1)) return memory;
      const std::shared_ptr<std::byte[]> own(new std::byte[needed + 1]);
      return {own, own.get()};
    }
    if (auto arena = arenas_->lease(engine, needed, false)) return arena;
  }
  latest_.reset();
  needed = plan(sources);
  if (auto arena = arenas_->lease(engine, needed, false)) return arena;
  forget_copies();  // they hold memory, and the writer, who has the rest of it, may be waiting for their verdict
  return arenas_->lease(engine, needed, true);
}

void Snapshots::choose_lazy(std::vector<Source>& sources) const {
  if (laziness_ != Laziness::in_use) return;
  const std::size_t small = test ? test->least_tensor : least_lazy_tensor;
  std::size_t bytes = 0;
  for (Source& s : sources) {
    s.lazy = !s.copied && s.tensor.only_in_step && s.bytes > 0 && s.bytes >= small &&
             (s.is_on_device() || is_plain(s.tensor.view));
    if (s.lazy) bytes += s.bytes;
  }
  if (bytes < (test ? test->least : least_lazy))
    for (Source& s : sources) s.lazy = false;
}

void Snapshots::compare_with_eager(Engine& engine, const std::vector<Source>& sources,
                                   const std::shared_ptr<std::byte>& memory, const std::shared_ptr<LazyCopy>& copy) {
  ++test->lazy;
  for (const Source& s : sources) {
    if (!s.lazy) continue;
    std::vector<std::byte> eager(s.bytes);
    engine.copy_out(s.tensor.view, eager.data());
    compared_.push_back(
        {copy, [&copied = *copy, name = std::string(s.tensor.name), to = memory.get() + s.offset, eager] {
           if (!copied.is_torn() && std::memcmp(to, eager.data(), eager.size()) != 0) test->torn.push_back(name);
         }});
  }
}

void Snapshots::compare_settled(bool wait) {
  std::erase_if(compared_, [=](const Compared& c) {
    if (!c.copy->is_settled() || !(wait || c.copy->is_copied())) return false;
    c.copy->wait();
    c.compare();
    return true;
  });
}

void Snapshots::copy_lazily(Engine& engine, const std::vector<Source>& sources,
                            const std::shared_ptr<std::byte>& memory, Snapshot& made) {
  std::vector<EngineTensor> watched;
  std::vector<LazyCopy::Part> parts;
  std::vector<CopyOut> device;
  for (const Source& s : sources) {
    if (s.copied || s.bytes == 0) continue;
    std::byte* to = memory.get() + s.offset;
    if (s.lazy) watched.push_back(s.tensor);
    if (s.is_on_device())
      device.push_back({s.tensor, to, s.lazy});
    else if (s.lazy)
      parts.push_back({static_cast<const std::byte*>(s.tensor.view.data) + s.tensor.view.byte_offset, to, s.bytes});
  }
  if (watched.empty() && device.empty()) return;
  auto watch = watched.empty() ? nullptr : std::make_unique<const WriteWatch>(engine, watched, spacing);
  auto device_copy = device.empty() ? nullptr : engine.begin_copies(device);
  const auto copy = std::make_shared<LazyCopy>(std::move(watch), parts, std::move(device_copy), memory);
  made.copies_.push_back(copy);
  if (watched.empty()) return;
  if (test) compare_with_eager(engine, sources, memory, copy);
  lazy_.push_back(copy);
  if (parts.empty()) return;
  try {
    copier_.submit([copy, before = test ? test->before_each_part : nullptr] { copy->copy(before); });
  } catch (const std::system_error&) {  // the next step copies it
  }
}

std::shared_ptr<const Snapshot> Snapshots::take(Engine& engine, bool full, const CallbackTensors& more) {
  compare_settled(true);
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
    for (std::size_t i = 0; i < more.written.size(); ++i) {
      sources.push_back({to_engine_tensor(more.written[i]), true, state.size() + i});
      sources.back().in_main_memory = true;
    }
  } else if (boost::json::object aliases = engine.aliases(); !aliases.empty()) {
    made->document_["aliases"] = std::move(aliases);
  }
  forget_if_written();
  const std::shared_ptr<std::byte> memory = memory_for(engine, sources);
  choose_lazy(sources);
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
    if (s.bytes == 0 || s.lazy || s.is_on_device()) continue;
    if (s.in_main_memory)
      std::memcpy(to, view.data, s.bytes);
    else
      engine.copy_out(view, to);
  }
  if (full) {
    made->training_.insert(made->training_.end(), more.lent.begin(), more.lent.end());
    made->memory_.insert(made->memory_.end(), more.lenders.begin(), more.lenders.end());
  }
  made->memory_.push_back(memory);
  if (latest_) {
    made->memory_.insert(made->memory_.end(), latest_->memory_.begin(), latest_->memory_.end());
    made->copies_ = latest_->copies_;
  }
  copy_lazily(engine, sources, memory, *made);
  latest_ = made;
  return made;
}

}  // namespace tenon::loop
