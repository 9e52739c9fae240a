// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// JSON as people read it: 0.5 stays 0.5 (Boost.JSON writes 5E-1), and 1.0 stays apart from 1.
#ifndef TENON_MANIFEST_JSON_TEXT_HPP
#define TENON_MANIFEST_JSON_TEXT_HPP

#include <boost/json/value.hpp>
#include <string>

namespace tenon::manifest {

/// One line of JSON that reads back as the same value. Non-finite numbers become the texts "nan", "inf", "-inf".
std::string json_text(const boost::json::value& value);

/// For messages: the value itself where it is short, else what it is ("a list of 12").
std::string brief(const boost::json::value& value);

}  // namespace tenon::manifest

#endif
