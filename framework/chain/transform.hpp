// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A transform of weights that a callback offers; the loop runs it on snapshots.
#ifndef TENON_CHAIN_TRANSFORM_HPP
#define TENON_CHAIN_TRANSFORM_HPP

#include <tenon/services/transforms.h>

#include <boost/json/value.hpp>
#include <string>

namespace tenon::chain {

class Callback;

struct Transform {
  Callback* owner;
  std::string name;                   ///< without the owner's id
  tenon_transform table;              ///< as far as this host knows it
  boost::json::value options_schema;  ///< null: a use takes no options
};

/// "<callback id>/<name>"
std::string qualified_name(const Transform& transform);

}  // namespace tenon::chain

#endif
