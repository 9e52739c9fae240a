// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// From a validator's findings to messages with the cure.
#ifndef TENON_MANIFEST_COMPLAINTS_HPP
#define TENON_MANIFEST_COMPLAINTS_HPP

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "manifest/fit_schema.hpp"
#include "manifest/schema_place.hpp"

namespace tenon::manifest {

/// JSON pointer -> valijson's sentences about the value there, and about what holds it.
using Findings = std::map<std::string, std::vector<std::string>>;

/// One complaint for each key that the schema does not declare where it declares keys at all; one whose schema
/// declares nothing takes no keys.
void complain_of_unknown_keys(const boost::json::value& value, const SchemaPlace& place, std::string_view owner,
                              const std::string& pointer, std::vector<Complaint>& complaints);

/// One complaint for each innermost finding, and for each missing key. There is at least one afterwards.
void complain_of_findings(const boost::json::value& value, const boost::json::value& schema, const Findings& findings,
                          std::vector<Complaint>& complaints);

}  // namespace tenon::manifest

#endif
