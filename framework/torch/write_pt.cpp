// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Weights as PyTorch's own file: a zip of records with a pickle that lists them.
#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>
#include <ATen/ops/from_blob.h>
#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/serialization/pickler.h>

#include <exception>
#include <map>
#include <optional>
#include <tenon/failure.hpp>

#include "checkpoint/export.hpp"

namespace tenon::torch_engine {
namespace {

using checkpoint::DType;

/// What checkpoint::is_pt_type() lets through.
std::optional<at::ScalarType> scalar_type(DType dtype) {
  switch (dtype) {
    case DType::boolean:
      return at::kBool;
    case DType::u8:
      return at::kByte;
    case DType::i8:
      return at::kChar;
    case DType::i16:
      return at::kShort;
    case DType::i32:
      return at::kInt;
    case DType::i64:
      return at::kLong;
    case DType::f16:
      return at::kHalf;
    case DType::bf16:
      return at::kBFloat16;
    case DType::f32:
      return at::kFloat;
    case DType::f64:
      return at::kDouble;
    case DType::c64:
      return at::kComplexFloat;
    default:
      return std::nullopt;
  }
}

at::Tensor tensor_of(const checkpoint::TensorRecord& record) {
  const std::optional<at::ScalarType> type = scalar_type(record.dtype);
  if (!type) throw Failure(ExitCode::internal, "tensor '" + record.name + "' is of a type that no .pt file has");
  return at::from_blob(const_cast<std::byte*>(record.bytes.data()), record.shape, at::TensorOptions().dtype(*type));
}

void write(std::span<const checkpoint::TensorRecord> tensors, const checkpoint::Append& append) {
  c10::Dict<std::string, at::Tensor> state;
  std::map<const void*, at::Tensor> by_bytes;  // tied tensors stay tied: one storage, written once
  for (const checkpoint::TensorRecord& record : tensors) {
    const void* bytes = record.bytes.data();
    const auto known = record.bytes.empty() ? by_bytes.end() : by_bytes.find(bytes);
    const at::Tensor tensor = known == by_bytes.end() ? tensor_of(record) : known->second;
    if (!record.bytes.empty()) by_bytes.emplace(bytes, tensor);
    state.insert(record.name, tensor);
  }
  std::vector<char> pickle;
  torch::jit::Pickler pickler(
      [&](const char* data, std::size_t size) { pickle.insert(pickle.end(), data, data + size); }, nullptr, nullptr,
      nullptr, nullptr, /*tag_aggregates=*/false);
  pickler.protocol();
  pickler.pushIValue(state);
  pickler.stop();

  std::exception_ptr failed;  // nothing may be thrown through the zip library, which is C
  caffe2::serialize::PyTorchStreamWriter writer([&](const void* data, std::size_t size) {
    try {
      if (!failed) append({static_cast<const std::byte*>(data), size});
    } catch (...) {
      failed = std::current_exception();
    }
    return size;
  });
  writer.writeRecord("data.pkl", pickle.data(), pickle.size());
  std::size_t number = 0;
  for (const at::Tensor& tensor : pickler.tensorData())
    writer.writeRecord("data/" + std::to_string(number++), tensor.storage().data(), tensor.storage().nbytes());
  writer.writeEndOfFile();
  if (failed) std::rethrow_exception(failed);
}

}  // namespace
}  // namespace tenon::torch_engine

extern "C" __attribute__((visibility("default"))) void tenon_append_pt(
    std::span<const tenon::checkpoint::TensorRecord> tensors, const tenon::checkpoint::Append& append) {
  tenon::torch_engine::write(tensors, append);
}
