// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_SAMPLE_ERROR_HPP
#define TENON_TORCH_SAMPLE_ERROR_HPP

#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string>
#include <utility>

#include "torch/error_text.hpp"

namespace tenon::torch_engine {

/// Data that cannot be had; the text says which sample it is about.
class SampleError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Examples that make no batch. Whoever collates knows their places in it; whoever called knows the samples.
class Mismatch : public std::runtime_error {
 public:
  /// "sample `place`: `has` sample 0 `other`"
  Mismatch(std::size_t place, std::string has, std::string other)
      : std::runtime_error("sample " + std::to_string(place) + " of the batch: " + has + "sample 0 of the batch" +
                           other + cure),
        place_(place),
        has_(std::move(has)),
        other_(std::move(other)) {}

  /// The same with the samples' own numbers; `number` is asked for those of two places.
  template <class Number>
  SampleError of_samples(const Number& number) const {
    return SampleError("sample " + std::to_string(number(place_)) + ": " + has_ + "sample " +
                       std::to_string(number(std::size_t{0})) + other_ + cure);
  }

 private:
  static constexpr const char* cure = ": make them alike in get(), or override collate()";

  std::size_t place_;
  std::string has_, other_;
};

/// Runs `body`; what it throws, and is no SampleError yet, is about `about()`, say "sample 7".
template <class About, class Body>
auto naming_samples(const About& about, const Body& body) {
  try {
    return body();
  } catch (const SampleError&) {
    throw;
  } catch (const std::exception& error) {
    throw SampleError(about() + ": " + error_text(error));
  } catch (...) {
    throw SampleError(about() + ": something was thrown that is no std::exception");
  }
}

}  // namespace tenon::torch_engine

#endif
