// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/snapshot.hpp"

#include <array>
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

void Snapshot::take(Engine& engine, bool full) {
  std::vector<Source> model, training;
  std::size_t end = 0;
  const auto plan = [&](std::vector<Source>& to, std::string_view name, const tenon_tensor_view& view) {
    const std::size_t bytes = element_count(view) * (view.dtype.bits / 8u);
    to.push_back({std::string(name), view, end, bytes});
    end = aligned(end + bytes);
  };
  parameters_ = engine.tensor_count(TENON_TENSORS_PARAMETERS);
  for (const std::int32_t group : {TENON_TENSORS_PARAMETERS, TENON_TENSORS_BUFFERS})
    for (std::uint64_t i = 0, n = engine.tensor_count(group); i < n; ++i) {
      const EngineTensor t = engine.tensor(group, i);
      plan(model, t.name, t.view);
    }
  document_.clear();
  if (full) {
    std::vector<EngineTensor> state;
    engine.training_state(state, document_);
    for (const EngineTensor& t : state) plan(training, t.name, t.view);
  }
  if (arena_.size() < end) arena_.resize(end);
  copy(engine, model, model_);
  copy(engine, training, training_);
}

void Snapshot::copy(Engine& engine, const std::vector<Source>& sources, std::vector<checkpoint::TensorRecord>& out) {
  out.clear();
  for (const Source& s : sources) {
    std::byte* to = arena_.data() + s.offset;
    if (s.bytes) engine.copy_out(s.view, to);
    out.push_back({s.name, to_dtype(s.view.dtype), {s.view.shape, s.view.shape + s.view.ndim}, {to, s.bytes}});
  }
}

}  // namespace tenon::loop
