// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The C++ side of safetensors_test.py:
//   interop_files write FOLDER      a checkpoint `sample.ckpt` with every kind of tensor
//   interop_files dump FILE         what our reader finds in a safetensors file, as JSON
//   interop_files rewrite FROM TO   reads a safetensors file and writes its content anew, aligned as the reference does
#include <fcntl.h>

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "checkpoint/folder.hpp"
#include "checkpoint/safetensors_file.hpp"

using namespace tenon::checkpoint;
namespace json = boost::json;

namespace {

template <typename Number, std::size_t count>
TensorRecord tensor(const std::string& name, DType dtype, std::vector<std::int64_t> shape,
                    const std::array<Number, count>& numbers) {
  return {name, dtype, std::move(shape), std::as_bytes(std::span(numbers))};
}

void write_sample(const std::string& folder) {
  static const std::array<float, 6> f32 = {0.0F, 1.5F, -2.25F, 1e-38F, 3e38F, -0.0F};
  static const std::array<std::uint16_t, 4> f16 = {0x3C00, 0xC000, 0x7BFF, 0x0001};   // 1, -2, 65504, 2^-24
  static const std::array<std::uint16_t, 4> bf16 = {0x3F80, 0xC000, 0x7F7F, 0x0080};  // 1, -2, the largest, 2^-126
  static const std::array<double, 2> f64 = {0.1, -1e300};
  static const std::array<std::int64_t, 3> i64 = {0, INT64_MIN, INT64_MAX};
  static const std::array<std::int64_t, 1> scalar = {1234567890123};
  static const std::array<std::int32_t, 2> i32 = {INT32_MIN, 7};
  static const std::array<std::int16_t, 2> i16 = {INT16_MIN, 7};
  static const std::array<std::int8_t, 3> i8 = {-128, 0, 127};
  static const std::array<std::uint8_t, 5> u8 = {0, 1, 2, 254, 255};
  static const std::array<std::uint16_t, 2> u16 = {1, 65535};
  static const std::array<std::uint32_t, 2> u32 = {1, UINT32_MAX};
  static const std::array<std::uint64_t, 2> u64 = {1, UINT64_MAX};
  static const std::array<std::uint8_t, 3> truth = {1, 0, 1};
  static const std::array<float, 4> c64 = {1.0F, 2.0F, -0.5F, 0.0F};
  Content content;
  content.name = "sample";
  content.model = {
      tensor("f32", DType::f32, {2, 3}, f32),    tensor("f16", DType::f16, {4}, f16),
      tensor("bf16", DType::bf16, {2, 2}, bf16), tensor("f64", DType::f64, {2}, f64),
      tensor("i64", DType::i64, {3}, i64),       tensor("bool", DType::boolean, {3}, truth),
      tensor("u8", DType::u8, {5}, u8),          tensor("scalar", DType::i64, {}, scalar),
      {"empty", DType::f32, {0, 4}, {}},         tensor("layers.0.\"quoted\" 模型/é\n", DType::i8, {3, 1}, i8)};
  content.model_metadata = {{"format", "pt"}, {"note", "é\n"}};
  content.training = {tensor("i32", DType::i32, {2}, i32), tensor("i16", DType::i16, {2}, i16),
                      tensor("u16", DType::u16, {2}, u16), tensor("u32", DType::u32, {2}, u32),
                      tensor("u64", DType::u64, {2}, u64), tensor("c64", DType::c64, {2}, c64)};
  Folder::open(folder, "interop")->write(content);
}

std::vector<std::byte> bytes_of(const SafetensorsFile& file, const TensorEntry& entry) {
  std::vector<std::byte> bytes(entry.size);
  file.read(entry, bytes);
  return bytes;
}

std::string hex(std::span<const std::byte> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes)
    text += {digits[std::to_integer<unsigned>(byte) >> 4], digits[std::to_integer<unsigned>(byte) & 15]};
  return text;
}

void dump(const std::string& path) {
  const SafetensorsFile file(real_file_system(), AT_FDCWD, path);
  json::object tensors;
  for (const TensorEntry& entry : file.header().tensors) {
    tensors[entry.name] = {{"dtype", name(entry.dtype)},
                           {"shape", json::array(entry.shape.begin(), entry.shape.end())},
                           {"data", hex(bytes_of(file, entry))}};
  }
  json::object metadata;
  for (const auto& [key, value] : file.header().metadata) metadata[key] = value;
  std::cout << json::serialize(json::object{{"tensors", std::move(tensors)}, {"metadata", std::move(metadata)}})
            << "\n";
}

void rewrite(const std::string& from, const std::string& to) {
  constexpr std::uint64_t alignment_of_the_reference = 8;
  const SafetensorsFile file(real_file_system(), AT_FDCWD, from);
  std::vector<std::vector<std::byte>> bytes;
  std::vector<TensorRecord> records;
  for (const TensorEntry& entry : file.header().tensors) {
    bytes.push_back(bytes_of(file, entry));
    records.push_back({entry.name, entry.dtype, entry.shape, bytes.back()});
  }
  const auto ordered = writing_order(records);
  std::ofstream stream(to, std::ios::binary);
  stream << make_safetensors_header(ordered, file.header().metadata, alignment_of_the_reference);
  for (const TensorRecord* record : ordered)
    stream.write(reinterpret_cast<const char*>(record->bytes.data()),
                 static_cast<std::streamsize>(record->bytes.size()));
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  try {
    if (arguments.size() == 2 && arguments[0] == "write") return write_sample(arguments[1]), 0;
    if (arguments.size() == 2 && arguments[0] == "dump") return dump(arguments[1]), 0;
    if (arguments.size() == 3 && arguments[0] == "rewrite") return rewrite(arguments[1], arguments[2]), 0;
    std::cerr << "usage: interop_files write FOLDER | dump FILE | rewrite FROM TO\n";
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
  }
  return 1;
}
