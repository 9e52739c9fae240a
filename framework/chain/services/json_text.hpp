// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// JSON as people write it: Boost's serializer says 1.5E0 where this says 1.5.
#ifndef TENON_CHAIN_SERVICES_JSON_TEXT_HPP
#define TENON_CHAIN_SERVICES_JSON_TEXT_HPP

#include <boost/json/value.hpp>
#include <string>

namespace tenon::chain {

/// The shortest text that reads back as the same number; "nan", "inf" and "-inf" in quotes.
std::string json_number(double value);

/// Without white space; members in their order.
std::string json_text(const boost::json::value& value);

}  // namespace tenon::chain

#endif
