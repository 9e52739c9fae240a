// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/cpp/state.hpp - a callback's saved state: numbers, bools, enums, texts, optionals and vectors of them, read
// back in the order written. Little-endian, the same bytes on every platform.
#ifndef TENON_CPP_STATE_HPP
#define TENON_CPP_STATE_HPP

#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "../plugin.h"
#include "error.hpp"

namespace tenon {

namespace detail {

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};

}  // namespace detail

class StateWriter {
 public:
  explicit StateWriter(const tenon_writer* writer) noexcept : writer_(writer) {}

  template <class T>
  StateWriter& put(const T& value) {
    if constexpr (std::is_enum_v<T>) {
      return put(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_floating_point_v<T>) {
      static_assert(sizeof(T) <= sizeof(double), "long double is not the same on every platform");
      const double number = value;
      std::uint64_t bits = 0;
      std::memcpy(&bits, &number, sizeof bits);
      return put_bits(bits);
    } else if constexpr (std::is_integral_v<T>) {
      return put_bits(static_cast<std::uint64_t>(value));
    } else if constexpr (detail::is_optional<T>::value) {
      put(value.has_value());
      return value ? put(*value) : *this;
    } else if constexpr (detail::is_vector<T>::value) {
      put_bits(value.size());
      for (const auto& element : value) put<typename T::value_type>(element);
      return *this;
    } else {
      const std::string_view characters(value);
      put_bits(characters.size());
      return put_bytes(characters.data(), characters.size());
    }
  }
  StateWriter& put_bytes(const void* data, std::uint64_t size) {
    if (size) call(writer_->write, writer_, data, size);
    return *this;
  }

 private:
  StateWriter& put_bits(std::uint64_t bits) {
    unsigned char bytes[8];
    for (unsigned char& byte : bytes) {
      byte = static_cast<unsigned char>(bits & 0xFFu);
      bits >>= 8;
    }
    return put_bytes(bytes, sizeof bytes);
  }
  const tenon_writer* writer_;
};

/// Throws when the state is too short, or holds a number that its type cannot. Read everything into locals first: after
/// a failed load() the callback must be as it was.
class StateReader {
 public:
  explicit StateReader(const tenon_reader* reader) noexcept : reader_(reader), left_(reader->size) {}

  template <class T>
  T get() {
    if constexpr (std::is_enum_v<T>) {
      return static_cast<T>(get<std::underlying_type_t<T>>());
    } else if constexpr (std::is_floating_point_v<T>) {
      const std::uint64_t bits = get_bits();
      double number = 0;
      std::memcpy(&number, &bits, sizeof number);
      return static_cast<T>(number);
    } else if constexpr (std::is_integral_v<T>) {
      const std::uint64_t bits = get_bits();
      const T value = static_cast<T>(bits);
      if (static_cast<std::uint64_t>(value) != bits) damaged("a number is out of range");
      return value;
    } else if constexpr (detail::is_optional<T>::value) {
      if (!get<bool>()) return std::nullopt;
      return get<typename T::value_type>();
    } else if constexpr (detail::is_vector<T>::value) {
      const std::uint64_t size = get_bits();
      if (size > left_ / 8) damaged("a list is longer than the rest");  // no element takes less than 8 bytes
      T out;
      out.reserve(static_cast<std::size_t>(size));
      for (std::uint64_t i = 0; i < size; ++i) out.push_back(get<typename T::value_type>());
      return out;
    } else {
      static_assert(std::is_same_v<T, std::string>,
                    "numbers, bools, enums, std::string, std::optional and std::vector");
      const std::uint64_t size = get_bits();
      if (size > left_) damaged("a text is longer than the rest");
      std::string out(static_cast<std::size_t>(size), '\0');
      get_bytes(out.data(), size);
      return out;
    }
  }
  void get_bytes(void* to, std::uint64_t size) {
    for (std::uint64_t done = 0; done < size;) {
      std::uint64_t got = 0;
      call(reader_->read, reader_, static_cast<void*>(static_cast<char*>(to) + done), size - done, &got);
      if (got == 0) damaged("it ends too early");
      done += got;
    }
    left_ -= size;
  }
  /// Bytes not read yet.
  std::uint64_t left() const noexcept { return left_; }

 private:
  [[noreturn]] static void damaged(const char* what) {
    throw Error(TENON_E_INVALID_ARGUMENT, std::string("saved state is damaged: ") + what);
  }
  std::uint64_t get_bits() {
    unsigned char bytes[8];
    get_bytes(bytes, sizeof bytes);
    std::uint64_t bits = 0;
    for (int i = 7; i >= 0; --i) bits = bits << 8 | bytes[i];
    return bits;
  }
  const tenon_reader* reader_;
  std::uint64_t left_;
};

}  // namespace tenon

#endif
