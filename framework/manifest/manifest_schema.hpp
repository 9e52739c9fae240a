// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_MANIFEST_MANIFEST_SCHEMA_HPP
#define TENON_MANIFEST_MANIFEST_SCHEMA_HPP

#include <boost/json/value.hpp>
#include <string_view>

namespace tenon::manifest {

/// The JSON Schema (draft 7) of a manifest: the one place where its keys, defaults and descriptions stand.
const boost::json::value& manifest_schema();

/// Its text, as `tenon manifest schema` prints it.
std::string_view manifest_schema_text();

/// Why a key that somebody may well try is not in the schema: options of later versions, other trainers' spellings.
/// `pointer` is the key's place. Empty where there is nothing to say.
std::string_view answer_to_key(std::string_view pointer);

}  // namespace tenon::manifest

#endif
