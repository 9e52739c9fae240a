// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/cpp/barrier.hpp - nothing that a plugin throws gets past this.
#ifndef TENON_CPP_BARRIER_HPP
#define TENON_CPP_BARRIER_HPP

#include <cstring>
#include <exception>
#include <new>
#include <type_traits>

#include "error.hpp"

namespace tenon::detail {

/// Fills *error, where there is one that is large enough, and answers `code`.
inline tenon_status fail(tenon_error* error, tenon_status code, std::string_view what) noexcept {
  if (!TENON_HAS(tenon_error, error, text)) return code;
  std::size_t size = std::min<std::size_t>(what.size(), TENON_ERROR_TEXT_CAPACITY - 1);
  if (size < what.size()) {
    while (size > 0 && (static_cast<unsigned char>(what[size]) & 0xC0u) == 0x80u) --size;  // not inside a character
  }
  if (size) std::memcpy(error->text, what.data(), size);
  error->text[size] = '\0';
  error->text_size = size;
  error->code = code;
  return code;
}

/// Runs `body`, which returns nothing or a Verdict, and turns its outcome into a status. Only a Verdict can deny: an
/// Error thrown with TENON_OK or TENON_DENY is a failure.
template <class Body>
tenon_status guard(tenon_error* error, Body&& body) noexcept {
  try {
    if constexpr (std::is_void_v<decltype(body())>) {
      body();
      return TENON_OK;
    } else {
      const Verdict verdict = body();
      return verdict.denied() ? fail(error, TENON_DENY, *verdict.denied()) : TENON_OK;
    }
  } catch (const Error& x) {
    return fail(error, x.status() < 0 ? x.status() : TENON_E_FAILED, x.what());
  } catch (const std::bad_alloc&) {
    return fail(error, TENON_E_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& x) {
    return fail(error, TENON_E_FAILED, x.what());
  } catch (...) {
    return fail(error, TENON_E_EXCEPTION, "something was thrown that is not a std::exception");
  }
}

}  // namespace tenon::detail

#endif
