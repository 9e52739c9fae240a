// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/cpp/identity.hpp - the identity text, made by the compiler from the same constants as the descriptor.
#ifndef TENON_CPP_IDENTITY_HPP
#define TENON_CPP_IDENTITY_HPP

#include <array>
#include <cstddef>

#include "adapter.hpp"

namespace tenon::detail {

struct CountingSink {
  std::size_t size = 0;
  constexpr void put(char) { ++size; }
};
template <std::size_t N>
struct ByteSink {
  std::array<char, N> bytes{};
  std::size_t size = 0;
  constexpr void put(char c) { bytes[size++] = c; }
};

template <class Sink>
constexpr void put(Sink& sink, const char* s) {
  for (; *s; ++s) sink.put(*s);
}
template <class Sink>
constexpr void put_text(Sink& sink, const char* s) {
  constexpr const char* digits = "0123456789abcdef";
  sink.put('"');
  for (; *s; ++s) {
    const auto c = static_cast<unsigned char>(*s);
    if (c < 0x20) {
      put(sink, "\\u00");
      sink.put(digits[c >> 4]);
      sink.put(digits[c & 15]);
      continue;
    }
    if (*s == '"' || *s == '\\') sink.put('\\');
    sink.put(*s);
  }
  sink.put('"');
}
template <class T, class Sink>
constexpr void put_kind(Sink& sink) {
  put(sink, "{\"id\":");
  put_text(sink, T::id);
  put(sink, ",\"name\":");
  put_text(sink, T::name);
  put(sink, ",\"version\":");
  put_text(sink, T::version);
  put(sink, ",\"description\":");
  put_text(sink, T::description);
  put(sink, ",\"license\":");
  put_text(sink, T::license);
  put(sink, ",\"options\":");
  put(sink, schema_of<T>());
  put(sink, "}");
}
template <class... T, class Sink>
constexpr void put_identity(Sink& sink) {
  put(sink, "{\"tenon_abi\":1,\"abi_minor\":" TENON_TEXT_OF(TENON_ABI_REQUIRED_MINOR) ",\"plugins\":[");
  bool first = true;
  ((put(sink, first ? "" : ","), put_kind<T>(sink), first = false), ...);
  put(sink, "]}");
}

/// Ended by a NUL.
template <class... T>
constexpr auto identity() {
  constexpr std::size_t size = [] {
    CountingSink sink;
    put_identity<T...>(sink);
    return sink.size;
  }();
  ByteSink<size + 1> sink;
  put_identity<T...>(sink);
  return sink.bytes;
}

}  // namespace tenon::detail

#endif
