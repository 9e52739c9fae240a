// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef CHAR_LM_TEXT_DATA_HPP
#define CHAR_LM_TEXT_DATA_HPP

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <tenon/data.hpp>

/// A text as numbers: each distinct byte has its place in `characters`, which is sorted.
struct Text {
  std::string characters;
  at::Tensor numbers;  // int64, one for each byte of the text

  /// The number of a character; throws std::out_of_range for one that the text does not have.
  std::int64_t number(char character) const;
};

/// Reads a whole file. Throws std::runtime_error, naming the file, where it cannot be read or has fewer than
/// `least_bytes`.
Text read_text(const std::filesystem::path& file, std::uint64_t least_bytes);

/// Pieces of a text, each `length` characters and the ones that follow them: {input, target}, int64. Sample i is the
/// i-th stretch; with `shifted` it begins anywhere in that stretch, elsewhere in each epoch.
class TextWindows : public tenon::Dataset {
 public:
  /// `numbers` has more than `length` elements.
  TextWindows(at::Tensor numbers, std::int64_t length, bool shifted);

  std::uint64_t size() const override;
  tenon::Example get(std::uint64_t index, tenon::Random& random) override;

 private:
  at::Tensor numbers_;
  std::int64_t length_;
  bool shifted_;
};

#endif
