// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Crossing the C ABI: texts, errors, the exception barrier, and structs that may be shorter or longer than ours.
#ifndef TENON_CHAIN_ABI_HPP
#define TENON_CHAIN_ABI_HPP

#include <tenon/base.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace tenon::chain {

constexpr tenon_text to_text(std::string_view s) noexcept { return {s.data(), s.size()}; }
constexpr std::string_view from_text(tenon_text t) noexcept {
  return t.size ? std::string_view(t.data, static_cast<std::size_t>(t.size)) : std::string_view();
}

/// Thrown by the host's own code where a service call fails; the barrier turns it into a status and a text.
class AbiError : public std::runtime_error {
 public:
  AbiError(tenon_status status, const std::string& what) : std::runtime_error(what), status_(status) {}
  tenon_status status() const noexcept { return status_; }

 private:
  tenon_status status_;
};

/// Fills `error` (which may be NULL or shorter than ours), cut at a character's border; answers `code`.
tenon_status fail(tenon_error* error, tenon_status code, std::string_view text) noexcept;

/// What a plugin wrote into `error`, as far as it can be believed; a sentence of our own where it wrote nothing.
std::string_view reason_of(const tenon_error& error) noexcept;

/// "1.0" for TENON_ABI_MAKE(1, 0).
std::string version_text(std::uint32_t abi_version);

/// An error struct to hand to a plugin; its text is not cleared, only ended.
inline void clear(tenon_error& error) noexcept {
  error.struct_size = sizeof error;
  error.code = TENON_OK;
  error.text_size = 0;
  error.text[0] = '\0';
}

/// The barrier on the host's side: whatever `body` throws becomes a status.
template <class Body>
tenon_status guard(tenon_error* error, Body&& body) noexcept {
  try {
    body();
    return TENON_OK;
  } catch (const AbiError& x) {
    return fail(error, x.status(), x.what());
  } catch (const std::bad_alloc&) {
    return fail(error, TENON_E_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& x) {
    return fail(error, TENON_E_FAILED, x.what());
  } catch (...) {
    return fail(error, TENON_E_EXCEPTION, "the host threw something that is not a std::exception");
  }
}

/// A plugin's struct as ours: what it does not know is zero, what we do not know is dropped.
template <class Struct>
Struct read_sized(const Struct* theirs) {
  if (theirs == nullptr || theirs->struct_size < sizeof(std::uint32_t))
    throw AbiError(TENON_E_INVALID_ARGUMENT, "a struct is missing or its struct_size is not set");
  Struct ours;
  std::memset(static_cast<void*>(&ours), 0, sizeof ours);
  std::memcpy(static_cast<void*>(&ours), theirs, std::min<std::size_t>(theirs->struct_size, sizeof ours));
  ours.struct_size = std::min<std::uint32_t>(theirs->struct_size, sizeof ours);
  return ours;
}

/// Fills as much of a plugin's struct as its struct_size says.
template <class Struct>
void fill_sized(Struct* theirs, const Struct& ours) {
  if (theirs == nullptr || theirs->struct_size < sizeof(std::uint32_t))
    throw AbiError(TENON_E_INVALID_ARGUMENT, "an out struct is missing or its struct_size is not set");
  const std::uint32_t size = theirs->struct_size;
  std::memcpy(static_cast<void*>(theirs), &ours, std::min<std::size_t>(size, sizeof ours));
  theirs->struct_size = size;
}

/// An array's stride as a plugin gives it: no element is shorter than it was in 1.0, `least`. Throws AbiError with
/// "<what> is 16, less than a <element> has".
void require_stride(std::uint64_t stride, std::size_t least, const char* what, const char* element);

}  // namespace tenon::chain

#endif
