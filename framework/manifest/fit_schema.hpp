// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Fitting a value to a JSON Schema: defaults in, verdict by valijson, complaints that a person can act on.
#ifndef TENON_MANIFEST_FIT_SCHEMA_HPP
#define TENON_MANIFEST_FIT_SCHEMA_HPP

#include <boost/json/value.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::manifest {

/// The schema itself is wrong: not draft 7, a keyword that valijson would ignore, a reference that leads nowhere.
class SchemaError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Complaint {
  std::string pointer;  ///< from the value that was fitted
  std::string text;     ///< what was expected, what was there, the cure
};

/// What `null` means where the schema declares the key.
enum class Null {
  is_default,    ///< always "the default", as DESIGN 4's rule 16 has it for options
  may_be_meant,  ///< the same, but kept where the schema allows null
};

/// Fills the defaults into `value` (in objects that are there or have a default, and in the entries of lists), drops
/// nulls as `null` says, and answers every complaint. `owner` names whose schema it is in messages about unknown keys
/// ("plugin 'checkpoint'"); may be empty. A null schema takes no keys. Throws SchemaError.
std::vector<Complaint> fit_schema(boost::json::value& value, const boost::json::value& schema, std::string_view owner,
                                  Null null);

}  // namespace tenon::manifest

#endif
