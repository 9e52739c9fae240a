// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// How values stand in messages.
#ifndef TENON_MANIFEST_JSON_TEXT_HPP
#define TENON_MANIFEST_JSON_TEXT_HPP

#include <boost/json/value.hpp>
#include <string>

#include "tenon/json_text.hpp"

namespace tenon::manifest {

using tenon::json_text;

/// For messages: the value itself where it is short, else what it is ("a list of 12").
std::string brief(const boost::json::value& value);

}  // namespace tenon::manifest

#endif
