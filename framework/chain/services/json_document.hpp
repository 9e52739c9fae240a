// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What stands behind options/1's opaque tenon_json.
#ifndef TENON_CHAIN_SERVICES_JSON_DOCUMENT_HPP
#define TENON_CHAIN_SERVICES_JSON_DOCUMENT_HPP

#include <tenon/services/options.h>

#include <boost/json/value.hpp>
#include <mutex>
#include <set>
#include <string>

/// A document and the texts that were handed out of it. Immutable but for those. [any-thread]
struct tenon_json {
  const boost::json::value value;
  const std::string where;  ///< before the pointer in messages: "run.json:12 /callbacks/2/config", or ""
  mutable std::mutex lock;
  mutable std::set<std::string> texts;
};

#endif
