// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "digits_data.hpp"

#include <ATen/ops/empty.h>

#include <array>
#include <charconv>
#include <fstream>
#include <numeric>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tenon/random.hpp>
#include <utility>
#include <vector>

namespace {

constexpr int pixels = 64;
using Row = std::array<int, pixels + 1>;

[[noreturn]] void refuse(const std::string& where, const std::string& what) {
  throw std::runtime_error(
      where + ": " + what +
      "; a line is 64 pixels from 0 to 16 and a digit from 0 to 9, separated by commas. Correct or remove it.");
}

Row parse_row(std::string_view line, const std::string& where) {
  Row row{};
  std::size_t count = 0;
  for (std::string_view rest = line;; ++count) {
    const std::size_t comma = rest.find(',');
    const std::string_view field = rest.substr(0, comma);
    if (count < row.size()) {
      const int most = count < pixels ? 16 : 9;
      const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), row[count]);
      if (error != std::errc() || end != field.data() + field.size() || row[count] < 0 || row[count] > most)
        refuse(where, "column " + std::to_string(count + 1) + " is '" + std::string(field) +
                          "', not a whole number from 0 to " + std::to_string(most));
    }
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  if (count + 1 != row.size()) refuse(where, "it has " + std::to_string(count + 1) + " columns instead of 65");
  return row;
}

Digits to_tensors(const std::vector<Row>& rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  Digits digits{at::empty({count, pixels}, at::kFloat), at::empty({count}, at::kLong)};
  float* picture = digits.pictures.mutable_data_ptr<float>();
  auto* label = digits.labels.mutable_data_ptr<std::int64_t>();
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < pixels; ++i) *picture++ = static_cast<float>(row[i]) / 16.0F;
    *label++ = row[pixels];
  }
  return digits;
}

Digits part(const Digits& all, const at::Tensor& indices) {
  return {all.pictures.index_select(0, indices), all.labels.index_select(0, indices)};
}

}  // namespace

Digits read_digits(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in)
    throw std::runtime_error("the data file " + file.string() + " cannot be opened; is it beside the task's library?");
  std::vector<Row> rows;
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    rows.push_back(parse_row(line, file.string() + ":" + std::to_string(number)));
  }
  if (in.bad()) throw std::runtime_error("reading the data file " + file.string() + " failed");
  if (rows.size() < 10)
    throw std::runtime_error("the data file " + file.string() + " has " + std::to_string(rows.size()) +
                             " rows, too few to train on");
  return to_tensors(rows);
}

Split split_digits(const Digits& all, std::uint64_t seed) {
  const std::int64_t count = all.labels.size(0);
  at::Tensor order = at::empty({count}, at::kLong);
  auto* place = order.mutable_data_ptr<std::int64_t>();
  std::iota(place, place + count, std::int64_t{0});
  tenon::Random random = tenon::Random::of({seed});
  for (std::int64_t i = count; i > 1; --i) std::swap(place[i - 1], place[random.below(static_cast<std::uint64_t>(i))]);
  const std::int64_t validation = (count + 4) / 5;
  return {part(all, order.slice(0, validation)), part(all, order.slice(0, 0, validation))};
}
