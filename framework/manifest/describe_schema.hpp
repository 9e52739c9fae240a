// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A JSON Schema in words, for "expected ..." and for the option tables of `tenon plugins show`.
#ifndef TENON_MANIFEST_DESCRIBE_SCHEMA_HPP
#define TENON_MANIFEST_DESCRIBE_SCHEMA_HPP

#include <boost/json/value.hpp>
#include <string>
#include <vector>

namespace tenon::manifest {

/// "a whole number of at least 1", "\"min\" or \"max\"", "a list (each: text)". Empty where any value will do.
std::string describe_schema(const boost::json::value& schema, const boost::json::value& root);

/// "a", "a or b", "a, b or c".
std::string join_alternatives(const std::vector<std::string>& parts);

}  // namespace tenon::manifest

#endif
