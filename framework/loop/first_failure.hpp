// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// For work of which every part must be done whatever fails: the first failure is thrown when all of it is over.
#ifndef TENON_LOOP_FIRST_FAILURE_HPP
#define TENON_LOOP_FIRST_FAILURE_HPP

#include <exception>

#include "chain/log.hpp"

namespace tenon::loop {

class FirstFailure {
 public:
  /// Within a handler: keeps what is under way, or logs it when an earlier one is kept, since only one can be thrown.
  void keep() {
    if (!first_) {
      first_ = std::current_exception();
      return;
    }
    try {
      throw;
    } catch (const std::exception& error) {
      chain::log(TENON_LOG_ERROR, {}, error.what());
    } catch (...) {
      chain::log(TENON_LOG_ERROR, {}, "something was thrown that says nothing about itself");
    }
  }
  template <class Body>
  void go_on(Body&& body) {
    try {
      body();
    } catch (...) {
      keep();
    }
  }
  void rethrow() const {
    if (first_) std::rethrow_exception(first_);
  }

 private:
  std::exception_ptr first_;
};

}  // namespace tenon::loop

#endif
