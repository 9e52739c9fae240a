// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// JSON that comes back exactly as it was: the same value gives the same bytes, and every finite double returns bit for
// bit (Boost.JSON 1.81's own parser may be one unit in the last place off).
#ifndef TENON_CHECKPOINT_JSON_HPP
#define TENON_CHECKPOINT_JSON_HPP

#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <string_view>

namespace tenon::checkpoint {

/// Arrays and objects may be nested this deep.
inline constexpr std::size_t deepest_json = 64;

/// Appends a text with quotes and escapes, as the reference writer of safetensors has them.
void append_quoted(std::string& to, std::string_view text);

/// Keys in byte order, no spaces but line breaks and indentation in the outer three levels, doubles in their shortest
/// exact form and never without '.' or exponent, non-finite ones as the texts "nan", "inf", "-inf".
/// Throws std::invalid_argument with a JSON pointer for a text that is not UTF-8 and for nesting above deepest_json.
std::string canonical_json(const boost::json::object& object);

/// Strict JSON, one value, at most deepest_json deep. Throws std::invalid_argument.
boost::json::value parse_exactly(std::string_view text);

}  // namespace tenon::checkpoint

#endif
