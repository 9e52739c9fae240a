// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef DIGITS_DATA_HPP
#define DIGITS_DATA_HPP

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <filesystem>
#include <tenon/data.hpp>

/// Pictures of 8 x 8 pixels (float, 0 to 1, one row of 64 each) and what they show (int64, 0 to 9).
struct Digits {
  at::Tensor pictures;
  at::Tensor labels;
};

/// Reads lines of 64 numbers 0..16 and a label 0..9, separated by commas. Throws std::runtime_error, naming the file
/// and the line, for anything else.
Digits read_digits(const std::filesystem::path& file);

/// One fifth of all, rounded up, drawn by `seed`, for validation; the rest for training.
struct Split {
  Digits training;
  Digits validation;
};
Split split_digits(const Digits& all, std::uint64_t seed);

/// Pictures and labels that an epoch goes through `times` times.
class RepeatedDigits : public tenon::TensorDataset {
 public:
  RepeatedDigits(const Digits& digits, std::uint64_t times)
      : TensorDataset({digits.pictures, digits.labels}), times_(times) {}

  std::uint64_t size() const override { return TensorDataset::size() * times_; }
  tenon::Batch get_batch(const at::Tensor& indices, const tenon::Augmentation& augmentation) override {
    const auto distinct = static_cast<std::int64_t>(TensorDataset::size());
    return TensorDataset::get_batch(times_ == 1 ? indices : indices.remainder(distinct), augmentation);
  }

 private:
  std::uint64_t times_;
};

#endif
