// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// An exception as a request's outcome: a status and a text for the callback that asked.
#ifndef TENON_LOOP_WHAT_FAILED_HPP
#define TENON_LOOP_WHAT_FAILED_HPP

#include <tenon/base.h>

#include <string>

namespace tenon::loop {

struct Failed {
  tenon_status status;
  std::string reason;
};

/// Within a handler only: what is told of the exception under way to those whose request it ends.
Failed what_failed();

}  // namespace tenon::loop

#endif
