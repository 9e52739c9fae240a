// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A JSON text with comments and trailing commas, and the line on which each of its values stands.
#ifndef TENON_MANIFEST_JSON_SOURCE_HPP
#define TENON_MANIFEST_JSON_SOURCE_HPP

#include <boost/json/value.hpp>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/failure.hpp"

namespace tenon::manifest {

/// The text is not JSON. `what()` is "run.json:5:13: ..." with the cure.
class SyntaxError : public Failure {
 public:
  explicit SyntaxError(const std::string& what) : Failure(ExitCode::manifest, what) {}
};

struct JsonSource {
  boost::json::value value;
  std::map<std::string, std::uint32_t, std::less<>>
      lines;  ///< JSON pointer -> line from 1; a member has its key's line
};

/// Parses a whole text; `name` stands at the head of every message. A key given twice in one object is refused
/// (Failure, ExitCode::manifest), whatever is not JSON otherwise is a SyntaxError. A byte order mark is ignored.
JsonSource parse_json(std::string_view text, std::string_view name);

/// One step of a JSON pointer: "/" and the key, with '~' and '/' escaped as RFC 6901 says.
std::string pointer_step(std::string_view key);

/// The keys of a JSON pointer, unescaped. A pointer that does not begin with '/' has none.
std::vector<std::string> pointer_keys(std::string_view pointer);

/// The value at `pointer`; nullptr when there is none.
const boost::json::value* find_value(const boost::json::value& root, std::string_view pointer) noexcept;

}  // namespace tenon::manifest

#endif
