// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_MANIFEST_SCHEMA_KEYWORDS_HPP
#define TENON_MANIFEST_SCHEMA_KEYWORDS_HPP

#include <boost/json/value.hpp>

namespace tenon::manifest {

/// Throws SchemaError where a schema says that it is of another draft than 7, or uses a keyword of a later one, which
/// valijson would pass over in silence.
void require_draft_7(const boost::json::value& schema);

/// Throws SchemaError where a schema leads back to itself for one and the same value: judging that would never end.
void require_end(const boost::json::value& schema);

}  // namespace tenon::manifest

#endif
