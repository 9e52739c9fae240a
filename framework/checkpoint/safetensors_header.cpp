// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/safetensors_header.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <set>
#include <stdexcept>
#include <tenon/utf8.hpp>

#include "checkpoint/json.hpp"

namespace tenon::checkpoint {
namespace {

void check_record(const TensorRecord& tensor, std::set<std::string_view>& names) {
  const std::string which = "tensor '" + tensor.name + "': ";
  if (tensor.name == metadata_key) {
    throw std::invalid_argument("a tensor cannot be called '__metadata__': no safetensors reader could read the file");
  }
  if (!is_utf8(tensor.name)) throw std::invalid_argument(which + "its name is not valid UTF-8");
  if (!names.insert(tensor.name).second) throw std::invalid_argument(which + "two tensors have this name");
  const std::uint64_t size = byte_size(tensor.dtype, tensor.shape);
  if (size != tensor.bytes.size()) {
    throw std::invalid_argument(which + "its shape needs " + std::to_string(size) + " bytes, " +
                                std::to_string(tensor.bytes.size()) + " were given");
  }
}

void append_metadata(std::string& text, const std::map<std::string, std::string>& metadata) {
  append_quoted(text, metadata_key);
  text += ":{";
  bool first = true;
  for (const auto& [key, value] : metadata) {
    if (!is_utf8(key) || !is_utf8(value)) throw std::invalid_argument("metadata '" + key + "' is not valid UTF-8");
    if (!first) text += ',';
    first = false;
    append_quoted(text, key);
    text += ':';
    append_quoted(text, value);
  }
  text += '}';
}

void append_tensor(std::string& text, const TensorRecord& tensor, std::uint64_t begin) {
  append_quoted(text, tensor.name);
  text.append(":{\"dtype\":\"").append(name(tensor.dtype)).append("\",\"shape\":[");
  for (std::size_t index = 0; index < tensor.shape.size(); ++index) {
    if (index > 0) text += ',';
    text += std::to_string(tensor.shape[index]);
  }
  text.append("],\"data_offsets\":[").append(std::to_string(begin)).append(",");
  text.append(std::to_string(begin + tensor.bytes.size())).append("]}");
}

}  // namespace

std::uint64_t byte_size(DType dtype, const std::vector<std::int64_t>& shape) {
  std::uint64_t count = 1;
  for (const std::int64_t extent : shape) {
    if (extent < 0) throw std::invalid_argument("a negative extent in its shape");
    if (__builtin_mul_overflow(count, static_cast<std::uint64_t>(extent), &count))
      throw std::invalid_argument("its shape has more elements than can be counted");
  }
  if (__builtin_mul_overflow(count, std::uint64_t{bits(dtype)}, &count))
    throw std::invalid_argument("its shape has more bits than can be counted");
  if (count % 8 != 0) throw std::invalid_argument("its elements do not fill whole bytes");
  return count / 8;
}

std::vector<const TensorRecord*> writing_order(const std::vector<TensorRecord>& tensors) {
  std::vector<const TensorRecord*> ordered;
  ordered.reserve(tensors.size());
  for (const TensorRecord& tensor : tensors) ordered.push_back(&tensor);
  std::sort(ordered.begin(), ordered.end(), [](const TensorRecord* a, const TensorRecord* b) {
    if (a->dtype != b->dtype) return a->dtype > b->dtype;
    return a->name < b->name;
  });
  return ordered;
}

std::string make_safetensors_header(const std::vector<const TensorRecord*>& ordered,
                                    const std::map<std::string, std::string>& metadata, std::uint64_t alignment) {
  std::string text(sizeof(std::uint64_t), '\0');
  text += '{';
  if (!metadata.empty()) append_metadata(text, metadata);
  std::set<std::string_view> names;
  std::uint64_t begin = 0;
  for (const TensorRecord* tensor : ordered) {
    check_record(*tensor, names);
    if (text.back() != '{') text += ',';
    append_tensor(text, *tensor, begin);
    begin += tensor->bytes.size();
  }
  text += '}';
  text.resize((text.size() + alignment - 1) / alignment * alignment, ' ');
  const std::uint64_t length = text.size() - sizeof(std::uint64_t);
  if (length > largest_header) {
    throw std::invalid_argument("the header of " + std::to_string(ordered.size()) + " tensors has " +
                                std::to_string(length) + " bytes; safetensors allows 100000000");
  }
  for (std::size_t byte = 0; byte < sizeof(length); ++byte)
    text[byte] = static_cast<char>((length >> (8 * byte)) & 255);
  return text;
}

}  // namespace tenon::checkpoint
