// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What a library says of itself in its identity section.
#ifndef TENON_CHAIN_IDENTITY_HPP
#define TENON_CHAIN_IDENTITY_HPP

#include <tenon/plugin.h>

#include <boost/json/value.hpp>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::chain {

/// One kind of callback.
struct Kind {
  std::string id, name, version, description, license;
  boost::json::value options_schema;  ///< an object
  std::uint32_t abi_required = 0;     ///< of the library: the oldest host that will do; 0 where it is not known
};

/// Throws std::runtime_error whose what() completes "<file> ...".
std::vector<Kind> parse_identity(std::string_view json);

/// The kinds of a plugin's file. Throws std::runtime_error as above (NotALibrary among them). [any-thread]
std::vector<Kind> read_identity(const std::filesystem::path& file);

/// What a descriptor says of itself, as far as it goes; one without a schema takes no options. Throws
/// std::runtime_error whose what() completes "<callback> ...".
Kind kind_of(const tenon_descriptor& descriptor);

/// Where identity and descriptor differ: "the version is '1.2' in its identity and '1.3' in its entry"; else empty.
std::string difference(const Kind& kind, const tenon_descriptor& descriptor);

}  // namespace tenon::chain

#endif
