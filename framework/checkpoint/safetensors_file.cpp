// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/safetensors_file.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <utility>

#include "checkpoint/file_writer.hpp"
#include "checkpoint/ordered_read.hpp"

namespace tenon::checkpoint {
namespace {

constexpr std::size_t length_size = sizeof(std::uint64_t);

std::uint64_t little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t index = 0; index < length_size; ++index)
    value |= std::uint64_t{static_cast<unsigned char>(bytes[index])} << (8 * index);
  return value;
}

std::span<std::byte> writable(std::string& text) { return std::as_writable_bytes(std::span(text)); }

/// Finds the tensors in the bytes that follow the header.
class TensorHashes {
 public:
  TensorHashes(const SafetensorsHeader& header, const FoundTensor& found)
      : tensors_(header.tensors), found_(found), at_(header.size) {}

  void update(std::span<const std::byte> bytes) {
    for (; next_ < tensors_.size(); ++next_) {
      const TensorEntry& tensor = tensors_[next_];
      const auto part = bytes.first(std::min<std::uint64_t>(tensor.begin + tensor.size - at_, bytes.size()));
      hash_.update(part);
      at_ += part.size();
      bytes = bytes.subspan(part.size());
      if (at_ < tensor.begin + tensor.size) return;
      found_(tensor, hash_.hex());
      hash_.reset();
    }
  }

 private:
  const std::vector<TensorEntry>& tensors_;
  const FoundTensor& found_;
  std::uint64_t at_;
  std::size_t next_ = 0;
  Hash hash_;
};

}  // namespace

SafetensorsFile::SafetensorsFile(FileSystem& files, int folder, std::string name)
    : file_(files, folder, std::move(name)) {
  const auto refuse = [this](const std::string& problem) {
    throw ReadError(ReadError::Reason::damaged, "'" + file_.name() + "' is no valid safetensors file: " + problem);
  };
  if (file_.size() < length_size) refuse("it has " + std::to_string(file_.size()) + " bytes");
  std::string text(length_size, '\0');
  file_.read(writable(text), 0);
  const std::uint64_t length = little_endian(text);
  if (text.starts_with("PK\3\4"))
    refuse("it is a zip file, as torch.save() writes them; examples/python/pt_to_safetensors.py makes one of it");
  if (length > largest_header)
    refuse("it declares a header of " + std::to_string(length) + " bytes, 100000000 are allowed");
  if (length > file_.size() - length_size)
    refuse("it declares a header of " + std::to_string(length) + " bytes and is shorter than that");
  text.resize(length_size + length);
  file_.read(writable(text), 0);
  header_hash_ = hash_of(std::as_bytes(std::span(text)));
  try {
    header_ = parse_safetensors_header(std::string_view(text).substr(length_size), file_.size());
  } catch (const std::invalid_argument& problem) {
    refuse(problem.what());
  }
}

const TensorEntry* SafetensorsFile::find(std::string_view tensor) const noexcept {
  const auto found = std::find_if(header_.tensors.begin(), header_.tensors.end(),
                                  [&](const TensorEntry& entry) { return entry.name == tensor; });
  return found == header_.tensors.end() ? nullptr : &*found;
}

std::string SafetensorsFile::read(const TensorEntry& entry, std::span<std::byte> to) const {
  if (to.size() != entry.size) throw std::logic_error("the memory for tensor '" + entry.name + "' has another size");
  Hash hash;
  for (std::uint64_t offset = entry.begin; !to.empty();) {
    const auto piece = to.first(std::min(to.size(), piece_size));
    file_.read(piece, offset);
    hash.update(piece);
    offset += piece.size();
    to = to.subspan(piece.size());
  }
  return hash.hex();
}

void SafetensorsFile::read_all(std::span<std::byte> to, const FoundTensor& found) const {
  if (to.size() != size() - header_.size) throw std::logic_error("the memory for '" + name() + "' has another size");
  TensorHashes tensors(header_, found);
  read_in_order(file_, header_.size, to, [&](std::span<const std::byte> bytes) { tensors.update(bytes); });
  tensors.update({});
}

std::string SafetensorsFile::hash_all(const FoundTensor& found) const {
  Hash whole;
  TensorHashes tensors(header_, found);
  std::uint64_t header = header_.size;  // what is left of it
  read_in_order(file_, [&](std::span<const std::byte> bytes) {
    whole.update(bytes);
    const std::uint64_t skipped = std::min<std::uint64_t>(header, bytes.size());
    header -= skipped;
    tensors.update(bytes.subspan(skipped));
  });
  return whole.hex();
}

}  // namespace tenon::checkpoint
