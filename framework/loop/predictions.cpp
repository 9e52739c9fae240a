// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/predictions.hpp"

#include <fcntl.h>

#include <charconv>
#include <cstring>
#include <fstream>
#include <system_error>
#include <tenon/failure.hpp>

#include "checkpoint/file_writer.hpp"
#include "checkpoint/safetensors_header.hpp"
#include "loop/number_types.hpp"
#include "loop/snapshot.hpp"

namespace tenon::loop {

namespace {

namespace fs = std::filesystem;

std::span<const std::byte> bytes_of(const EngineTensor& tensor) {
  const std::size_t size = element_count(tensor.view) * (tensor.view.dtype.bits / 8u);
  return {static_cast<const std::byte*>(tensor.view.data) + tensor.view.byte_offset, size};
}

void write_safetensors(const std::vector<EngineTensor>& tensors, const fs::path& path) {
  std::vector<checkpoint::TensorRecord> records;
  for (const EngineTensor& t : tensors)
    records.push_back(
        {std::string(t.name), to_dtype(t.view.dtype), {t.view.shape, t.view.shape + t.view.ndim}, bytes_of(t)});
  const auto ordered = checkpoint::writing_order(records);
  checkpoint::FileWriter file(checkpoint::real_file_system(), AT_FDCWD, path.string());
  const std::string header = checkpoint::make_safetensors_header(ordered, {{"format", "pt"}});
  file.append(std::as_bytes(std::span(header)));
  for (const checkpoint::TensorRecord* record : ordered) file.append(record->bytes);
  file.finish(true);
}

template <class Number>
void add_number(std::string& line, const std::byte* at) {
  Number number;
  std::memcpy(&number, at, sizeof number);
  char digits[32];
  line.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void add_value(std::string& line, checkpoint::DType dtype, const std::byte* at) {
  using checkpoint::DType;
  std::uint16_t half = 0;
  if (dtype == DType::f16 || dtype == DType::bf16) std::memcpy(&half, at, sizeof half);
  const auto small = static_cast<float>(dtype == DType::f16 ? half_to(half) : bfloat_to(half));
  switch (dtype) {
    case DType::f32:
      return add_number<float>(line, at);
    case DType::f64:
      return add_number<double>(line, at);
    case DType::i64:
      return add_number<std::int64_t>(line, at);
    case DType::i32:
      return add_number<std::int32_t>(line, at);
    case DType::i16:
      return add_number<std::int16_t>(line, at);
    case DType::i8:
      return add_number<std::int8_t>(line, at);
    case DType::u8:
    case DType::boolean:
      return add_number<std::uint8_t>(line, at);
    case DType::f16:
    case DType::bf16:
      return add_number<float>(line, reinterpret_cast<const std::byte*>(&small));
    default:
      throw Failure(ExitCode::task, "predictions of this type have no form in a CSV file: use --format safetensors");
  }
}

struct Column {
  const EngineTensor* tensor;
  checkpoint::DType dtype;
  std::uint64_t width;  ///< numbers of one sample
};

void write_csv(const std::vector<EngineTensor>& tensors, const fs::path& path) {
  std::vector<Column> columns;
  std::string line;
  const std::int64_t rows = tensors.front().view.shape[0];
  for (const EngineTensor& t : tensors) {
    if (t.view.shape[0] != rows)
      throw Failure(ExitCode::task, "'" + std::string(t.name) + "' has " + std::to_string(t.view.shape[0]) +
                                        " samples and '" + std::string(tensors.front().name) + "' has " +
                                        std::to_string(rows) + ": they are no one table; use --format safetensors");
    std::uint64_t width = 1;
    for (std::int32_t d = 1; d < t.view.ndim; ++d) width *= static_cast<std::uint64_t>(t.view.shape[d]);
    columns.push_back({&t, to_dtype(t.view.dtype), width});
    for (std::uint64_t i = 0; i < width; ++i)
      line += (line.empty() ? "" : ",") + std::string(t.name) + (width > 1 ? "_" + std::to_string(i) : "");
  }
  checkpoint::FileWriter file(checkpoint::real_file_system(), AT_FDCWD, path.string());
  for (std::int64_t row = -1;;) {
    line += '\n';
    file.append(std::as_bytes(std::span(line)));
    if (++row == rows) break;
    line.clear();
    for (const Column& c : columns) {
      const std::size_t size = c.tensor->view.dtype.bits / 8u;
      const std::byte* at = bytes_of(*c.tensor).data() + static_cast<std::uint64_t>(row) * c.width * size;
      for (std::uint64_t i = 0; i < c.width; ++i) {
        if (!line.empty()) line += ',';
        add_value(line, c.dtype, at + i * size);
      }
    }
  }
  file.finish(true);
}

}  // namespace

fs::path write_predictions(Engine& engine, const fs::path& folder, PredictionFormat format) {
  const std::vector<EngineTensor> tensors = engine.predictions();
  if (tensors.empty()) throw Failure(ExitCode::task, "predict_step() gave no tensor: there is nothing to write");
  const bool csv = format == PredictionFormat::csv;
  const fs::path path = folder / (csv ? "predictions.csv" : "predictions.safetensors");
  try {
    if (csv)
      write_csv(tensors, path);
    else
      write_safetensors(tensors, path);
  } catch (const std::system_error& error) {
    throw Failure(ExitCode::output, "'" + path.string() + "' cannot be written: " + error.what());
  }
  return path;
}

}  // namespace tenon::loop
