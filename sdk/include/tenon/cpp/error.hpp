// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/cpp/error.hpp - text, failures and calls into the host.
#ifndef TENON_CPP_ERROR_HPP
#define TENON_CPP_ERROR_HPP

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "../base.h"

namespace tenon {

/// Borrows; the characters must outlive the use.
constexpr tenon_text text(std::string_view s) noexcept { return {s.data(), s.size()}; }
inline std::string_view view(tenon_text t) noexcept {
  return t.size ? std::string_view(t.data, static_cast<std::size_t>(t.size)) : std::string_view();
}

/// A zeroed struct of the ABI that knows its size.
template <class Struct>
constexpr Struct sized() noexcept {
  Struct s{};
  s.struct_size = sizeof s;
  return s;
}

/// Thrown by calls into the host, and by plugins that want to choose their status.
class Error : public std::runtime_error {
 public:
  Error(tenon_status status, const std::string& what) : std::runtime_error(what), status_(status) {}
  tenon_status status() const noexcept { return status_; }

 private:
  tenon_status status_;
};

/// Answer of a decide_* hook.
class Verdict {
 public:
  static Verdict allow() { return {}; }
  static Verdict deny(std::string reason) { return Verdict(std::move(reason)); }
  const std::optional<std::string>& denied() const noexcept { return reason_; }

 private:
  Verdict() = default;
  explicit Verdict(std::string reason) : reason_(std::move(reason)) {}
  std::optional<std::string> reason_;
};

namespace detail {

/// The caller's side of a call: room for the error's text, and the exception made of it.
class Failure {
 public:
  Failure() noexcept {
    error_.struct_size = sizeof error_;
    error_.code = TENON_OK;
    error_.text_size = 0;
    error_.text[0] = '\0';
  }
  tenon_error* slot() noexcept { return &error_; }
  [[noreturn]] void raise(tenon_status status) const {
    const auto size = std::min<std::uint64_t>(error_.text_size, TENON_ERROR_TEXT_CAPACITY - 1);
    if (size) throw Error(status, std::string(error_.text, static_cast<std::size_t>(size)));
    throw Error(status, "the host gave no reason (status " + std::to_string(status) + ")");
  }

 private:
  tenon_error error_;
};

}  // namespace detail

/// Calls a function of the host, adding the error argument, and throws Error when it fails.
template <class Function, class... Args>
void call(Function function, Args... args) {
  detail::Failure failure;
  const tenon_status status = function(args..., failure.slot());
  if (status != TENON_OK) failure.raise(status);
}

/// The same, for functions that may answer TENON_E_NOT_FOUND: false then.
template <class Function, class... Args>
bool found(Function function, Args... args) {
  detail::Failure failure;
  const tenon_status status = function(args..., failure.slot());
  if (status == TENON_E_NOT_FOUND) return false;
  if (status != TENON_OK) failure.raise(status);
  return true;
}

}  // namespace tenon

#endif
