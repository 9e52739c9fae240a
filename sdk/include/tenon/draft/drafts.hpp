// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/draft/drafts.hpp - the drafts for the C++17 wrapper. Not promised: names and meaning may still change.
#ifndef TENON_DRAFT_DRAFTS_HPP
#define TENON_DRAFT_DRAFTS_HPP

#include "../cpp/host.hpp"
#include "drafts.h"

namespace tenon {

namespace detail {

#define TENON_SERVICE_ID(type, name)           \
  template <>                                  \
  struct service_id<type> {                    \
    static constexpr const char* value = name; \
  };
TENON_SERVICE_ID(tenon_records, TENON_SERVICE_RECORDS)
TENON_SERVICE_ID(tenon_timing, TENON_SERVICE_TIMING)
#undef TENON_SERVICE_ID

}  // namespace detail

}  // namespace tenon

#endif
