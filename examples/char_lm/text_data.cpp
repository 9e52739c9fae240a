// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "text_data.hpp"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

std::int64_t Text::number(char character) const {
  const std::size_t place = characters.find(character);
  if (place == std::string::npos)
    throw std::out_of_range(std::string("the text has no '") + character +
                            "'; give a prompt of characters that it has");
  return static_cast<std::int64_t>(place);
}

Text read_text(const std::filesystem::path& file, std::uint64_t least_bytes) {
  std::ifstream in(file, std::ios::binary);
  if (!in)
    throw std::runtime_error("the text " + file.string() + " cannot be opened; is it beside the task's library?");
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) throw std::runtime_error("reading the text " + file.string() + " failed");
  if (bytes.size() < least_bytes)
    throw std::runtime_error("the text " + file.string() + " has " + std::to_string(bytes.size()) +
                             " bytes, too few for windows of this length: at least " + std::to_string(least_bytes) +
                             " are needed. Give a longer text or a smaller \"window\".");

  std::array<bool, 256> there{};
  for (const char c : bytes) there[static_cast<unsigned char>(c)] = true;
  Text text;
  std::array<std::int64_t, 256> number{};
  for (std::size_t byte = 0; byte < there.size(); ++byte) {
    if (!there[byte]) continue;
    number[byte] = static_cast<std::int64_t>(text.characters.size());
    text.characters.push_back(static_cast<char>(byte));
  }
  text.numbers = at::empty({static_cast<std::int64_t>(bytes.size())}, at::kLong);
  std::transform(bytes.begin(), bytes.end(), text.numbers.mutable_data_ptr<std::int64_t>(),
                 [&](char c) { return number[static_cast<unsigned char>(c)]; });
  return text;
}

TextWindows::TextWindows(at::Tensor numbers, std::int64_t length, bool shifted)
    : numbers_(std::move(numbers)), length_(length), shifted_(shifted) {}

std::uint64_t TextWindows::size() const { return static_cast<std::uint64_t>((numbers_.size(0) - 1) / length_); }

tenon::Example TextWindows::get(std::uint64_t index, tenon::Random& random) {
  std::int64_t begin = static_cast<std::int64_t>(index) * length_;
  if (shifted_) begin += static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(length_)));
  begin = std::min(begin, numbers_.size(0) - length_ - 1);
  return {numbers_.slice(0, begin, begin + length_), numbers_.slice(0, begin + 1, begin + length_ + 1)};
}
