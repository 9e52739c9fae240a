// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/tensor_math.hpp"

#include <algorithm>
#include <cstring>

#include "chain/abi.hpp"
#include "loop/number_types.hpp"
#include "loop/snapshot.hpp"

namespace tenon::loop {

namespace {

using chain::AbiError;

struct Half {
  std::uint16_t bits;
};
struct Bfloat {
  std::uint16_t bits;
};
struct Bool {
  std::uint8_t byte;
};

template <class T>
auto read(T x) {
  return x;
}
double read(Half x) { return half_to(x.bits); }
float read(Bfloat x) { return static_cast<float>(bfloat_to(x.bits)); }
int read(Bool x) { return x.byte != 0; }

template <class To, class X>
To write(X x) {
  if constexpr (std::is_same_v<To, Half>)
    return {half_from(static_cast<double>(x))};
  else if constexpr (std::is_same_v<To, Bfloat> && std::is_same_v<X, float>)
    return {bfloat_from(x)};
  else if constexpr (std::is_same_v<To, Bfloat>)
    return {bfloat_from(static_cast<double>(x))};
  else if constexpr (std::is_same_v<To, Bool>)
    return {static_cast<std::uint8_t>(x != X{})};
  else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<X>) {
    const double rounded = std::nearbyint(static_cast<double>(x));
    if (std::isnan(rounded)) return To{0};
    if (rounded <= static_cast<double>(std::numeric_limits<To>::min())) return std::numeric_limits<To>::min();
    if (rounded >= static_cast<double>(std::numeric_limits<To>::max())) return std::numeric_limits<To>::max();
    return static_cast<To>(rounded);
  } else
    return static_cast<To>(x);
}

/// Calls body(T*) with the tensor's element type.
template <class Body>
void with_type(const tenon_tensor_view& v, Body&& body) {
  void* data = static_cast<char*>(v.data) + v.byte_offset;
  const auto as = [&]<class T>(T) { body(static_cast<T*>(data)); };
  switch (v.dtype.code << 8 | v.dtype.bits) {
    case TENON_DTYPE_FLOAT << 8 | 32:
      return as(float{});
    case TENON_DTYPE_FLOAT << 8 | 64:
      return as(double{});
    case TENON_DTYPE_FLOAT << 8 | 16:
      return as(Half{});
    case TENON_DTYPE_BFLOAT << 8 | 16:
      return as(Bfloat{});
    case TENON_DTYPE_INT << 8 | 8:
      return as(std::int8_t{});
    case TENON_DTYPE_INT << 8 | 16:
      return as(std::int16_t{});
    case TENON_DTYPE_INT << 8 | 32:
      return as(std::int32_t{});
    case TENON_DTYPE_INT << 8 | 64:
      return as(std::int64_t{});
    case TENON_DTYPE_UINT << 8 | 8:
      return as(std::uint8_t{});
    case TENON_DTYPE_BOOL << 8 | 8:
      return as(Bool{});
    default:
      throw AbiError(TENON_E_UNSUPPORTED, "tensors of this type cannot be computed with");
  }
}

std::uint64_t checked_count(const tenon_tensor_view& v) {
  if (v.device.type != TENON_DEVICE_CPU) throw AbiError(TENON_E_UNSUPPORTED, "the tensor is not in main memory");
  std::int64_t stride = 1;
  for (std::int32_t i = v.ndim; i-- > 0; stride *= v.shape[i])
    if (v.shape[i] != 1 && v.strides[i] != stride)
      throw AbiError(TENON_E_UNSUPPORTED, "the tensor does not lie row by row in memory");
  return element_count(v);
}

std::uint64_t checked_count(const tenon_tensor_view& to, const tenon_tensor_view& from) {
  checked_count(from);
  const std::uint64_t n = checked_count(to);
  if (to.ndim != from.ndim || !std::equal(to.shape, to.shape + to.ndim, from.shape))
    throw AbiError(TENON_E_INVALID_ARGUMENT, "the tensors to compute between differ in shape");
  return n;
}

/// to = body(to, from, number), for each of them, in float where both are of floats.
template <class Body>
void combine(const tenon_tensor_view& to, const tenon_tensor_view& from, double number, const Body& body) {
  const std::uint64_t n = checked_count(to, from);
  with_type(to, [&]<class To>(To* out) {
    with_type(from, [&]<class From>(const From* in) {
      constexpr bool narrow =
          std::is_same_v<decltype(read(out[0])), float> && std::is_same_v<decltype(read(in[0])), float>;
      using Number = std::conditional_t<narrow, float, double>;
      const auto by = static_cast<Number>(number);
      for (std::uint64_t i = 0; i < n; ++i)
        out[i] = write<To>(body(static_cast<Number>(read(out[i])), static_cast<Number>(read(in[i])), by));
    });
  });
}

}  // namespace

void copy_numbers(const tenon_tensor_view& to, const tenon_tensor_view& from) {
  const std::uint64_t n = checked_count(to, from);
  if (to.dtype.code == from.dtype.code && to.dtype.bits == from.dtype.bits) {
    if (n)
      std::memcpy(static_cast<char*>(to.data) + to.byte_offset, static_cast<char*>(from.data) + from.byte_offset,
                  n * (to.dtype.bits / 8u));
    return;
  }
  with_type(to, [&]<class To>(To* out) {
    with_type(from, [&]<class From>(const From* in) {
      for (std::uint64_t i = 0; i < n; ++i) out[i] = write<To>(read(in[i]));
    });
  });
}

void scale_numbers(const tenon_tensor_view& to, double factor) {
  const std::uint64_t n = checked_count(to);
  with_type(to, [&]<class T>(T* data) {
    for (std::uint64_t i = 0; i < n; ++i) data[i] = write<T>(static_cast<double>(read(data[i])) * factor);
  });
}

void lerp_numbers(const tenon_tensor_view& to, const tenon_tensor_view& from, double weight) {
  combine(to, from, weight, [](auto a, auto b, auto w) { return a + w * (b - a); });
}

void add_numbers(const tenon_tensor_view& to, const tenon_tensor_view& from, double factor) {
  combine(to, from, factor, [](auto a, auto b, auto f) { return a + f * b; });
}

void read_numbers(const tenon_tensor_view& from, double* out) {
  const std::uint64_t n = checked_count(from);
  with_type(from, [&]<class T>(const T* in) {
    for (std::uint64_t i = 0; i < n; ++i) out[i] = static_cast<double>(read(in[i]));
  });
}

}  // namespace tenon::loop
