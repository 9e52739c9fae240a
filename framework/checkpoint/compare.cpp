// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/compare.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <type_traits>

#include "checkpoint/format.hpp"
#include "checkpoint/small_floats.hpp"

namespace tenon::checkpoint {

namespace {

template <class Number>
double distance(Number a, Number b) {
  if constexpr (std::is_integral_v<Number>) {
    using Unsigned = std::make_unsigned_t<Number>;
    return static_cast<double>(static_cast<Unsigned>(a < b ? static_cast<Unsigned>(b) - static_cast<Unsigned>(a)
                                                           : static_cast<Unsigned>(a) - static_cast<Unsigned>(b)));
  } else {
    return std::abs(static_cast<double>(a) - static_cast<double>(b));
  }
}

/// `Bits` is what an element is read as, `measure` the distance of two.
template <class Bits, class Measure>
NumberDifference measure_all(std::span<const std::byte> a, std::span<const std::byte> b, const Measure& measure) {
  NumberDifference found;
  double largest = 0.0;
  for (std::size_t at = 0; at + sizeof(Bits) <= a.size(); at += sizeof(Bits)) {
    if (std::memcmp(a.data() + at, b.data() + at, sizeof(Bits)) == 0) continue;
    ++found.count;
    Bits one, other;
    std::memcpy(&one, a.data() + at, sizeof one);
    std::memcpy(&other, b.data() + at, sizeof other);
    const double distance = measure(one, other);
    if (std::isnan(largest)) continue;
    largest = std::isnan(distance) ? distance : std::max(largest, distance);
  }
  found.largest = largest;
  return found;
}

template <class Number>
NumberDifference numbers(std::span<const std::byte> a, std::span<const std::byte> b) {
  return measure_all<Number>(a, b, distance<Number>);
}

template <class Bits>
NumberDifference small_floats(const SmallFloat& format, std::span<const std::byte> a, std::span<const std::byte> b) {
  return measure_all<Bits>(
      a, b, [&](Bits one, Bits other) { return distance(to_double(format, one), to_double(format, other)); });
}

struct Complex {
  float real, imaginary;
};

double complex_distance(Complex a, Complex b) {
  return std::hypot(static_cast<double>(a.real) - static_cast<double>(b.real),
                    static_cast<double>(a.imaginary) - static_cast<double>(b.imaginary));
}

std::uint64_t elements_of(const TensorEntry& entry) {
  std::uint64_t count = 1;
  for (const std::int64_t extent : entry.shape) count *= static_cast<std::uint64_t>(extent);
  return count;
}

class Comparer {
 public:
  Comparer(const TensorSource& first, const TensorSource& second, Comparison& out)
      : first_(first), second_(second), out_(out) {}

  void compare_files(std::string_view name) {
    const SafetensorsFile* a = first_.file(name);
    const SafetensorsFile* b = second_.file(name);
    std::map<std::string, std::pair<const TensorEntry*, const TensorEntry*>> tensors;
    if (a)
      for (const TensorEntry& entry : a->header().tensors) tensors[entry.name].first = &entry;
    if (b)
      for (const TensorEntry& entry : b->header().tensors) tensors[entry.name].second = &entry;
    for (const auto& [tensor, entries] : tensors) {
      TensorDifference found;
      found.file = name;
      found.name = tensor;
      if (entries.first) found.first = describe(*entries.first);
      if (entries.second) found.second = describe(*entries.second);
      using Kind = TensorDifference::Kind;
      if (entries.first && entries.second) ++out_.compared;
      found.kind = !entries.second               ? Kind::only_first
                   : !entries.first              ? Kind::only_second
                   : found.first != found.second ? Kind::other_type
                                                 : Kind::numbers;
      if (found.kind == Kind::numbers && !compare_numbers(*a, *entries.first, *b, *entries.second, found)) continue;
      out_.differences.push_back(std::move(found));
    }
  }

 private:
  bool compare_numbers(const SafetensorsFile& a, const TensorEntry& of_a, const SafetensorsFile& b,
                       const TensorEntry& of_b, TensorDifference& found) {
    one_.resize(of_a.size);
    other_.resize(of_b.size);
    first_.read(a, of_a, one_);
    second_.read(b, of_b, other_);
    if (one_ == other_) return false;
    found.elements = elements_of(of_a);
    found.numbers = difference(of_a.dtype, one_, other_);
    return true;
  }

  const TensorSource& first_;
  const TensorSource& second_;
  Comparison& out_;
  std::vector<std::byte> one_, other_;
};

}  // namespace

NumberDifference difference(DType dtype, std::span<const std::byte> a, std::span<const std::byte> b) {
  switch (dtype) {
    case DType::boolean:
    case DType::u8:
      return numbers<std::uint8_t>(a, b);
    case DType::i8:
      return numbers<std::int8_t>(a, b);
    case DType::i16:
      return numbers<std::int16_t>(a, b);
    case DType::u16:
      return numbers<std::uint16_t>(a, b);
    case DType::i32:
      return numbers<std::int32_t>(a, b);
    case DType::u32:
      return numbers<std::uint32_t>(a, b);
    case DType::i64:
      return numbers<std::int64_t>(a, b);
    case DType::u64:
      return numbers<std::uint64_t>(a, b);
    case DType::f32:
      return numbers<float>(a, b);
    case DType::f64:
      return numbers<double>(a, b);
    case DType::c64:
      return measure_all<Complex>(a, b, complex_distance);
    case DType::f16:
      return small_floats<std::uint16_t>(float16, a, b);
    case DType::bf16:
      return small_floats<std::uint16_t>(bfloat16, a, b);
    case DType::f8_e5m2:
      return small_floats<std::uint8_t>(float8_e5m2, a, b);
    case DType::f8_e4m3:
      return small_floats<std::uint8_t>(float8_e4m3, a, b);
    case DType::f8_e8m0:
      return small_floats<std::uint8_t>(float8_e8m0, a, b);
    case DType::f8_e4m3fnuz:
      return small_floats<std::uint8_t>(float8_e4m3fnuz, a, b);
    case DType::f8_e5m2fnuz:
      return small_floats<std::uint8_t>(float8_e5m2fnuz, a, b);
    case DType::f4:
    case DType::f6_e2m3:
    case DType::f6_e3m2:
      break;
  }
  NumberDifference bytes;  // elements do not begin at a byte
  for (std::size_t at = 0; at < a.size(); ++at) bytes.count += a[at] != b[at] ? 1 : 0;
  return bytes;
}

std::string describe(const TensorEntry& entry) {
  std::string shape;
  for (const std::int64_t extent : entry.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(extent);
  return std::string(name(entry.dtype)) + " [" + shape + "]";
}

Comparison compare(const TensorSource& first, const TensorSource& second) {
  Comparison comparison;
  Comparer comparer(first, second, comparison);
  comparer.compare_files(model_file);
  if (first.checkpoint() && second.checkpoint()) comparer.compare_files(training_file);
  return comparison;
}

}  // namespace tenon::checkpoint
